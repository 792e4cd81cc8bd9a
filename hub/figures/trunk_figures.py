"""Adds up what trunks carried in a time, and when they were down; pure."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import msgspec


@dataclass(frozen=True, slots=True)
class TrunkCall:
    """One leg of a call that occupied a trunk; ``ended_at`` None: it still does."""

    is_out: bool
    started_at: datetime
    answered_at: datetime | None
    ended_at: datetime | None
    cause: str


@dataclass(frozen=True, slots=True)
class Turn:
    """A trunk came up or went down."""

    at: datetime
    is_up: bool


class TrunkFigures(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one trunk carried in a time.

    ``incoming`` + ``outgoing`` = ``answered`` + the sum of ``unanswered`` (by cause) + those that still ring. ``most``
    is how many calls it carried at once, at most; ``loads`` the same of each step of the time. It went down ``downs``
    times and was down for ``down_s``; ``is_up`` and ``since`` are its state at the end, ``max_calls`` its limit.
    """

    instance: str
    trunk: str
    is_up: bool | None = None
    since: datetime | None = None
    max_calls: int = 0
    incoming: int = 0
    outgoing: int = 0
    answered: int = 0
    unanswered: dict[str, int] = {}
    busy_s: float = 0.0
    most: int = 0
    downs: int = 0
    down_s: float = 0.0
    loads: list[int] = []


@dataclass(slots=True)
class TrunkTally:
    """Everything of one trunk that lies in a time; calls that began before it count as load only."""

    calls: list[TrunkCall] = field(default_factory=list)
    turns: list[Turn] = field(default_factory=list)  # in order, with the last one before the time

    def view(
        self, instance: str, trunk: str, steps: Sequence[datetime], end: datetime, *, max_calls: int
    ) -> TrunkFigures:
        """Return the sums from the first of ``steps`` to ``end``, which is not after now."""
        begin = steps[0]
        begun = [call for call in self.calls if call.started_at >= begin]
        loads = peaks([(call.started_at, call.ended_at or end) for call in self.calls], steps, end)
        unanswered = Counter(call.cause for call in begun if call.answered_at is None and call.ended_at is not None)
        last = self.turns[-1] if self.turns else None
        return TrunkFigures(
            instance=instance,
            trunk=trunk,
            is_up=None if last is None else last.is_up,
            since=None if last is None else last.at,
            max_calls=max_calls,
            incoming=sum(not call.is_out for call in begun),
            outgoing=sum(call.is_out for call in begun),
            answered=sum(call.answered_at is not None for call in begun),
            unanswered=dict(sorted(unanswered.items())),
            busy_s=round(sum(_overlap_s(call.started_at, call.ended_at or end, begin, end) for call in self.calls), 1),
            most=max(loads),
            downs=sum(not turn.is_up and begin <= turn.at < end for turn in self.turns),
            down_s=round(self._down_s(begin, end), 1),
            loads=loads,
        )

    def _down_s(self, begin: datetime, end: datetime) -> float:
        until = [*(turn.at for turn in self.turns), end][1:]
        return sum(
            _overlap_s(turn.at, over_at, begin, end)
            for turn, over_at in zip(self.turns, until, strict=True)
            if not turn.is_up
        )


def peaks(spans: Iterable[tuple[datetime, datetime]], steps: Sequence[datetime], end: datetime) -> list[int]:
    """Return how many spans lie over each other at most in each step; the last one goes to ``end``.

    One that ends in the moment in which another begins makes room for it.
    """
    edges = sorted(edge for begin, over in spans if begin < over for edge in ((begin, 1), (over, -1)))
    found, load, place = [], 0, 0
    for step, after in zip(steps, [*steps[1:], end], strict=True):
        while place < len(edges) and edges[place][0] <= step:
            load += edges[place][1]
            place += 1
        most = load
        while place < len(edges) and edges[place][0] < after:
            load += edges[place][1]
            most = max(most, load)
            place += 1
        found.append(most)
    return found


def _overlap_s(begin: datetime, end: datetime, first: datetime, last: datetime) -> float:
    return max(0.0, (min(end, last) - max(begin, first)).total_seconds())
