"""Whole days of the hub's time zone as a stretch of time."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from hub.errors import ApiError

FIRST_YEAR: Final = 2000
LAST_YEAR: Final = 2999


def check_days(first: date, last: date, *, most: int) -> int:
    """Return how many days these are; 422 for none, more than ``most``, or years that nobody asks for."""
    days = (last - first).days + 1
    if not 0 < days <= most or first.year < FIRST_YEAR or last.year > LAST_YEAR:
        raise ApiError(422, "invalid", "no such time", fields={"end": f"1 to {most} days from the first"})
    return days


def check_span(begin: datetime, end: datetime) -> None:
    """Refuse a time that is over before it begins, or years that nobody asks for, with 422."""
    if end < begin or begin.year < FIRST_YEAR or end.year > LAST_YEAR:
        raise ApiError(422, "invalid", "no such time", fields={"end": "not before the beginning"})


def days_between(first: date, last: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Return when the day ``first`` begins and when ``last`` is over."""
    begin, end = (datetime.combine(day, time(0), zone).astimezone(UTC) for day in (first, last + timedelta(days=1)))
    return begin, end
