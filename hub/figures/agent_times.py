"""How long agents were at work and what they did meanwhile, cut at the borders of periods; pure."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

import msgspec

from hub.quality.results import first_day

Step = Literal["hour", "day", "week", "month"]


class AgentTimesView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Seconds at work, and the parts that add up to them; ``away`` by reason, ``busy`` is without anything in hand.

    ``occupancy`` is the share of the time at work that was service or wrap-up.
    """

    logged_in_s: float
    available_s: float = 0.0
    serving_s: float = 0.0
    wrap_up_s: float = 0.0
    busy_s: float = 0.0
    away_s: float = 0.0
    away: dict[str, float] = {}
    occupancy: float | None = None


@dataclass(slots=True)
class AgentTimes:
    """Seconds by activity, and of ``away`` by reason."""

    seconds: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    away: dict[str, float] = field(default_factory=lambda: defaultdict(float))

    def count(self, activity: str, reason: str, seconds: float) -> None:
        """Put in a stretch, or the piece of one."""
        self.seconds[activity] += seconds
        if activity == "away":
            self.away[reason] += seconds

    def view(self) -> AgentTimesView:
        """Return the sums for people."""
        parts = {f"{activity}_s": round(seconds, 1) for activity, seconds in self.seconds.items()}
        all_s = sum(self.seconds.values())
        worked_s = self.seconds["serving"] + self.seconds["wrap_up"]
        return AgentTimesView(
            logged_in_s=round(sum(parts.values()), 1),
            away={reason: round(seconds, 1) for reason, seconds in sorted(self.away.items())},
            occupancy=round(worked_s / all_s, 4) if all_s else None,
            **parts,
        )


class Periods:
    """The hours, days, weeks or months of some days of a time zone; the first and the last may be a part of one."""

    def __init__(self, first: date, last: date, per: Step, zone: ZoneInfo) -> None:
        self.begin, self.end = (
            datetime.combine(day, time(0), zone).astimezone(UTC) for day in (first, last + timedelta(days=1))
        )
        self.names: list[str] = []
        self._begins: list[datetime] = []
        for at in _hours(self.begin, self.end) if per == "hour" else _days(first, last, zone):
            name = period_of(at.astimezone(zone), per)
            if not self.names or self.names[-1] != name:
                self.names.append(name)
                self._begins.append(at)

    def cut(self, begin: datetime, end: datetime) -> Iterator[tuple[str, float]]:
        """Yield the periods that a stretch reaches into, with how many seconds of it are in each."""
        begin, end = max(begin, self.begin), min(end, self.end)
        place = bisect_right(self._begins, begin) - 1
        while begin < end:
            border = self._begins[place + 1] if place + 1 < len(self._begins) else self.end
            until = min(border, end)
            yield self.names[place], (until - begin).total_seconds()
            begin, place = until, place + 1


def period_of(local: datetime, per: Step) -> str:
    """Return the name of the period that ``local`` is in: its first day, or its hour such as ``2026-03-02T13``."""
    if per == "hour":
        return local.strftime("%Y-%m-%dT%H")
    return first_day(local.date(), per).isoformat()


def _hours(begin: datetime, end: datetime) -> Iterator[datetime]:
    while begin < end:
        yield begin
        begin += timedelta(hours=1)


def _days(first: date, last: date, zone: ZoneInfo) -> Sequence[datetime]:
    days = (first + timedelta(days=n) for n in range((last - first).days + 1))
    return [datetime.combine(day, time(0), zone).astimezone(UTC) for day in days]
