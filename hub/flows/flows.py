"""Runs flows for conversations: greets, answers, hands over; carries out what the interpreter asks for.

Every step is stored with the conversation in the same unit of work; a version that was
published once stays readable, so running conversations end on theirs.
"""

import asyncio
import logging
from datetime import timedelta
from typing import Final

import msgspec

from core.events import MessageReceived
from core.flow import (
    AnyAction,
    AnyInput,
    Flow,
    HandOver,
    KnowledgeFound,
    LookedUp,
    PersonLeft,
    QueueLeft,
    Rated,
    Said,
    Say,
    State,
    TimedOut,
    advance,
    phrases,
    start,
    understands,
)
from hub.calls.presence import has_hung_up, has_number, is_on_the_line
from hub.calls.steps import CallSteps
from hub.connectors.connectors import Connectors
from hub.contacts.links import ContactLinks
from hub.conversing import timeline
from hub.conversing.mails import is_mail
from hub.dispatch.dispatcher import Dispatcher
from hub.dispatch.queues import MESSAGE_CLASS, WAITED_OUT, Queues
from hub.dispatch.work import live_work
from hub.flows.actions import FlowActions, goes_on, keep
from hub.flows.library import FlowLibrary
from hub.knowledge.answering import Answering
from hub.outreach.outbound import Outbound
from hub.setup.calendars import Calendars
from hub.store.models import Conversation, WorkItem
from hub.units import Unit, Units

log = logging.getLogger(__name__)

PUT_OFF_S: Final = 60.0
TICK_S: Final = 1.0
RECHECK_S: Final = 5.0  # who has waited long enough while an agent is asked is looked at again so much later
QUESTION_CHARS: Final = 6  # first words shorter than that are a greeting, nothing to look up
MAX_ROUNDS: Final = 50  # of questions to the calendar, lookups and flows that hand over, for one input

Turned = tuple[Flow, State, tuple[AnyAction, ...]]


class Flows:
    """Flows of conversations; the state is the conversation's own."""

    def __init__(
        self,
        units: Units,
        *,
        dispatcher: Dispatcher,
        queues: Queues,
        library: FlowLibrary,
        calendars: Calendars,
        connectors: Connectors,
        answering: Answering,
        links: ContactLinks,
        calls: CallSteps,
        outbound: Outbound,
    ) -> None:
        self._units = units
        self._dispatcher = dispatcher
        self._library = library
        self._links = links
        self._actions = FlowActions(
            dispatcher=dispatcher,
            queues=queues,
            library=library,
            calendars=calendars,
            connectors=connectors,
            answering=answering,
            calls=calls,
            outbound=outbound,
            told=self._told,
        )
        dispatcher.on_waited_out(self._wait_out)

    def default_queue(self, instance: str, dialled: str = "", trunk: str = "") -> str:
        """Return the queue for work of a channel, of one of its numbers or trunks, whose flow names none."""
        return self._library.entry(instance, dialled, trunk).queue

    async def greet(
        self,
        unit: Unit,
        conversation: Conversation,
        message: MessageReceived | None,
        *,
        dialled: str = "",
        trunk: str = "",
    ) -> None:
        """Start the flow of channel, number or trunk; first words that it understands are its first answer."""
        flow = self._library.published(self._library.entry(conversation.instance, dialled, trunk).flow)
        # what every channel begins with is for people who wait for an answer, not for who writes a mail
        is_unmeant = is_mail(conversation.address) and not self._library.names(conversation.instance)
        if flow is None or is_unmeant or (message is not None and message.is_automatic):
            queue_id = conversation.queue_id or self.default_queue(conversation.instance, dialled, trunk)
            await self._dispatcher.enqueue(unit, conversation, queue_id, is_message=is_mail(conversation.address))
            return
        state, actions = start(flow, given_variables(conversation))
        if message is not None and state is not None:
            answered, further = advance(flow, state, _said(message))
            is_greeting = answered.awaiting == "knowledge" and len(message.text.strip()) < QUESTION_CHARS
            if not is_greeting and (answered.node != state.node or answered.awaiting != state.awaiting):
                state, actions = answered, (*actions[:1], *further)
        await self.carry_out(unit, conversation, (flow, state, tuple(actions)))

    async def start(self, unit: Unit, conversation: Conversation, flow_id: str, *, node: str = "") -> bool:
        """Start a flow of this name, at ``node`` or where it begins; False when none is published."""
        flow = self._library.published(flow_id)
        if flow is None:
            return False
        state, actions = start(flow, given_variables(conversation), node=node)
        await self.carry_out(unit, conversation, (flow, state, tuple(actions)))
        return True

    async def consider(self, conversation: Conversation, message: MessageReceived) -> Turned | None:
        """Return what the flow would make of ``message``; None when it is no answer to it. Changes nothing."""
        known = await self._running(conversation)
        if known is None:
            return None
        flow, state = known
        after, actions = advance(flow, state, _said(message))
        if state.awaiting in ("grade", "comment") and not any(isinstance(action, Rated) for action in actions):
            return None  # asked for a rating, the person talks about something else
        return flow, after, tuple(actions)

    async def phrases(self, conversation: Conversation) -> tuple[str, ...]:
        """Return what the caller may say where the flow waits now; nothing where only keys are taken."""
        known = await self._running(conversation)
        return () if known is None else phrases(*known)

    async def understands(self, conversation: Conversation, text: str) -> bool:
        """Whether the flow waits for what the caller has said."""
        known = await self._running(conversation)
        return known is not None and understands(*known, text)

    async def tell(self, unit: Unit, conversation: Conversation, given: AnyInput) -> None:
        """Tell the running flow what happened; nothing when none runs."""
        if (known := await self._running(conversation)) is not None:
            flow, state = known
            after, actions = advance(flow, state, given)
            await self.carry_out(unit, conversation, (flow, after, tuple(actions)))

    async def served(self, unit: Unit, conversation: Conversation) -> bool:
        """The agent is done: let the flow that queued the conversation go on; False when it has nothing to say."""
        known = await self._running(conversation)
        if known is None:
            return False
        flow, state = known
        after, actions = advance(flow, state, QueueLeft(turn=state.turn, outcome="served"))
        await self.carry_out(unit, conversation, (flow, after, tuple(actions)))
        return any(isinstance(action, Say) for action in actions)

    async def carry_out(self, unit: Unit, conversation: Conversation, turned: Turned) -> None:
        """Do what the flow asks for, until it waits or is over."""
        flow, state, actions = turned
        await self._links.note_answers(unit, conversation, flow, state)
        for _ in range(MAX_ROUNDS):
            keep(unit, conversation, state)
            flow_next: Turned | None = None
            has_spoken = any(isinstance(action, Say) for action in actions)
            for action in actions:
                given = await self._actions.do(unit, conversation, flow, state, action, has_spoken=has_spoken)
                if isinstance(given, HandOver):
                    flow_next = self._handed_over(conversation, given)
                    if flow_next is None:
                        await self.give_up(unit, conversation)
                elif given is not None:
                    after, further = advance(flow, state, given)
                    flow_next = (flow, after, tuple(further))
            if flow_next is None:
                return
            flow, state, actions = flow_next
        log.error("flow %s of conversation %s turns in circles", flow.name, conversation.conversation_id)
        await self.give_up(unit, conversation)

    async def give_up(self, unit: Unit, conversation: Conversation) -> None:
        """Bring whoever a flow cannot serve any more to a person; conversations that people had stay over."""
        keep(unit, conversation, None)
        if conversation.state == "flow":
            await self._dispatcher.enqueue(unit, conversation, self.default_queue(conversation.instance))

    async def run(self) -> None:
        """Let time-outs happen until cancelled; lookups under way are then given up."""
        try:
            while True:
                await asyncio.sleep(TICK_S)
                await self.tick()
        finally:
            await self._actions.close()

    async def tick(self) -> None:
        """Let the time-outs happen that are due by now."""
        due = Conversation.filter(flow_timer_at__lte=self._units.now()).order_by("flow_timer_at").limit(100)
        for row in await due:
            try:
                await self._time_out(row.conversation_id)
            except Exception:
                log.exception("a time-out in conversation %s failed", row.conversation_id)
                await self._put_off(row.conversation_id)

    def _wait_out(self, unit: Unit, conversation: Conversation) -> None:
        """Have the flow that queued the conversation looked at, in a unit of its own: it may fail alone."""
        if conversation.flow_state is not None and conversation.flow_state.get("awaiting") == "queue":
            conversation.flow_timer_at = unit.now
            unit.touch(conversation)

    async def _leaves_queue(self, unit: Unit, conversation: Conversation, flow: Flow, state: State) -> bool:
        """Take who has waited too long out of the queue; False for those who wait on or have been served."""
        if not goes_on(flow, state, "timed_out") or conversation.call_back is not None:
            return False
        work = await live_work(conversation, "waiting", "offered")
        if work is None or _has_had_an_agent(conversation, work):
            return False
        if work.state == "offered":  # the agent may decline
            conversation.flow_timer_at = unit.now + timedelta(seconds=RECHECK_S)
            return False
        await self._dispatcher.withdraw(unit, conversation, WAITED_OUT)
        conversation.state = "flow"
        timeline.add_notice(unit, conversation, WAITED_OUT)
        timeline.record_change(unit, conversation, "updated")
        return True

    async def _put_off(self, conversation_id: str) -> None:
        """Try a failed time-out again later, so that it does not keep others waiting."""
        async with self._units.open() as unit:
            conversation = await unit.conversation(conversation_id)
            conversation.flow_timer_at = unit.now + timedelta(seconds=PUT_OFF_S)
            unit.touch(conversation)

    async def _time_out(self, conversation_id: str) -> None:
        async with self._units.open() as unit, self._dispatcher.deciding(unit):
            conversation = await unit.conversation(conversation_id)
            if conversation.flow_timer_at is None or conversation.flow_timer_at > unit.now:
                return
            conversation.flow_timer_at = None
            unit.touch(conversation)
            known = await self._running(conversation)
            if known is None:
                await self.give_up(unit, conversation)
                return
            flow, state = known
            given: AnyInput = TimedOut(turn=state.turn)
            if state.awaiting == "message" and has_hung_up(conversation):
                given = PersonLeft()  # what they said has never come
            elif state.awaiting == "lookup":
                given = LookedUp(turn=state.turn, status="failed")
            elif state.awaiting == "knowledge":
                given = KnowledgeFound(turn=state.turn, status="failed")
            elif state.awaiting == "queue":
                if not await self._leaves_queue(unit, conversation, flow, state):
                    return
                given = QueueLeft(turn=state.turn, outcome="timed_out")
            after, actions = advance(flow, state, given)
            await self.carry_out(unit, conversation, (flow, after, tuple(actions)))

    def _handed_over(self, conversation: Conversation, action: HandOver) -> Turned | None:
        flow = self._library.published(action.flow)
        if flow is None:
            log.error("flow %s is handed over to but not published", action.flow)
            return None
        state, actions = start(flow, action.variables, node=action.node)
        return flow, state, tuple(actions)

    async def _told(self, conversation_id: str, answer: LookedUp | KnowledgeFound) -> None:
        async with self._units.open() as unit, self._dispatcher.deciding(unit):
            conversation = await unit.conversation(conversation_id)
            known = await self._running(conversation)
            if known is None:
                return
            flow, state = known
            after, actions = advance(flow, state, answer)
            if after != state:
                await self.carry_out(unit, conversation, (flow, after, tuple(actions)))

    async def _running(self, conversation: Conversation) -> tuple[Flow, State] | None:
        if conversation.flow_state is None:
            return None
        try:
            state = msgspec.convert(conversation.flow_state, State)
        except msgspec.ValidationError:
            log.exception("the flow of conversation %s cannot be read", conversation.conversation_id)
            return None
        flow = await self._library.version(state.flow, state.version)
        return None if flow is None else (flow, state)


def given_variables(conversation: Conversation) -> dict[str, str]:
    """Return what every flow begins with."""
    return {
        "medium": "voice" if is_on_the_line(conversation) else "text",
        "language": timeline.language_of(conversation),
        "channel": conversation.channel,
        "instance": conversation.instance,
        "contact_name": conversation.contact_name,
        "contact_level": str(conversation.contact_level),
        "number": conversation.address.removeprefix("tel:") if has_number(conversation) else "",
    }


def _has_had_an_agent(conversation: Conversation, work: WorkItem) -> bool:
    """Whether an agent has had the conversation since its flow queued it.

    What is transferred or returned is still the same work; what an agent put aside comes back as a message left.
    """
    taken_at = conversation.assigned_at
    return taken_at is not None and (taken_at >= work.enqueued_at or work.channel_class == MESSAGE_CLASS)


def _said(message: MessageReceived) -> Said:
    media_ids = tuple(attachment.media_id for attachment in message.attachments)
    return Said(text=message.text, choice=message.choice, media_ids=media_ids)
