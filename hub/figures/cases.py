"""One conversation's stay in a queue, and sums over many of them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

import msgspec

SATISFIED: Final = 4  # of 5: a rating from here on counts as satisfied


@dataclass(slots=True)
class Case:
    """One claim on an agent; it counts for the queue it is in last.

    ``left_at``: it left the queue before anybody answered, because the citizen was gone or, with ``is_diverted``,
    because the queue's longest wait was over and other services were offered. ``served_at``: the last agent took it up.
    """

    work_id: str
    conversation_id: str
    queue_id: str
    channel: str
    offered_at: datetime
    is_message: bool = False  # left for later: nobody waits, so it says nothing about waiting
    answered_at: datetime | None = None
    left_at: datetime | None = None
    is_diverted: bool = False
    agent_id: str | None = None
    served_at: datetime | None = None
    ended_at: datetime | None = None
    closed_at: datetime | None = None
    rating: int | None = None

    @property
    def is_waiting(self) -> bool:
        """Whether nobody has answered and it has not left the queue."""
        return self.answered_at is None and self.left_at is None

    @property
    def is_served(self) -> bool:
        """Whether an agent has it in hand now."""
        return self.agent_id is not None and self.ended_at is None

    def waited_s(self, now: datetime) -> float:
        """Return how long it waited, or has waited until ``now``."""
        return seconds(self.offered_at, self.answered_at or self.left_at or now)


class TallyView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Sums of one period; averages and shares are None when there is nothing to average.

    ``offered`` = ``answered`` + ``abandoned`` + ``diverted`` + ``waiting``. ``service_level`` is the share
    answered in time of those whose time is up or who were answered; who left within it does not count.
    """

    offered: int = 0
    answered: int = 0
    abandoned: int = 0
    diverted: int = 0
    waiting: int = 0
    handled: int = 0
    service_level: float | None = None
    answer_s: float | None = None
    handle_s: float | None = None
    wrap_up_s: float | None = None
    rated: int = 0
    rating: float | None = None
    satisfied: float | None = None


@dataclass(slots=True)
class Tally:
    """Sums of cases; a case is taken out as it was put in, so a changed one is taken out and put in anew."""

    offered: int = 0
    answered: int = 0
    abandoned: int = 0
    diverted: int = 0
    waited: int = 0  # answered, people who waited
    answer_s: float = 0.0
    in_time: int = 0
    late: int = 0
    handled: int = 0
    handle_s: float = 0.0
    wrapped: int = 0
    wrap_up_s: float = 0.0
    rated: int = 0
    rating: int = 0
    satisfied: int = 0

    def count(self, case: Case, target_s: float, wrap_up_s: float, sign: int = 1) -> None:
        """Put ``case`` in, or with ``sign`` -1 take it out; wrap-up counts up to ``wrap_up_s``."""
        self.offered += sign
        if case.answered_at is not None:
            self._answered(case, target_s, sign)
        elif case.left_at is not None:
            if case.is_diverted:
                self.diverted += sign
            else:
                self.abandoned += sign
            if not case.is_message and seconds(case.offered_at, case.left_at) > target_s:
                self.late += sign
        if case.ended_at is not None and case.served_at is not None:
            self.handled += sign
            self.handle_s += sign * seconds(case.served_at, case.ended_at)
            if case.closed_at is not None:
                self.wrapped += sign
                self.wrap_up_s += sign * min(wrap_up_s, seconds(case.ended_at, case.closed_at))
        if case.rating is not None:
            self.rated += sign
            self.rating += sign * case.rating
            self.satisfied += sign * (case.rating >= SATISFIED)

    def _answered(self, case: Case, target_s: float, sign: int) -> None:
        assert case.answered_at is not None
        self.answered += sign
        if case.is_message:
            return
        waited_s = seconds(case.offered_at, case.answered_at)
        self.waited += sign
        self.answer_s += sign * waited_s
        if waited_s <= target_s:
            self.in_time += sign
        else:
            self.late += sign

    def add(self, other: "Tally") -> None:
        """Put everything of ``other`` in."""
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))

    def view(self, overdue: int = 0) -> TallyView:
        """Return the sums for people; ``overdue`` still wait although their time is up."""
        return TallyView(
            offered=self.offered,
            answered=self.answered,
            abandoned=self.abandoned,
            diverted=self.diverted,
            waiting=self.offered - self.answered - self.abandoned - self.diverted,
            handled=self.handled,
            service_level=share(self.in_time, self.in_time + self.late + overdue),
            answer_s=mean(self.answer_s, self.waited),
            handle_s=mean(self.handle_s, self.handled),
            wrap_up_s=mean(self.wrap_up_s, self.wrapped),
            rated=self.rated,
            rating=share(self.rating, self.rated),
            satisfied=share(self.satisfied, self.rated),
        )


def seconds(begin: datetime, end: datetime) -> float:
    """Return the seconds from ``begin`` to ``end``, 0 when they are the wrong way round."""
    return max(0.0, (end - begin).total_seconds())


def mean(total: float, count: int) -> float | None:
    """Return the mean to a tenth, None of nothing."""
    return round(total / count, 1) if count else None


def share(part: float, whole: int) -> float | None:
    """Return the share to four places, None of nothing."""
    return round(part / whole, 4) if whole else None
