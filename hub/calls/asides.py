"""Talks aside: the agent asks somebody while the citizen waits, or has the call passed on to whoever answers."""

from typing import Final

from core.events import LegPlan, Talk
from hub.calls.live_call import LiveCall

MAIN: Final = Talk(activity_id="main")
ASIDE: Final = Talk(activity_id="consult", room="consult")
PASSING: Final = "passing"  # the room of a party that the call is passed on to as soon as they answer


def consulted(live: LiveCall) -> list[LegPlan]:
    """Return everybody the agent has called into the call, those who have joined it included."""
    owner = live.of_user(live.conversation.agent_id)
    return [leg for leg in live.legs.values() if leg.role in ("agent", "outside") and leg != owner]


def aside(live: LiveCall) -> list[LegPlan]:
    """Return whoever is being asked just now, or rung to be."""
    return [leg for leg in consulted(live) if is_aside(leg)]


def is_aside(leg: LegPlan) -> bool:
    """Whether a party talks where the citizen does not hear it."""
    return isinstance(leg.activity, Talk) and leg.activity.room != MAIN.room


def return_alone(live: LiveCall) -> None:
    """Have an agent back whom nobody talks with aside any more; a citizen on hold waits to be retrieved."""
    owner = live.of_user(live.conversation.agent_id)
    if owner is not None and is_aside(owner) and not aside(live):
        live.act(owner.leg_id, MAIN)
