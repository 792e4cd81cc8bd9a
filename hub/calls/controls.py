"""What people at desks do with a call: hold, keys, consult, join, hand over, let somebody go, record, listen in."""

from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from core.config import Settings
from core.events import ConversationView, Dial, LegPlan, Listen, Spy, SpyMode, Talk
from core.ids import new_id
from hub.accounts.identity import Identity
from hub.audit import Audit
from hub.calls.asides import ASIDE, MAIN, PASSING, aside, consulted, return_alone
from hub.calls.live_call import LiveCall, new_party
from hub.calls.passing import leave_with
from hub.calls.phones import Phones, Reached
from hub.calls.plans import CallPlans
from hub.calls.put_aside import come_back
from hub.conversing import timeline
from hub.conversing.access import owned, visible
from hub.conversing.endings import Endings
from hub.conversing.masking import masked
from hub.dispatch.dispatcher import Dispatcher
from hub.errors import ApiError
from hub.store.models import Conversation, Offer, User
from hub.store.views import conversation_view
from hub.units import Unit, Units

RING_S: Final = 30.0
SPY_RIGHTS: Final[dict[SpyMode, str]] = {"listen": "call.listen", "whisper": "call.whisper", "barge": "call.barge"}


class Consultation(Settings, frozen=True, kw_only=True):
    """Whom to ask while the citizen waits: a colleague, or a number outside.

    With ``hands_over`` the call is that number's as soon as it answers; when it does not, the agent is back and the
    citizen still held.
    """

    agent_id: Annotated[str, Meta(max_length=36)] | None = None
    number: Annotated[str, Meta(pattern=r"^\+?[0-9]{2,20}\Z")] | None = None
    hands_over: bool = False


class CallControls:
    """Commands on the call of a conversation, each one unit of work, each checked against who may do it."""

    def __init__(
        self,
        units: Units,
        *,
        plans: CallPlans,
        phones: Phones,
        dispatcher: Dispatcher,
        endings: Endings,
        audit: Audit,
    ) -> None:
        self._units = units
        self._plans = plans
        self._phones = phones
        self._dispatcher = dispatcher
        self._endings = endings
        self._audit = audit

    async def hold(self, identity: Identity, conversation_id: str, *, is_held: bool) -> ConversationView:
        """Let the citizen hear music, or talk again."""
        async with self._units.open() as unit:
            live = await self._mine(unit, identity, conversation_id)
            self._hold(live, is_held=is_held)
            return self._answer(live, identity)

    async def mute(self, identity: Identity, conversation_id: str, *, is_muted: bool) -> ConversationView:
        """Let nobody hear the user's phone: what a browser does by itself, other phones have the hub do."""
        async with self._units.open() as unit:
            live = await self._mine(unit, identity, conversation_id)
            leg = self._leg(live, identity)
            if isinstance(leg.activity, Talk):
                live.act(leg.leg_id, msgspec.structs.replace(leg.activity, is_muted=is_muted))
            return self._answer(live, identity)

    async def send_keys(self, identity: Identity, conversation_id: str, keys: str) -> ConversationView:
        """Send keys to whoever the agent talks with: a menu at the far end wants them."""
        async with self._units.open() as unit:
            live = await self._mine(unit, identity, conversation_id)
            others = [leg for leg in live.answered("outside") if leg.activity == self._leg(live, identity).activity]
            target = others[0] if others else live.citizen
            if target is not None:
                live.send_keys(target.leg_id, keys, new_id())
            return self._answer(live, identity)

    async def consult(self, identity: Identity, conversation_id: str, asked: Consultation) -> ConversationView:
        """Call somebody to ask, while the citizen hears music, or goes on talking with those who have joined."""
        if asked.number is not None and not identity.may("call.make"):
            raise ApiError(403, "forbidden", "needs call.make")
        if asked.hands_over and asked.number is None:
            raise ApiError(422, "invalid", "only numbers outside", fields={"hands_over": "needs number"})
        async with self._units.open() as unit:
            live = await self._mine(unit, identity, conversation_id)
            if aside(live):
                raise ApiError(409, "already_consulting", "somebody is being asked already")
            mine = self._leg(live, identity)
            if not consulted(live):
                self._hold(live, is_held=True)
            await self._call_in(unit, live, asked, identity)
            live.act(mine.leg_id, ASIDE)
            return self._answer(live, identity)

    async def join(self, identity: Identity, conversation_id: str) -> ConversationView:
        """Bring the citizen and everybody who was asked together."""
        async with self._units.open() as unit:
            live = await self._mine(unit, identity, conversation_id)
            for leg in list(live.legs.values()):
                if leg.role in ("agent", "outside"):
                    live.act(leg.leg_id, MAIN)
            self._hold(live, is_held=False)
            return self._answer(live, identity)

    async def take_back(self, identity: Identity, conversation_id: str) -> ConversationView:
        """Let go of whoever is asked, else of all who have joined, or have the citizen out of a flow."""
        async with self._units.open() as unit:
            live = await self._mine(unit, identity, conversation_id)
            if live.row.visit is not None:  # they are in a flow
                live.unsay()
                live.utterance = None
                come_back(unit, live)
                self._plans.voice.rest(live)
                return self._answer(live, identity)
            for leg in aside(live) or consulted(live):
                live.drop(leg.leg_id)
            live.act(self._leg(live, identity).leg_id, MAIN)
            self._hold(live, is_held=False)
            return self._answer(live, identity)

    async def hand_over(self, identity: Identity, conversation_id: str) -> ConversationView:
        """Leave the citizen with whoever was asked: a colleague serves on, somebody outside just talks on."""
        async with self._units.open() as unit, self._dispatcher.deciding(unit):
            live = await self._mine(unit, identity, conversation_id)
            those = aside(live) or consulted(live)
            asked = next((leg for leg in those if live.parties[leg.leg_id].answered_at), None)
            if asked is None:
                raise ApiError(409, "nobody_asked", "nobody has answered to whom the call could be handed over")
            successor = live.parties[asked.leg_id].user_id
            if successor is None:
                await leave_with(unit, live, asked, self._endings)
            else:
                live.row.is_held = False
                live.act(asked.leg_id, MAIN)
                await self._pass_on(unit, live, successor)
            return self._answer(live, identity)

    async def drop(self, identity: Identity, conversation_id: str, leg_id: str) -> ConversationView:
        """Hang up on one party of a conference."""
        async with self._units.open() as unit:
            live = await self._mine(unit, identity, conversation_id)
            leg = live.legs.get(leg_id)
            if leg is None or leg.role == "caller":
                raise ApiError(409, "no_such_party", "that party is not in the call")
            live.drop(leg_id)
            return_alone(live)
            return self._answer(live, identity)

    async def reattach(self, identity: Identity, conversation_id: str) -> ConversationView:
        """Call the agent's phone again into the call they had: the browser was loaded anew."""
        async with self._units.open() as unit:
            live = await self._mine(unit, identity, conversation_id)
            phone = self._phone(identity)
            old = live.of_user(identity.user_id)
            room = old.activity.room if old is not None and isinstance(old.activity, Talk) else "main"
            if old is not None:
                live.drop(old.leg_id)
            self._add(unit, live, "agent", phone, user_id=identity.user_id, room=room)
            return self._answer(live, identity)

    async def pause_recording(self, identity: Identity, conversation_id: str, *, is_paused: bool) -> ConversationView:
        """Keep a secret out of the recording, or go on."""
        async with self._units.open() as unit:
            live = await self._mine(unit, identity, conversation_id)
            if not live.recordings:
                raise ApiError(409, "not_recorded", "this call is not recorded")
            if any(one.is_paused != is_paused for one in live.recordings):
                live.record([msgspec.structs.replace(one, is_paused=is_paused) for one in live.recordings])
                timeline.add_notice(unit, live.conversation, "recording_paused" if is_paused else "recording_resumed")
            return self._answer(live, identity)

    async def record(
        self, identity: Identity, conversation_id: str, *, is_recorded: bool, remote: str
    ) -> ConversationView:
        """Begin or end a call's recording, whatever its queue's rule says."""
        async with self._units.open() as unit:
            live = await self._live(unit, await visible(unit, identity, conversation_id))
            if bool(live.recordings) != is_recorded:
                live.row.is_recorded, live.is_changed = is_recorded, True
                if is_recorded:
                    self._plans.voice.record(live)
                else:
                    live.record([])
                code = "recording_began" if is_recorded else "recording_stopped"
                timeline.add_notice(unit, live.conversation, code, agent=identity.display_name)
                await self._audit.record(
                    identity, "call.record", "conversation", conversation_id, remote=remote, is_recorded=is_recorded
                )
            return self._answer(live, identity)

    async def spy(
        self, identity: Identity, conversation_id: str, mode: SpyMode | Literal["off"], *, remote: str
    ) -> ConversationView:
        """Listen to a call, whisper to its agent, join in, or leave it again."""
        if mode != "off" and not identity.may(SPY_RIGHTS[mode]):
            raise ApiError(403, "forbidden", f"needs {SPY_RIGHTS[mode]}")
        async with self._units.open() as unit:
            live = await self._live(unit, await visible(unit, identity, conversation_id))
            mine = next((leg for leg in live.legs.values() if self._is_spy(live, leg, identity)), None)
            if mode == "off":
                if mine is not None:
                    live.drop(mine.leg_id)
            else:
                target = live.of_user(live.conversation.agent_id)
                if target is None:
                    raise ApiError(409, "nobody_talks", "no agent talks in this call")
                leg_id = mine.leg_id if mine is not None else new_id()
                if mine is None:
                    user_id = identity.user_id
                    self._add(unit, live, "supervisor", self._phone(identity), user_id=user_id, leg_id=leg_id)
                live.act(leg_id, Spy(activity_id=f"spy-{mode}", target=target.leg_id, mode=mode))
            await self._audit.record(identity, "call.spy", "conversation", conversation_id, remote=remote, mode=mode)
            return self._answer(live, identity)

    async def take_over(self, identity: Identity, conversation_id: str, *, remote: str) -> ConversationView:
        """Serve the citizen in the agent's place."""
        if not identity.may("conversation.takeover"):
            raise ApiError(403, "forbidden", "needs conversation.takeover")
        async with self._units.open() as unit, self._dispatcher.deciding(unit):
            live = await self._live(unit, await visible(unit, identity, conversation_id))
            for leg in [leg for leg in live.legs.values() if self._is_spy(live, leg, identity)]:
                live.drop(leg.leg_id)
            self._add(unit, live, "agent", self._phone(identity), user_id=identity.user_id)
            await self._pass_on(unit, live, identity.user_id)
            await self._audit.record(identity, "call.take_over", "conversation", conversation_id, remote=remote)
            return self._answer(live, identity)

    # inside

    async def _mine(self, unit: Unit, identity: Identity, conversation_id: str) -> LiveCall:
        return await self._live(unit, await owned(unit, identity, conversation_id, "active"))

    async def _live(self, unit: Unit, conversation: Conversation) -> LiveCall:
        live = await self._plans.of(unit, conversation)
        if live is None:
            raise ApiError(409, "no_call", "nobody is on the line")
        return live

    def _leg(self, live: LiveCall, identity: Identity) -> LegPlan:
        leg = live.of_user(identity.user_id) or live.of_user(live.conversation.agent_id)
        if leg is None:
            raise ApiError(409, "no_phone", "your phone is not in the call")
        return leg

    def _hold(self, live: LiveCall, *, is_held: bool) -> None:
        if live.citizen is None or live.row.is_held == is_held:
            return
        live.row.is_held = is_held
        live.is_changed = True
        if is_held:
            live.act(live.citizen.leg_id, Listen(activity_id="wait-music", background="music"))
        else:
            self._plans.voice.rest(live)

    async def _call_in(self, unit: Unit, live: LiveCall, asked: Consultation, identity: Identity) -> None:
        if asked.agent_id is not None:
            colleague = await User.get_or_none(user_id=asked.agent_id, is_active=True)
            phone = None if colleague is None else self._phones.of(colleague.user_id)
            if phone is None or asked.agent_id == identity.user_id:
                raise ApiError(409, "phone_unreachable", "that colleague has no phone that can be rung")
            self._add(unit, live, "agent", phone, user_id=asked.agent_id, room=ASIDE.room, auto_answer=False)
        elif asked.number is not None:
            room = PASSING if asked.hands_over else ASIDE.room
            self._add(unit, live, "outside", None, target=f"tel:{asked.number}", room=room)
        else:
            raise ApiError(422, "invalid", "whom to ask", fields={"agent_id": "missing"})

    def _add(
        self,
        unit: Unit,
        live: LiveCall,
        role: Literal["agent", "outside", "supervisor"],
        phone: Reached | None,
        *,
        user_id: str | None = None,
        target: str = "",
        room: str = "main",
        auto_answer: bool = True,
        leg_id: str = "",
    ) -> None:
        target = phone.target if phone is not None else target
        party = new_party(live.row, leg_id or new_id(), role, unit.now, user_id=user_id, target=target)
        unit.add(party)
        if phone is None:
            dial = Dial(target=target, ring_s=RING_S)
        else:
            dial = phone.dial(RING_S, shown=live.row.number, answers_itself=auto_answer)
        live.call_up(party, role, dial, room=room)

    def _phone(self, identity: Identity) -> Reached:
        phone = self._phones.of(identity.user_id)
        if phone is None:
            raise ApiError(409, "no_phone", "no phone of yours can be rung")
        return phone

    def _is_spy(self, live: LiveCall, leg: LegPlan, identity: Identity) -> bool:
        return leg.role == "supervisor" and live.parties[leg.leg_id].user_id == identity.user_id

    async def _pass_on(self, unit: Unit, live: LiveCall, user_id: str) -> None:
        """Make a user whose phone is in the call the one who serves it; whoever served it is let go."""
        conversation = live.conversation
        live.successor = user_id
        queue_id = conversation.queue_id or ""
        await self._dispatcher.transfer(unit, conversation, queue_id, agent_id=user_id, reason="hand_over")
        offer = await Offer.filter(conversation_id=conversation.conversation_id, agent_id=user_id, outcome=None).first()
        if offer is not None:
            await self._dispatcher.accept(unit, user_id, offer.offer_id)
        else:  # they are at work, and take it all the same
            await self._dispatcher.pick(unit, user_id, conversation, "hand_over")
        live.successor = None
        self._plans.voice.rest(live)

    def _answer(self, live: LiveCall, identity: Identity) -> ConversationView:
        self._plans.show(live)
        return masked(conversation_view(live.conversation), identity)
