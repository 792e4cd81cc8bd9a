"""What the routing core decided, in the order it decided it.

``explanation`` holds stable codes and plain values, never words for people: what they mean is in docs/routing.md.
"""

from dataclasses import dataclass
from typing import Literal

from core.events.routing import AgentStateName, WorkMode

OfferOutcome = Literal["accepted", "declined", "expired", "withdrawn"]
AssignedHow = Literal["accepted", "auto", "picked", "forced", "begun", "resumed"]
Explanation = dict[str, str]


@dataclass(frozen=True, slots=True)
class WorkQueued:
    """Work waits in ``queue_id``, behind ``ahead`` others."""

    at: float
    work_id: str
    queue_id: str
    ahead: int
    explanation: Explanation


@dataclass(frozen=True, slots=True)
class QueueFull:
    """Work was not taken in; ``action`` is the queue's ``on_full``."""

    at: float
    work_id: str
    queue_id: str
    action: str
    explanation: Explanation


@dataclass(frozen=True, slots=True)
class WorkRelaxed:
    """Waiting work asks for less: a skill's level, its language, or its agent."""

    at: float
    work_id: str
    queue_id: str
    explanation: Explanation


@dataclass(frozen=True, slots=True)
class WorkOverflowed:
    """Agents of ``to_queue_id`` serve the work too, or it moved there."""

    at: float
    work_id: str
    queue_id: str
    to_queue_id: str
    moved: bool
    explanation: Explanation


@dataclass(frozen=True, slots=True)
class TargetReached:
    """Work has waited as long as one of its queue's targets; it left the queue when ``is_final``."""

    at: float
    work_id: str
    queue_id: str
    action: str
    is_final: bool
    explanation: Explanation


@dataclass(frozen=True, slots=True)
class OfferMade:
    """An agent is asked to take a piece of work until ``expires_at``."""

    at: float
    offer_id: str
    work_id: str
    agent_id: str
    queue_id: str
    expires_at: float
    explanation: Explanation


@dataclass(frozen=True, slots=True)
class OfferEnded:
    """An offer is over; ``reason`` is the agent's own, or a code."""

    at: float
    offer_id: str
    work_id: str
    agent_id: str
    queue_id: str
    outcome: OfferOutcome
    reason: str
    explanation: Explanation


@dataclass(frozen=True, slots=True)
class WorkAssigned:
    """An agent has the work in hand; ``waited_s`` is since it was (last) queued."""

    at: float
    work_id: str
    agent_id: str
    queue_id: str
    how: AssignedHow
    waited_s: float
    explanation: Explanation


@dataclass(frozen=True, slots=True)
class WorkReturned:
    """Work was taken from the agent it was with and waits again."""

    at: float
    work_id: str
    agent_id: str
    queue_id: str
    explanation: Explanation


@dataclass(frozen=True, slots=True)
class WorkWithdrawn:
    """Work left before anybody had it in hand."""

    at: float
    work_id: str
    queue_id: str
    explanation: Explanation


@dataclass(frozen=True, slots=True)
class WorkFinished:
    """An agent is done with the work."""

    at: float
    work_id: str
    agent_id: str
    queue_id: str
    explanation: Explanation


@dataclass(frozen=True, slots=True)
class WrapUpStarted:
    """An agent has until ``until`` to finish what the work left to do."""

    at: float
    agent_id: str
    work_id: str
    until: float
    explanation: Explanation


@dataclass(frozen=True, slots=True)
class WrapUpEnded:
    """A wrap-up is over: its time was up, or the agent ended it."""

    at: float
    agent_id: str
    work_id: str
    explanation: Explanation


@dataclass(frozen=True, slots=True)
class AgentChanged:
    """An agent's state, reason, mode or load is now this; ``since`` is when the state began."""

    at: float
    agent_id: str
    state: AgentStateName
    reason: str
    mode: WorkMode
    since: float
    load: dict[str, int]
    explanation: Explanation


Decision = (
    WorkQueued
    | QueueFull
    | WorkRelaxed
    | WorkOverflowed
    | TargetReached
    | OfferMade
    | OfferEnded
    | WorkAssigned
    | WorkReturned
    | WorkWithdrawn
    | WorkFinished
    | WrapUpStarted
    | WrapUpEnded
    | AgentChanged
)
