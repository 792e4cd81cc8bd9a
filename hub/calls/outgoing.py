"""Calls that begin here: the agent's phone rings first, then that of the person they want to talk with."""

from typing import Final

from core.events import Dial, Listen, Talk
from core.ids import derived_id, new_id
from hub.calls.engines import Engines
from hub.calls.live_call import LiveCall, new_party
from hub.calls.phones import Phones
from hub.calls.plans import CallPlans
from hub.store.models import Call, CallLeg, Conversation
from hub.units import Unit

AGENT_RING_S: Final = 30.0
CITIZEN_RING_S: Final = 60.0
TALK: Final = Talk(activity_id="main")
RINGING: Final = Listen(activity_id="calling", background="ringing")


class Outgoing:
    """Plans calls to citizens; who asks for one is not its business."""

    def __init__(self, plans: CallPlans, phones: Phones, engines: Engines) -> None:
        self._plans = plans
        self._phones = phones
        self._engines = engines

    async def begin(self, unit: Unit, conversation: Conversation, *, call_id: str = "") -> LiveCall | None:
        """Ring the phone of the conversation's agent, then the citizen; None when the agent has no phone there."""
        user_id = conversation.agent_id or ""
        phone = self._phones.of(user_id)
        if phone is None:
            return None
        await unit.flush()  # the call belongs to a conversation that may be new
        row = Call(
            call_id=call_id or new_id(),
            conversation_id=conversation.conversation_id,
            instance=await self._engines.for_call(conversation.instance, phone.instance),
            direction="out",
            number=conversation.address,
            dialled=(conversation.call or {}).get("dialled", ""),  # by the citizen who is called back
            arrived_at=unit.now,
        )
        live = self._plans.begin(unit, row, conversation)
        party = new_party(
            row, derived_id("agent", row.call_id), "agent", unit.now, user_id=user_id, target=phone.target
        )
        unit.add(party)
        live.call_up(party, "agent", phone.dial(AGENT_RING_S, shown=row.number, answers_itself=True))
        live.act(party.leg_id, RINGING)
        return live

    def answered(self, unit: Unit, live: LiveCall, party: CallLeg) -> None:
        """Somebody in a call that began here has answered: go on with it."""
        if party.role == "caller":
            live.row.talked_at = live.row.talked_at or party.answered_at
            for leg in live.answered("agent"):
                live.act(leg.leg_id, TALK)
        elif party.role == "agent" and not any(one.role == "caller" for one in live.parties.values()):
            target = live.row.number
            citizen = new_party(live.row, derived_id("citizen", live.row.call_id), "caller", unit.now, target=target)
            unit.add(citizen)
            # the number they know us by; without one the route's own
            shown = live.row.dialled if live.row.dialled.isdecimal() else ""
            live.call_up(citizen, "caller", Dial(target=target, ring_s=CITIZEN_RING_S, caller_id=shown))
