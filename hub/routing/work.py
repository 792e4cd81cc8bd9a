"""A piece of work under way: its place in the order, what it asks for by now, what is still to happen to it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from operator import attrgetter
from typing import Final, Literal

from hub.routing.lines import Demand, Line
from hub.routing.model import Overflow, QueueRules, Target, WorkItem
from hub.routing.priorities import order

WorkState = Literal["waiting", "offered", "active"]
Rank = tuple[bool, float, int]


@dataclass(frozen=True, slots=True)
class SkillDrop:
    """A skill's level falls."""

    skill: str
    level: int


@dataclass(frozen=True, slots=True)
class HoldEnds:
    """The language, or the agent, is no longer insisted on."""

    what: Literal["language", "agent"]


Effect = SkillDrop | HoldEnds | Overflow | Target


@dataclass(frozen=True, slots=True)
class TimedStep:
    """What happens to waiting work after ``after_s``; ``key`` tells steps apart, across restarts too."""

    after_s: float
    key: str
    effect: Effect


_BY_TIME: Final = attrgetter("after_s")


class Work:
    """One piece of work's changing side; owned and written by the engine alone."""

    __slots__ = (
        "age_from", "agent_hold", "agent_id", "also", "declined_until", "done", "entry", "is_timed", "item", "language",
        "lines", "named_agent", "needs", "next_step", "offer_id", "offers_made", "order", "queue_id", "queued_at",
        "returned", "serial", "state", "steps", "transferred", "usual_agent",
    )  # fmt: skip

    def __init__(self, item: WorkItem, serial: int) -> None:
        self.item = item
        self.serial = serial
        self.queue_id = item.queue_id
        self.also: tuple[str, ...] = ()
        self.age_from = item.enqueued_at
        self.queued_at = item.enqueued_at
        self.order = 0.0
        self.returned = False
        self.transferred = False
        self.state: WorkState = "waiting"
        self.agent_id: str | None = None
        self.offer_id: str | None = None
        self.offers_made = 0
        self.declined_until: dict[str, float] | None = None  # most work is never declined
        self.needs: dict[str, int] = {}
        self.language = ""
        self.named_agent: str | None = None
        self.usual_agent: str | None = None
        self.agent_hold: str | None = None
        self.steps: tuple[TimedStep, ...] = ()
        self.next_step = 0
        self.is_timed = False
        self.done: frozenset[str] = frozenset()
        self.lines: tuple[Line, ...] = ()
        self.entry: tuple[bool, float, int, Work]

    @property
    def work_id(self) -> str:
        return self.item.work_id

    @property
    def rank(self) -> Rank:
        """What sorts waiting work: that taken back from an agent first, then by order, then as it came."""
        return (not self.returned, self.order, self.serial)

    def demand(self, queue_id: str) -> Demand:
        """Return what is asked of the agents of ``queue_id`` by now."""
        return Demand(
            queue_id,
            self.item.channel_class,
            tuple(sorted(self.needs.items())) if self.needs else (),
            self.language,
            self.agent_hold,
            self.transferred and self.agent_hold is not None,
        )

    def plan(self, rules: QueueRules, *, named_agent: str | None = None, usual_agent: str | None = None) -> None:
        """Take a place under ``rules``, asking for everything again, and lay out what they let happen with time."""
        item = self.item
        self.named_agent, self.usual_agent = named_agent, usual_agent
        self.order = order(item, rules, self.age_from)
        self.needs = {}
        for need in (*rules.needs, *item.needs):
            self.needs[need.skill] = max(need.level, self.needs.get(need.skill, 0))
        self.language = item.language
        hold_s = rules.named_hold_s if named_agent is not None else rules.usual_hold_s
        self.agent_hold = (named_agent or usual_agent) if hold_s != 0 else None
        self.also = ()
        self.steps = tuple(sorted(self._timed(rules, hold_s), key=_BY_TIME))
        self.next_step = 0

    def next_due(self) -> float | None:
        """Return when the next step is due."""
        if self.next_step == len(self.steps):
            return None
        return self.queued_at + self.steps[self.next_step].after_s

    def is_declined_by(self, agent_id: str, now: float) -> bool:
        """Say whether ``agent_id`` declined it and is not to be asked yet."""
        until = self.declined_until
        return until is not None and until.get(agent_id, now) > now

    def _timed(self, rules: QueueRules, hold_s: float | None) -> Iterator[TimedStep]:
        for need in (*rules.needs, *self.item.needs):
            for one in need.relaxations:
                yield _step(one.after_s, SkillDrop(need.skill, one.level), f"skill:{need.skill}:{one.level}")
        if self.language and rules.language_hold_s is not None:
            yield _step(rules.language_hold_s, HoldEnds("language"), "language")
        if self.agent_hold is not None and hold_s is not None:
            yield _step(hold_s, HoldEnds("agent"), "agent")
        for overflow in rules.overflows:
            yield _step(overflow.after_s, overflow, f"queue:{overflow.queue_id}:{overflow.moves}")
        for target in rules.targets:
            yield _step(target.after_s, target, f"target:{target.action}")


def _step(after_s: float, effect: Effect, what: str) -> TimedStep:
    return TimedStep(after_s, f"{after_s:g}:{what}", effect)
