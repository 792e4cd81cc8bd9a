"""Business calendars as operators keep them, read for flows and queues."""

import logging
from datetime import date, datetime, time, timedelta
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from msgspec import Meta

from core.config import Settings, decode_settings
from core.errors import ConfigInvalid, LianxinError
from hub.routing.calendars import Calendar, Span
from hub.store.models import Calendar as CalendarRow

log = logging.getLogger(__name__)

Clock = Annotated[str, Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d$|^24:00$")]
Spans = tuple[tuple[Clock, Clock], ...]
Situation = Literal["open", "closed", "holiday"]


class CalendarSettings(Settings, frozen=True, kw_only=True):
    """Opening hours by weekday (0 is Monday); ``dates`` replace everything else on their day."""

    timezone: str = "Asia/Shanghai"
    weekly: dict[Literal["0", "1", "2", "3", "4", "5", "6"], Spans] = {}
    follows_holidays: bool = True
    holiday_spans: Spans = ()
    make_up_spans: Spans = ()
    dates: dict[date, Spans] = {}

    def calendar(self) -> Calendar:
        """Return these settings as routing reads them; LianxinError or ValueError when hours make no sense."""
        ZoneInfo(self.timezone)
        return Calendar(
            weekly={int(day): _spans(spans) for day, spans in self.weekly.items()},
            timezone=self.timezone,
            follows_holidays=self.follows_holidays,
            holiday_spans=_spans(self.holiday_spans),
            make_up_spans=_spans(self.make_up_spans),
            dates={day: _spans(spans) for day, spans in self.dates.items()},
        )


def read_calendar(rules: dict[str, Any]) -> Calendar:
    """Return stored or sent ``rules`` as a calendar; ConfigInvalid names what is wrong."""
    settings = decode_settings(CalendarSettings, rules)
    try:
        return settings.calendar()
    except (LianxinError, ValueError, KeyError) as error:
        raise ConfigInvalid({"": str(error)}) from error


class Calendars:
    """Answers whether it is a time of business."""

    async def situation(self, calendar_id: str, now: datetime) -> Situation:
        """Return what a calendar says of ``now``; one that is missing or broken counts as open: nobody is sent away."""
        calendar = await _kept(calendar_id)
        return "open" if calendar is None else situation(calendar, now)


async def open_for(calendar_id: str, at: datetime, length: timedelta) -> datetime:
    """Return when a calendar will have been open for ``length`` since ``at``; without one that is all the time."""
    calendar = await _kept(calendar_id) if calendar_id else None
    end = None if calendar is None else calendar.after(at, length)
    return at + length if end is None else end


async def _kept(calendar_id: str) -> Calendar | None:
    """Return a calendar; None for one that is missing or broken, which counts as open."""
    row = await CalendarRow.get_or_none(calendar_id=calendar_id)
    try:
        calendar = read_calendar(row.rules) if row else None
    except ConfigInvalid as error:
        log.error("calendar %s cannot be read: %s", calendar_id, error)
        calendar = None
    if calendar is None:
        log.error("calendar %s counts as open", calendar_id)
    return calendar


def situation(calendar: Calendar, at: datetime) -> Situation:
    """Return what ``calendar`` says of ``at``, an aware time."""
    if calendar.is_open(at):
        return "open"
    return "holiday" if calendar.kind(calendar.local_day(at)) == "holiday" else "closed"


def _spans(spans: Spans) -> tuple[Span, ...]:
    return tuple(Span(_time(start), _time(end)) for start, end in spans)


def _time(text: str) -> time:
    return time(0, 0) if text == "24:00" else time.fromisoformat(text)
