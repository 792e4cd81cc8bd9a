"""Brings calls to agents' phones: rings them for an offer, connects who picks a call, lets go of who passes it on."""

from typing import Final, Literal

from core.events import PhoneKind
from core.ids import derived_id, new_id
from hub.calls.live_call import LiveCall, new_party
from hub.calls.outgoing import Outgoing
from hub.calls.phones import Phones
from hub.calls.plans import CallPlans
from hub.store.models import Conversation, Offer
from hub.units import Unit

CONNECT_S: Final = 20.0


class Ringing:
    """What the dispatcher's decisions mean for phones; conversations that are no calls are left alone."""

    def __init__(self, plans: CallPlans, phones: Phones, outgoing: Outgoing) -> None:
        self._plans = plans
        self._phones = phones
        self._outgoing = outgoing

    def phone_of(self, user_id: str) -> PhoneKind | Literal[""]:
        """Return the kind of phone on which the agent is rung, empty when there is none."""
        phone = self._phones.of(user_id)
        return "" if phone is None else phone.kind

    async def ring(self, unit: Unit, conversation: Conversation, offer: Offer) -> None:
        """Ring the phone of the agent to whom a call is offered."""
        live = await self._plans.of(unit, conversation)
        if live is not None and conversation.call_back is None and live.of_user(offer.agent_id) is None:
            ring_s = (offer.expires_at - offer.made_at).total_seconds()
            self._call(unit, live, offer.agent_id, derived_id("offer", offer.offer_id), ring_s, offer_id=offer.offer_id)

    async def stop(self, unit: Unit, conversation: Conversation, offer_id: str) -> None:
        """The offer is over and was not taken."""
        if (live := await self._plans.of(unit, conversation)) is not None:
            live.drop(derived_id("offer", offer_id))

    async def connect(self, unit: Unit, conversation: Conversation) -> None:
        """Call the phone of the agent who has the conversation now, unless they are on the line already.

        Whom a call-back is owed is called next; who has not hung up since they asked for it is served at once.
        """
        live = await self._plans.of(unit, conversation)
        if conversation.call_back is not None:
            if live is None:
                await self._outgoing.begin(unit, conversation)
                return
            conversation.call_back = live.utterance = None
        if live is not None and live.of_user(conversation.agent_id) is None and conversation.agent_id is not None:
            self._call(unit, live, conversation.agent_id, new_id(), CONNECT_S, auto_answer=True)

    async def let_go(self, unit: Unit, conversation: Conversation) -> None:
        """Nobody has the conversation any more: whoever was on the line is hung up, the citizen hears music."""
        if (live := await self._plans.of(unit, conversation)) is not None:
            live.row.is_held = False
            for leg in list(live.legs.values()):
                if leg.role != "caller" and live.parties[leg.leg_id].user_id != (live.successor or ""):
                    live.drop(leg.leg_id)
            if live.successor is None:
                live.record([])
            self._plans.voice.rest(live)

    def _call(
        self,
        unit: Unit,
        live: LiveCall,
        user_id: str,
        leg_id: str,
        ring_s: float,
        *,
        offer_id: str | None = None,
        auto_answer: bool = False,
    ) -> None:
        phone = self._phones.of(user_id)
        if phone is None:
            return  # the offer runs out, the work goes to somebody else
        party = new_party(live.row, leg_id, "agent", unit.now, user_id=user_id, target=phone.target, offer_id=offer_id)
        unit.add(party)
        live.call_up(party, "agent", phone.dial(ring_s, shown=live.row.number, answers_itself=auto_answer))
