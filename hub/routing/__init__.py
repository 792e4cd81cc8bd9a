"""Routing: which work is offered to which agent, when, and why. Pure logic on handed-in time; see docs/routing.md."""

from hub.routing.decisions import (
    AgentChanged,
    Decision,
    OfferEnded,
    OfferMade,
    QueueFull,
    TargetReached,
    WorkAssigned,
    WorkFinished,
    WorkOverflowed,
    WorkQueued,
    WorkRelaxed,
    WorkReturned,
    WorkWithdrawn,
    WrapUpEnded,
    WrapUpStarted,
)
from hub.routing.engine import RoutingCore
from hub.routing.errors import RoutingRefused
from hub.routing.figures import QueueFigures
from hub.routing.model import AgentProfile, Overflow, QueueRules, Relaxation, SkillNeed, Target, WorkItem
from hub.routing.offers import Offer
from hub.routing.snapshot import AgentSnapshot, Pace, Snapshot, WorkSnapshot
from hub.routing.strategies import (
    FEWEST_HANDLED,
    HIGHEST_SKILL,
    LEAST_LOADED,
    LINEAR,
    LONGEST_AVERAGE_IDLE,
    LONGEST_IDLE,
    ROUND_ROBIN,
    Strategy,
    in_turn,
    weighted,
)
from hub.routing.views import Obstacle, Waiting
from hub.routing.waits import WaitEstimate

__all__ = [
    "FEWEST_HANDLED",
    "HIGHEST_SKILL",
    "LEAST_LOADED",
    "LINEAR",
    "LONGEST_AVERAGE_IDLE",
    "LONGEST_IDLE",
    "ROUND_ROBIN",
    "AgentChanged",
    "AgentProfile",
    "AgentSnapshot",
    "Decision",
    "Obstacle",
    "Offer",
    "OfferEnded",
    "OfferMade",
    "Overflow",
    "Pace",
    "QueueFigures",
    "QueueFull",
    "QueueRules",
    "Relaxation",
    "RoutingCore",
    "RoutingRefused",
    "SkillNeed",
    "Snapshot",
    "Strategy",
    "Target",
    "TargetReached",
    "WaitEstimate",
    "Waiting",
    "WorkAssigned",
    "WorkFinished",
    "WorkItem",
    "WorkOverflowed",
    "WorkQueued",
    "WorkRelaxed",
    "WorkReturned",
    "WorkSnapshot",
    "WorkWithdrawn",
    "WrapUpEnded",
    "WrapUpStarted",
    "in_turn",
    "weighted",
]
