"""Business calendars as administrators change them, and try them out before they count."""

from datetime import datetime
from typing import Any

import msgspec

from hub.accounts.identity import Identity
from hub.audit import Audit
from hub.routing.calendars import DayKind, knows_holidays
from hub.setup.calendars import Situation, read_calendar, situation
from hub.setup.slugs import check_slug
from hub.store.models import Calendar
from hub.units import Units


class CalendarView(msgspec.Struct, frozen=True, kw_only=True):
    """A calendar as administrators see it."""

    calendar_id: str
    title: dict[str, str]
    rules: dict[str, Any]  # CalendarSettings


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """What a calendar says of one moment."""

    situation: Situation
    day: DayKind
    next_opening: datetime | None
    next_closing: datetime | None
    knows_holidays: bool  # of that year; if not, its weekends and weekdays are taken as they fall


class CalendarEditor:
    """What administrators do to calendars."""

    def __init__(self, units: Units, audit: Audit) -> None:
        self._units = units
        self._audit = audit

    async def all(self) -> list[CalendarView]:
        """Return every calendar."""
        rows = await Calendar.all().order_by("calendar_id")
        return [CalendarView(calendar_id=row.calendar_id, title=row.title, rules=row.rules) for row in rows]

    async def save(
        self, identity: Identity, calendar_id: str, title: dict[str, str], rules: dict[str, Any], *, remote: str = ""
    ) -> CalendarView:
        """Make or change a calendar; flows go by it at once. ConfigInvalid names what is wrong."""
        check_slug("calendar_id", calendar_id)
        read_calendar(rules)
        async with self._units.open():
            await Calendar.update_or_create({"title": title, "rules": rules}, calendar_id=calendar_id)
            await self._audit.record(identity, "calendar.save", "calendar", calendar_id, remote=remote)
        return CalendarView(calendar_id=calendar_id, title=title, rules=rules)

    def try_out(self, rules: dict[str, Any], at: datetime) -> Trial:
        """Return what ``rules`` say of ``at``, whether they are saved or not."""
        calendar = read_calendar(rules)
        day = calendar.local_day(at)
        return Trial(
            situation=situation(calendar, at),
            day=calendar.kind(day),
            next_opening=calendar.next_opening(at),
            next_closing=calendar.next_closing(at),
            knows_holidays=knows_holidays(day.year),
        )
