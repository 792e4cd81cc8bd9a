"""What was decided about a conversation's work and why, step by step: for people who ask."""

from datetime import datetime
from typing import Final, Literal

import msgspec

from hub import routing
from hub.dispatch.work import when
from hub.store.models import Offer, WorkItem

MAX_MOVES: Final = 50  # kept of one piece of work; the oldest give way

Move = (
    routing.WorkQueued
    | routing.QueueFull
    | routing.WorkRelaxed
    | routing.WorkOverflowed
    | routing.TargetReached
    | routing.OfferMade
    | routing.WorkAssigned
    | routing.WorkReturned
    | routing.WorkWithdrawn
    | routing.WorkFinished
)
Taken = Literal["accepted", "auto", "picked", "forced", "begun", "resumed"]
Step = Literal[
    "enqueued", "moved", "full", "relaxed", "overflowed", "target", "offered", "returned", "withdrawn", "done"
]


class RoutingStep(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One decision; ``why`` is in the codes of docs/routing.md.

    An offer that is over has the ``outcome`` it came to, with the agent's ``reason`` or a code, and ``ended_at``.
    """

    at: datetime
    step: Step | Taken
    queue_id: str
    agent_id: str = ""
    offer_id: str = ""
    outcome: Literal["", "accepted", "declined", "expired", "withdrawn"] = ""
    reason: str = ""
    ended_at: datetime | None = None
    why: dict[str, str] = {}


def remember(work: WorkItem, decision: Move) -> None:
    """Add ``decision`` to what the row remembers, to be saved with it."""
    more: dict[str, str] = {}
    step: Step | Taken
    match decision:
        case routing.WorkQueued():
            step = "moved" if decision.explanation.get("trigger") == "moved" else "enqueued"
        case routing.QueueFull():
            step = "full"
        case routing.WorkRelaxed():
            step = "relaxed"
        case routing.WorkOverflowed():
            step, more = "overflowed", {"to": decision.to_queue_id}
        case routing.TargetReached():
            step, more = "target", {"action": decision.action}
        case routing.OfferMade():
            step = "offered"
        case routing.WorkAssigned():
            step, more = decision.how, {"waited_s": f"{decision.waited_s:.1f}"}
        case routing.WorkReturned():
            step = "returned"
        case routing.WorkWithdrawn():
            step = "withdrawn"
        case routing.WorkFinished():
            step = "done"
    move = RoutingStep(
        at=when(decision.at),
        step=step,
        queue_id=decision.queue_id,
        agent_id=getattr(decision, "agent_id", ""),
        offer_id=getattr(decision, "offer_id", ""),
        why={**decision.explanation, **more},
    )
    work.moves = [*(work.moves or [])[1 - MAX_MOVES :], msgspec.to_builtins(move)]


async def history(conversation_id: str) -> list[RoutingStep]:
    """Return everything decided about the conversation's work, the oldest first."""
    works = WorkItem.filter(conversation_id=conversation_id).exclude(moves=None).order_by("work_id")
    offers = {offer.offer_id: offer for offer in await Offer.filter(conversation_id=conversation_id)}
    steps = [
        step
        for moves in await works.values_list("moves", flat=True)
        for step in msgspec.convert(moves, list[RoutingStep])
    ]
    return [_with_outcome(step, offers.get(step.offer_id)) for step in steps]


def _with_outcome(step: RoutingStep, offer: Offer | None) -> RoutingStep:
    if offer is None or offer.outcome is None:
        return step
    return msgspec.structs.replace(step, outcome=offer.outcome, reason=offer.reason, ended_at=offer.ended_at)
