"""When a service is open: weekly hours, public holidays with their make-up working days, and own dates.

Chinese public holidays come from the State Council's yearly notice, as kept by the chinesecalendar package; for years
it does not know (``knows_holidays`` says so) weekends and weekdays are taken as they fall.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, Literal
from zoneinfo import ZoneInfo

import chinese_calendar  # type: ignore[import-untyped]

from hub.routing.errors import RoutingRefused

SEARCH_DAYS: Final = 400  # the next opening is looked for this far ahead
MIDNIGHT: Final = time(0, 0)

DayKind = Literal["normal", "holiday", "make_up", "own"]


@dataclass(frozen=True, slots=True)
class Span:
    """Open from ``start`` to before ``end``; an end of midnight is that of the day's end."""

    start: time
    end: time

    def __post_init__(self) -> None:
        if self.end not in (MIDNIGHT,) and self.end <= self.start:
            raise RoutingRefused("invalid_value", field="end", value=f"{self.start:%H:%M}-{self.end:%H:%M}")


@dataclass(frozen=True, slots=True)
class Calendar:
    """Opening hours in ``timezone``.

    ``weekly`` maps a weekday (0 is Monday) to its spans. Own ``dates`` replace everything else on their day; no spans
    close it. With ``follows_holidays`` a public holiday is closed, or has ``holiday_spans``, and a make-up working day
    at a weekend has ``make_up_spans``, or, without any, those of Monday.
    """

    weekly: Mapping[int, tuple[Span, ...]]
    timezone: str = "Asia/Shanghai"
    follows_holidays: bool = True
    holiday_spans: tuple[Span, ...] = ()
    make_up_spans: tuple[Span, ...] = ()
    dates: Mapping[date, tuple[Span, ...]] = field(default_factory=dict)

    def is_open(self, at: datetime) -> bool:
        """Say whether it is open at ``at``, an aware time."""
        local = at.astimezone(ZoneInfo(self.timezone))
        return any(
            span.start <= local.time() and (span.end == MIDNIGHT or local.time() < span.end)
            for span in self.spans(local.date())
        )

    def next_opening(self, at: datetime) -> datetime | None:
        """Return when it opens next, in UTC: ``at`` itself when open; None when not within ``SEARCH_DAYS``."""
        if self.is_open(at):
            return at.astimezone(UTC)
        return next((start for start, _ in self._periods(at) if start > at), None)

    def next_closing(self, at: datetime) -> datetime | None:
        """Return when it closes next, in UTC: ``at`` itself when closed; None when not within ``SEARCH_DAYS``."""
        if not self.is_open(at):
            return at.astimezone(UTC)
        closing: datetime | None = None
        for start, end in self._periods(at):
            if closing is not None and start > closing:  # a gap: spans that touch are one
                return closing
            if end > at:
                closing = end
        return None

    def after(self, at: datetime, length: timedelta) -> datetime | None:
        """Return when it will have been open for ``length`` since ``at``, in UTC; None when not in ``SEARCH_DAYS``."""
        left, counted_to = length, at.astimezone(UTC)
        for start, end in self._periods(at):
            start = max(start, counted_to)  # noqa: PLW2901 - what was open before, or counts already, is no time
            if end <= start:
                continue
            if end - start >= left:
                return start + left
            left -= end - start
            counted_to = end
        return None

    def local_day(self, at: datetime) -> date:
        """Return the day it is in ``timezone`` at ``at``, an aware time."""
        return at.astimezone(ZoneInfo(self.timezone)).date()

    def kind(self, day: date) -> DayKind:
        """Return what makes ``day`` special."""
        if day in self.dates:
            return "own"
        if not self.follows_holidays or not knows_holidays(day.year):
            return "normal"
        is_workday = chinese_calendar.is_workday(day)
        if is_workday and day.weekday() >= 5:
            return "make_up"
        if not is_workday and (day.weekday() < 5 or chinese_calendar.get_holiday_detail(day)[1] is not None):
            return "holiday"
        return "normal"

    def spans(self, day: date) -> tuple[Span, ...]:
        """Return the opening hours of ``day``."""
        kind = self.kind(day)
        if kind == "own":
            return self.dates[day]
        if kind == "holiday":
            return self.holiday_spans
        if kind == "make_up":
            return self.make_up_spans or self.weekly.get(0, ())
        return self.weekly.get(day.weekday(), ())

    def _periods(self, at: datetime) -> Iterator[tuple[datetime, datetime]]:
        zone = ZoneInfo(self.timezone)
        first = at.astimezone(zone).date()
        for ahead in range(SEARCH_DAYS):
            day = first + timedelta(days=ahead)
            for span in sorted(self.spans(day), key=lambda span: span.start):
                end_day = day + timedelta(days=1) if span.end == MIDNIGHT else day
                yield (
                    datetime.combine(day, span.start, zone).astimezone(UTC),
                    datetime.combine(end_day, span.end, zone).astimezone(UTC),
                )


def knows_holidays(year: int) -> bool:
    """Say whether the public holidays of ``year`` are known; the notice for a year comes in the autumn before."""
    return _FIRST_YEAR <= year <= _LAST_YEAR


_FIRST_YEAR: Final[int] = min(chinese_calendar.constants.holidays).year
_LAST_YEAR: Final[int] = max(chinese_calendar.constants.holidays).year
