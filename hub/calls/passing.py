"""Leaves a citizen with somebody outside, who talks on with them once the agent is gone."""

from core.events import LegPlan
from hub.calls.asides import MAIN
from hub.calls.live_call import LiveCall
from hub.conversing.endings import Endings
from hub.store.models import User
from hub.units import Unit


async def leave_with(unit: Unit, live: LiveCall, outside: LegPlan, endings: Endings) -> None:
    """Let the citizen talk on with somebody outside; the agent's service is over."""
    live.row.is_held = False
    live.act(outside.leg_id, MAIN)
    owner = live.of_user(live.conversation.agent_id)
    if owner is not None:
        live.drop(owner.leg_id)
    if live.citizen is not None:
        live.act(live.citizen.leg_id, MAIN)
    agent = await User.get(user_id=live.conversation.agent_id)
    await endings.end(unit, live.conversation, by=agent.display_name, citizen_is_there=False)
