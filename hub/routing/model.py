"""What the routing core is told: queues' rules, agents' profiles, pieces of work. All data, all frozen.

Times are float seconds on one scale chosen by the caller; lengths end in ``_s``.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from hub.routing.errors import RoutingRefused
from hub.routing.strategies import LONGEST_IDLE, Strategy

MAX_LEVEL: Final = 5
MAX_NEEDS: Final = 16  # of one piece of work, or one queue; each with as many relaxations
MAX_PRIORITY: Final = 1_000_000

Presence = Literal["available", "busy", "away", "offline", "unreachable"]
Activity = Literal["available", "serving", "wrap_up", "busy", "away", "offline", "unreachable"]
OnMissed = Literal["away", "stay"]


@dataclass(frozen=True, slots=True)
class Relaxation:
    """After ``after_s`` of waiting the skill needs only ``level``; 0 drops it."""

    after_s: float
    level: int


@dataclass(frozen=True, slots=True)
class SkillNeed:
    """A skill the work asks for; level 0 is not required, but still counts for ``highest_skill``."""

    skill: str
    level: int = 1
    relaxations: tuple[Relaxation, ...] = ()

    def __post_init__(self) -> None:
        _check(bool(self.skill), "skill", self.skill)
        _check(0 <= self.level <= MAX_LEVEL, "level", self.level)
        _check(len(self.relaxations) <= MAX_NEEDS, "relaxations", len(self.relaxations))
        for relaxation in self.relaxations:
            _check(relaxation.after_s >= 0, "after_s", relaxation.after_s)
            _check(0 <= relaxation.level <= MAX_LEVEL, "level", relaxation.level)


@dataclass(frozen=True, slots=True)
class Overflow:
    """After ``after_s`` the agents of ``queue_id`` may serve the work too, or it moves there for good."""

    after_s: float
    queue_id: str
    moves: bool = False


@dataclass(frozen=True, slots=True)
class Target:
    """After ``after_s`` the hub is told to do ``action``; the work leaves the queue when ``is_final``."""

    after_s: float
    action: str
    is_final: bool = False


@dataclass(frozen=True, slots=True)
class QueueRules:
    """Everything a queue does, as data.

    ``priority`` is added to that of its work. One step of priority is worth ``step_s`` seconds of waiting, one contact
    level ``level_step_s``. A named agent is insisted on for ``named_hold_s``, the usual agent for ``usual_hold_s``, the
    language for ``language_hold_s``; None insists for ever. Who declined or missed is not asked again about the same
    work for ``decline_block_s``. With ``auto_accept`` work is handed over without asking.
    """

    queue_id: str
    strategy: Strategy = LONGEST_IDLE
    priority: int = 0
    step_s: float = 60.0
    level_step_s: float = 60.0
    needs: tuple[SkillNeed, ...] = ()
    offer_s: float = 20.0
    auto_accept: bool = False
    on_missed: OnMissed = "away"
    decline_block_s: float = 30.0
    wrap_up_s: float = 0.0
    named_hold_s: float | None = 120.0
    usual_hold_s: float | None = 0.0
    language_hold_s: float | None = None
    overflows: tuple[Overflow, ...] = ()
    targets: tuple[Target, ...] = ()
    max_waiting: int | None = None
    on_full: str = "refuse"

    def __post_init__(self) -> None:
        _check(bool(self.queue_id), "queue_id", self.queue_id)
        _check(self.offer_s > 0, "offer_s", self.offer_s)
        _check(abs(self.priority) <= MAX_PRIORITY, "priority", self.priority)
        _check(len(self.needs) <= MAX_NEEDS, "needs", len(self.needs))
        for name in ("step_s", "level_step_s", "decline_block_s", "wrap_up_s"):
            _check(0 <= getattr(self, name) < math.inf, name, getattr(self, name))
        for name in ("named_hold_s", "usual_hold_s", "language_hold_s", "max_waiting"):
            _check(getattr(self, name) is None or getattr(self, name) >= 0, name, getattr(self, name))
        for overflow in self.overflows:  # zero would let two queues throw work at each other without end
            _check(overflow.after_s > 0 and overflow.queue_id != self.queue_id, "overflows", overflow)
        for target in self.targets:
            _check(target.after_s >= 0, "targets", target)


@dataclass(frozen=True, slots=True)
class AgentProfile:
    """What an agent can do.

    ``queues`` maps each queue served to the agent's place in its linear order (smaller first). ``capacity`` maps a
    channel class to how many pieces at once. While a class of ``exclusive`` is in hand nothing else is offered.
    """

    agent_id: str
    queues: Mapping[str, int]
    skills: Mapping[str, int] = field(default_factory=dict)
    languages: frozenset[str] = frozenset()
    capacity: Mapping[str, int] = field(default_factory=lambda: {"call": 1, "chat": 4, "mail": 10})
    exclusive: frozenset[str] = frozenset({"call"})

    def __post_init__(self) -> None:
        _check(bool(self.agent_id), "agent_id", self.agent_id)
        for skill, level in self.skills.items():
            _check(1 <= level <= MAX_LEVEL, f"skills.{skill}", level)
        for channel_class, limit in self.capacity.items():
            _check(limit >= 0, f"capacity.{channel_class}", limit)


@dataclass(frozen=True, slots=True)
class WorkItem:
    """A piece of work as it comes in; ``enqueued_at`` may lie in the past, then so does its place in the queue."""

    work_id: str
    queue_id: str
    channel_class: str
    enqueued_at: float
    priority: int = 0
    contact_level: int = 0
    needs: tuple[SkillNeed, ...] = ()
    language: str = ""
    named_agent: str | None = None
    usual_agent: str | None = None

    def __post_init__(self) -> None:
        _check(bool(self.work_id), "work_id", self.work_id)
        _check(math.isfinite(self.enqueued_at), "enqueued_at", self.enqueued_at)
        _check(abs(self.priority) <= MAX_PRIORITY, "priority", self.priority)
        _check(0 <= self.contact_level <= MAX_PRIORITY, "contact_level", self.contact_level)
        _check(len(self.needs) <= MAX_NEEDS, "needs", len(self.needs))


def _check(is_right: bool, name: str, value: object) -> None:
    if not is_right:
        raise RoutingRefused("invalid_value", field=name, value=repr(value))
