"""Takes what the engine reports of calls: who came, rang, answered, pressed keys, left; and files that were made."""

import logging
from typing import Final

from core.addresses import scheme_of
from core.events import (
    ActivityEnded,
    CallArrived,
    EngineChanged,
    Event,
    KeysPressed,
    LegChanged,
    MediaFlowed,
    PhoneChanged,
    Profile,
    Record,
    RecordingEnded,
    Ring,
    TrunkChanged,
)
from core.events.calls import LegPlan
from core.flow import Keyed, PersonLeft, Recorded, TransferEnded
from hub.calls.asides import PASSING, return_alone
from hub.calls.call_backs import CallBacks
from hub.calls.elders import ELDER_PRIORITY, is_elder
from hub.calls.internal_calls import OWN_PHONE, InternalCalls
from hub.calls.last_words import take_up_late, wait_for_file
from hub.calls.live_call import LiveCall, new_party
from hub.calls.outgoing import Outgoing
from hub.calls.passing import leave_with
from hub.calls.phones import Phones
from hub.calls.plans import CallPlans
from hub.calls.presence import ANONYMOUS
from hub.calls.put_aside import come_back
from hub.calls.trunks import TrunkLog
from hub.contacts.contacts import Contacts
from hub.contacts.links import ContactLinks
from hub.conversing import timeline
from hub.conversing.endings import Endings
from hub.conversing.reception import Reception
from hub.dispatch.dispatcher import Dispatcher
from hub.errors import ApiError
from hub.flows.flows import Flows
from hub.i18n import text as catalogue
from hub.store.fields import NAME_LENGTH
from hub.store.models import Call, CallLeg, Conversation, Recording, User
from hub.units import Unit

log = logging.getLogger(__name__)

REPORTS: Final = (
    CallArrived,
    LegChanged,
    MediaFlowed,
    KeysPressed,
    ActivityEnded,
    RecordingEnded,
    PhoneChanged,
    TrunkChanged,
    EngineChanged,
)
LEFT: Final = {"unreachable": "phone_unreachable", "rejected": "rejected", "busy": "phone_busy"}


class CallReports:
    """The hub's ear at the engine; every report comes once, in the order in which the plugin sent them."""

    def __init__(
        self,
        *,
        plans: CallPlans,
        phones: Phones,
        outgoing: Outgoing,
        call_backs: CallBacks,
        internal: InternalCalls,
        contacts: Contacts,
        links: ContactLinks,
        reception: Reception,
        flows: Flows,
        dispatcher: Dispatcher,
        endings: Endings,
        trunks: dict[str, TrunkChanged],
        trunk_log: TrunkLog,
    ) -> None:
        self._plans = plans
        self._phones = phones
        self._outgoing = outgoing
        self._call_backs = call_backs
        self._internal = internal
        self._contacts = contacts
        self._links = links
        self._reception = reception
        self._flows = flows
        self._dispatcher = dispatcher
        self._endings = endings
        self._trunks = trunks  # the last word of each, by instance and trunk
        self._trunk_log = trunk_log

    async def take(self, unit: Unit, instance: str, event: Event) -> None:
        """Handle one report inside ``unit``."""
        match event:
            case CallArrived() if event.caller.startswith(OWN_PHONE):
                await self._internal.arrived(unit, instance, event)
            case CallArrived():
                await self._arrived(unit, instance, event)
            case PhoneChanged():
                if user_id := await self._phones.note(unit, instance, event):
                    await self._dispatcher.know_agent(unit, await User.get(user_id=user_id))
            case EngineChanged():
                await self._phones.note_engine(unit, instance, event)
            case TrunkChanged():
                await self._trunk_log.note(instance, event)
                self._trunks[f"{instance}/{event.trunk}"] = event
            case LegChanged() | MediaFlowed() | KeysPressed() | ActivityEnded() | RecordingEnded():
                live = await self._plans.open(unit, event.call_id)
                if live is None and await self._internal.take(unit, instance, event):
                    return
                if live is None or live.row.instance != instance:
                    log.warning("%s reports on a call it never had: %s", instance, event.call_id)
                    return
                await self._of_call(unit, live, event)

    async def _of_call(self, unit: Unit, live: LiveCall, event: Event) -> None:
        match event:
            case RecordingEnded():
                await self._recorded(unit, live, event)
            case LegChanged() | MediaFlowed() | KeysPressed() | ActivityEnded():
                party = live.parties.get(event.leg_id)
                if party is None:
                    log.warning("call %s has no party %s", event.call_id, event.leg_id)
                elif isinstance(event, LegChanged):
                    await self._leg_changed(unit, live, party, event)
                elif isinstance(event, MediaFlowed):
                    party.heard_at = party.heard_at or event.at
                    unit.touch(party)
                elif isinstance(event, KeysPressed):
                    await self._keyed(unit, live, party, event)
                else:
                    await self._activity_ended(unit, live, party, event)

    # arriving

    async def _arrived(self, unit: Unit, instance: str, event: CallArrived) -> None:
        if await self._plans.open(unit, event.call_id) is not None:
            return
        uri = event.caller or f"{ANONYMOUS}{event.call_id[:16]}"  # nobody knows whether they called before
        profile = Profile(name=event.caller_name) if event.caller_name else None
        contact, address = await self._links.meet(unit, uri, instance, profile)
        conversation = self._reception.open(
            unit, contact, address, instance, scheme_of(address.uri), dialled=event.dialled, trunk=event.trunk
        )
        row = Call(
            call_id=event.call_id,
            conversation_id=conversation.conversation_id,
            instance=instance,
            number=uri,
            dialled=event.dialled,
            trunk=event.trunk,
            arrived_at=event.arrived_at,
        )
        live = self._plans.begin(unit, row, conversation)
        party = new_party(row, event.leg_id, "caller", event.arrived_at, target=uri, trunk=event.trunk)
        unit.add(party)
        live.parties[event.leg_id] = party
        live.legs[event.leg_id] = LegPlan(leg_id=event.leg_id, role="caller", activity=Ring(activity_id="arrived"))
        if await self._contacts.is_blocked(unit, contact, address):
            log.info("call %s comes from a blocked number", event.call_id)
            live.drop_all()
            self._close(unit, live, "blocked")
        elif is_elder(contact, unit):
            timeline.add_notice(unit, conversation, "elder_first")
            queue_id = conversation.queue_id or self._flows.default_queue(instance, event.dialled, event.trunk)
            await self._dispatcher.enqueue(unit, conversation, queue_id, priority=ELDER_PRIORITY)
        else:
            await self._flows.greet(unit, conversation, None, dialled=event.dialled, trunk=event.trunk)
        self._rest_unless_told(live)

    # parties

    async def _leg_changed(self, unit: Unit, live: LiveCall, party: CallLeg, event: LegChanged) -> None:
        unit.touch(party)
        live.is_changed = True
        party.trunk = event.trunk or party.trunk
        match event.state:
            case "ringing":
                party.rung_at = party.rung_at or event.at
            case "answered":
                if party.answered_at is None and party.leg_id in live.legs:
                    party.answered_at = event.at
                    await self._answered(unit, live, party)
            case "ended":
                if party.ended_at is None:
                    party.ended_at = event.at
                    party.cause = event.cause
                    party.by_far_end = event.by_far_end
                    await self._ended(unit, live, party, event)

    async def _answered(self, unit: Unit, live: LiveCall, party: CallLeg) -> None:
        if party.role == "agent" and party.offer_id is not None:
            try:
                await self._dispatcher.accept(unit, party.user_id or "", party.offer_id)
            except ApiError:  # it was withdrawn while the phone was lifted
                live.drop(party.leg_id)
                return
        leg = live.legs[party.leg_id]
        if leg.activity.activity_id == PASSING:
            await leave_with(unit, live, leg, self._endings)
        elif live.row.direction == "out":
            self._outgoing.answered(unit, live, party)
            if party.role == "caller" and live.conversation.call_back is not None:
                self._call_backs.reached(unit, live.conversation)
        elif party.role == "agent":
            live.row.talked_at = live.row.talked_at or party.answered_at
        if not live.is_speaking:
            self._plans.voice.rest(live)

    async def _ended(self, unit: Unit, live: LiveCall, party: CallLeg, event: LegChanged) -> None:
        leg = live.legs.get(party.leg_id)
        live.drop(party.leg_id)
        return_alone(live)
        if party.role == "caller":
            live.drop_all()
            is_unreached = live.row.direction == "out" and party.answered_at is None
            live.row.hung_up_by = "citizen" if event.by_far_end and not is_unreached else "hub"
            if is_unreached:
                await self._not_reached(unit, live, event)
            elif leg is not None and isinstance(leg.activity, Record) and live.conversation.flow_state is not None:
                wait_for_file(unit, live)
            else:
                await self._citizen_left(unit, live)
        elif party.role == "outside" and live.utterance is not None and live.utterance.then == "transfer":
            turn, is_answered = live.utterance.turn, party.answered_at is not None
            live.utterance = None
            await self._flows.tell(unit, live.conversation, TransferEnded(turn=turn, is_answered=is_answered))
            self._rest_unless_told(live)
        elif party.role == "outside":
            if live.conversation.state == "wrap_up" and not live.answered("agent", "outside"):
                await self._endings.say_goodbye(unit, live.conversation)  # the call had been handed over to them
            self._rest_unless_told(live)
        elif party.role == "agent" and leg is not None:
            await self._agent_left(unit, live, party, event)
        if not live.legs and live.row.ended_at is None:
            self._over(unit, live, event)

    async def _not_reached(self, unit: Unit, live: LiveCall, event: LegChanged) -> None:
        """Whom the agent called does not answer."""
        conversation = live.conversation
        if conversation.state == "active" and conversation.call_back is not None:
            await self._call_backs.failed(unit, conversation, event.cause)
        elif conversation.state == "active":  # else the agent has given up
            timeline.add_notice(unit, conversation, "not_reached", cause=event.cause)
            await self._end_unreached(unit, conversation)

    async def _end_unreached(self, unit: Unit, conversation: Conversation) -> None:
        agent = await User.get(user_id=conversation.agent_id)
        await self._endings.end(unit, conversation, by=agent.display_name)

    async def _agent_left(self, unit: Unit, live: LiveCall, party: CallLeg, event: LegChanged) -> None:
        conversation = live.conversation
        if party.answered_at is None:
            await self._not_answered(unit, live, party, LEFT.get(event.cause, "no_answer"))
            return
        if conversation.state != "active" or conversation.agent_id != party.user_id:
            self._rest_unless_told(live)
        elif not event.has_talked and live.row.talked_at == party.answered_at:
            live.row.talked_at = None  # they lifted and put down: it was no service
            await self._dispatcher.return_one(unit, conversation)
            self._rest_unless_told(live)
        elif event.cause == "lost" and live.row.talked_at is not None:
            await self._dispatcher.return_one(unit, conversation)  # the citizen is served first of all
            self._rest_unless_told(live)
        elif event.cause == "lost" and conversation.call_back is not None:
            live.drop_all()  # the citizen, who still is being rung, is called again by whoever takes it
            await self._dispatcher.return_one(unit, conversation)
        else:
            agent = await User.get(user_id=party.user_id)
            await self._endings.end(unit, conversation, by=agent.display_name)
            self._rest_unless_told(live)

    async def _not_answered(self, unit: Unit, live: LiveCall, party: CallLeg, reason: str) -> None:
        conversation = live.conversation
        if party.offer_id is not None:
            try:
                await self._dispatcher.decline(unit, party.user_id or "", party.offer_id, reason)
            except ApiError:
                log.debug("offer %s was over already", party.offer_id)
        is_theirs = conversation.state == "active" and conversation.agent_id == party.user_id
        is_alone = live.row.talked_at is None and live.of_user(party.user_id) is None
        if is_theirs and is_alone and live.row.direction == "out" and conversation.call_back is None:
            timeline.add_notice(unit, conversation, "phone_not_lifted", cause=reason)
            await self._end_unreached(unit, conversation)
        elif is_theirs and is_alone:
            # taken on the screen, but the phone was not lifted: the citizen does not wait for that
            queue_id = conversation.queue_id or ""
            await self._dispatcher.transfer(unit, conversation, queue_id, agent_id=None, reason=reason)

    async def _citizen_left(self, unit: Unit, live: LiveCall) -> None:
        conversation = live.conversation
        if live.row.visit is not None:
            come_back(unit, live)
        if conversation.state == "active":
            by = conversation.contact_name or catalogue("caller", timeline.language_of(conversation))
            await self._endings.end(unit, conversation, by=by, citizen_is_there=False)
        elif conversation.call_back is not None:
            pass  # they keep their place
        elif conversation.state == "queued" and await self._dispatcher.give_up(unit, conversation, "abandoned"):
            self._close(unit, live, "abandoned")
        if conversation.flow_state is not None:
            await self._flows.tell(unit, conversation, PersonLeft())
        if conversation.state == "flow":
            self._close(unit, live, "left")

    def _over(self, unit: Unit, live: LiveCall, event: LegChanged) -> None:
        live.row.ended_at = event.at
        live.row.cause = event.cause
        live.record([])
        live.is_changed = True
        talked_s = (event.at - live.row.talked_at).total_seconds() if live.row.talked_at else 0.0
        timeline.add_notice(
            unit,
            live.conversation,
            "call_ended",
            by=live.row.hung_up_by or "hub",
            seconds=str(round((event.at - live.row.arrived_at).total_seconds())),
            talked=str(max(0, round(talked_s))),
        )

    def _close(self, unit: Unit, live: LiveCall, reason: str) -> None:
        conversation = live.conversation
        conversation.state = "closed"
        conversation.closed_at = unit.now
        conversation.unread = 0
        conversation.flow_state = None
        conversation.flow_timer_at = None
        timeline.add_notice(unit, conversation, "flow_ended", reason=reason)
        timeline.record_change(unit, conversation, "closed")

    # what callers do

    async def _keyed(self, unit: Unit, live: LiveCall, party: CallLeg, event: KeysPressed) -> None:
        party.keys = max(party.keys, event.n)
        unit.touch(party)
        if party.role != "caller" or await self._call_backs.ask(unit, live, event.keys):
            return
        flow_state = live.conversation.flow_state
        if flow_state is None or not self._plans.voice.cut_short(unit, live):
            return
        if flow_state.get("awaiting") == "choice":  # not what they enter: that may be a secret
            live.row.keys, live.is_changed = (live.row.keys + event.keys)[-NAME_LENGTH:], True
        await self._flows.tell(unit, live.conversation, Keyed(digits=event.keys))

    async def _activity_ended(self, unit: Unit, live: LiveCall, party: CallLeg, event: ActivityEnded) -> None:
        utterance, citizen = live.utterance, live.citizen
        if utterance is None or party.role != "caller":
            return
        if event.activity_id == utterance.message_id:  # also when they have hung up meanwhile
            live.utterance = None
            live.is_changed = True
            if event.file is not None:
                timeline.add_sound(unit, live.conversation, "voice_message", event.file, seconds=_whole(event.length_s))
                take_up_late(unit, live, utterance.flow_state)
            media_id = event.file.media_id if event.file is not None else ""
            heard = Recorded(media_id=media_id, length_s=event.length_s, turn=utterance.turn)
            await self._flows.tell(unit, live.conversation, heard)
            if citizen is None:
                await self._citizen_left(unit, live)
            self._rest_unless_told(live)
        elif citizen is None or citizen.activity.activity_id != event.activity_id or live.said or live.follows:
            return  # something else has begun meanwhile, or is about to
        elif event.activity_id == utterance.activity_id:  # to the end, or cut short by a key
            self._plans.voice.go_on(unit, live)

    async def _recorded(self, unit: Unit, live: LiveCall, event: RecordingEnded) -> None:
        conversation = live.conversation
        if await Recording.exists(recording_id=event.recording_id):
            return  # handed in once more after a crash
        row = Recording(
            recording_id=event.recording_id,
            call_id=event.call_id,
            conversation_id=conversation.conversation_id,
            queue_id=conversation.queue_id,
            user_id=conversation.agent_id,
            number=live.row.number,
            media_id=event.file.media_id,
            started_at=event.started_at,
            length_s=event.length_s,
            is_cut=event.is_cut,
        )
        unit.add(row)
        code = "recording_cut" if event.is_cut else "recording"
        timeline.add_sound(unit, conversation, code, event.file, seconds=_whole(event.length_s))

    def _rest_unless_told(self, live: LiveCall) -> None:
        if not live.is_speaking and not live.follows:
            self._plans.voice.rest(live)


def _whole(seconds: float) -> str:
    return str(max(0, round(seconds)))
