"""Runs flows for conversations: greets, answers, hands over; carries out what the interpreter asks for.

Every step is stored with the conversation in the same unit of work; a version that was
published once stays readable, so running conversations end on theirs.
"""

import asyncio
import logging
from datetime import timedelta
from functools import partial
from typing import Final

import msgspec

from core.events import MessageReceived
from core.flow import (
    AnyAction,
    AnyInput,
    AskCalendar,
    CalendarAnswered,
    End,
    Enqueue,
    Flow,
    HandOver,
    KnowledgeFound,
    LookedUp,
    QueueLeft,
    Rated,
    Said,
    Say,
    SearchKnowledge,
    Send,
    SendTaken,
    SetTimer,
    StartLookup,
    StartRecording,
    State,
    TakeMessage,
    TimedOut,
    Transfer,
    TransferEnded,
    advance,
    start,
)
from core.flow.steps import QueueStep
from hub import timeline
from hub.calendars import Calendars
from hub.calls.steps import CallSteps
from hub.connectors import Connectors
from hub.contact_links import ContactLinks
from hub.dispatcher import Dispatcher
from hub.flow_library import FlowLibrary
from hub.knowledge.answering import Answering
from hub.mails import is_mail
from hub.outreach.outbound import Outbound
from hub.store.models import Conversation
from hub.units import Unit, Units

log = logging.getLogger(__name__)

PUT_OFF_S: Final = 60.0
TICK_S: Final = 1.0
LOOKUP_GRACE_S: Final = 2.0  # a lookup that was under way when the hub died is given up that much after its limit
QUESTION_CHARS: Final = 6  # first words shorter than that are a greeting, nothing to look up
MAX_ROUNDS: Final = 50  # of questions to the calendar, lookups and flows that hand over, for one input

Turned = tuple[Flow, State, tuple[AnyAction, ...]]


class Flows:
    """Flows of conversations in text; the state is the conversation's own."""

    def __init__(
        self,
        units: Units,
        *,
        dispatcher: Dispatcher,
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
        self._calendars = calendars
        self._connectors = connectors
        self._calls = calls
        self._answering = answering
        self._links = links
        self._outbound = outbound

    def default_queue(self, instance: str) -> str:
        """Return the queue for work of a channel whose flow names none."""
        return self._library.entry(instance).queue

    async def greet(
        self, unit: Unit, conversation: Conversation, message: MessageReceived | None, *, dialled: str = ""
    ) -> None:
        """Start the channel's flow, or the dialled number's; first words that it understands are its first answer."""
        flow = self._library.published(self._library.entry(conversation.instance, dialled).flow)
        # what every channel begins with is for people who wait for an answer, not for who writes a mail
        is_unmeant = is_mail(conversation.address) and not self._library.names(conversation.instance)
        if flow is None or is_unmeant or (message is not None and message.is_automatic):
            queue_id = conversation.queue_id or self.default_queue(conversation.instance)
            await self._dispatcher.enqueue(unit, conversation, queue_id, is_message=is_mail(conversation.address))
            return
        state, actions = start(flow, _variables(conversation))
        if message is not None and state is not None:
            answered, further = advance(flow, state, _said(message))
            is_greeting = answered.awaiting == "knowledge" and len(message.text.strip()) < QUESTION_CHARS
            if not is_greeting and (answered.node != state.node or answered.awaiting != state.awaiting):
                state, actions = answered, (*actions[:1], *further)
        await self.carry_out(unit, conversation, (flow, state, tuple(actions)))

    async def start(self, unit: Unit, conversation: Conversation, flow_id: str) -> bool:
        """Start a flow of this name; False when none is published."""
        flow = self._library.published(flow_id)
        if flow is None:
            return False
        state, actions = start(flow, _variables(conversation))
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
            self._keep(unit, conversation, state)
            flow_next: Turned | None = None
            has_spoken = any(isinstance(action, Say) for action in actions)
            for action in actions:
                given = await self._do(unit, conversation, flow, state, action, has_spoken=has_spoken)
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
        self._keep(unit, conversation, None)
        if conversation.state == "flow":
            await self._dispatcher.enqueue(unit, conversation, self.default_queue(conversation.instance))

    async def run(self) -> None:
        """Let time-outs happen until cancelled; lookups under way are then given up."""
        try:
            while True:
                await asyncio.sleep(TICK_S)
                await self.tick()
        finally:
            await self._connectors.close()
            await self._answering.close()

    async def tick(self) -> None:
        """Let the time-outs happen that are due by now."""
        due = Conversation.filter(flow_timer_at__lte=self._units.now()).order_by("flow_timer_at").limit(100)
        for row in await due:
            try:
                await self._time_out(row.conversation_id)
            except Exception:
                log.exception("a time-out in conversation %s failed", row.conversation_id)
                await self._put_off(row.conversation_id)

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
            if state.awaiting == "lookup":
                given = LookedUp(turn=state.turn, status="failed")
            elif state.awaiting == "knowledge":
                given = KnowledgeFound(turn=state.turn, status="failed")
            after, actions = advance(flow, state, given)
            await self.carry_out(unit, conversation, (flow, after, tuple(actions)))

    async def _do(
        self, unit: Unit, conversation: Conversation, flow: Flow, state: State, action: AnyAction, *, has_spoken: bool
    ) -> AnyInput | HandOver | None:
        """Carry out one action; return what the flow is to be told at once, if anything."""
        live = await self._calls.live(unit, conversation)
        if live is None:
            return await self._do_in_text(unit, conversation, flow, state, action, has_spoken=has_spoken)
        if self._calls.do(unit, live, action):
            return None
        given = await self._do_in_text(unit, conversation, flow, state, action, has_spoken=has_spoken)
        if isinstance(action, End):
            self._calls.hang_up(live)
        return given

    async def _do_in_text(
        self, unit: Unit, conversation: Conversation, flow: Flow, state: State, action: AnyAction, *, has_spoken: bool
    ) -> AnyInput | HandOver | None:
        match action:
            case Say():
                address = await unit.reply_address(conversation)
                timeline.add_automatic(
                    unit, conversation, address, action.text, choices=action.choices, author_kind="flow"
                )
            case SetTimer():
                conversation.flow_timer_at = unit.now + timedelta(seconds=action.seconds)
                unit.touch(conversation)
            case StartLookup() | SearchKnowledge():
                self._ask_elsewhere(unit, conversation, action)
            case AskCalendar() | Send() | Transfer():
                return await self._answer(unit, conversation, action)
            case Enqueue():
                leaves_when_full = _goes_on_when_full(flow, state)
                if not await self._enqueue(
                    unit, conversation, action, has_spoken=has_spoken, leaves_when_full=leaves_when_full
                ):
                    return QueueLeft(turn=action.turn, outcome="full")
            case TakeMessage():
                await self._take_message(unit, conversation, action)
            case Rated():
                _rate(unit, conversation, action)
            case HandOver():
                return action
            case End():
                self._end(unit, conversation, action)
            case StartRecording():
                pass  # a text channel: what the person writes is the message
        return None

    def _ask_elsewhere(self, unit: Unit, conversation: Conversation, action: StartLookup | SearchKnowledge) -> None:
        """Have a machine asked once this unit is committed, and give it up when no answer comes."""
        conversation.flow_timer_at = unit.now + timedelta(seconds=action.timeout_s + LOOKUP_GRACE_S)
        unit.touch(conversation)
        conversation_id = conversation.conversation_id
        if isinstance(action, StartLookup):
            unit.after(partial(self._connectors.start, conversation_id, action, self._told))
        else:
            unit.after(partial(self._answering.start, conversation_id, action, self._told))

    async def _answer(
        self, unit: Unit, conversation: Conversation, action: AskCalendar | Send | Transfer
    ) -> CalendarAnswered | SendTaken | TransferEnded:
        """Do what is done at once and return what came of it."""
        match action:
            case AskCalendar():
                situation = await self._calendars.situation(action.calendar, unit.now)
                return CalendarAnswered(turn=action.turn, situation=situation)
            case Send():
                return SendTaken(turn=action.turn, is_taken=await self._outbound.push(unit, conversation, action))
            case Transfer():
                return TransferEnded(turn=action.turn, is_answered=False)  # there is no call in a chat

    async def _enqueue(
        self, unit: Unit, conversation: Conversation, action: Enqueue, *, has_spoken: bool, leaves_when_full: bool
    ) -> bool:
        if values := "，".join(f"{name}：{value}" for name, value in action.shown.items() if value):
            timeline.add_notice(unit, conversation, "collected", values=values)
        queue_id = action.queue_id or self.default_queue(conversation.instance)
        return await self._dispatcher.enqueue(
            unit,
            conversation,
            queue_id,
            priority=action.priority,
            skills=dict(action.skills),
            is_message=is_mail(conversation.address),
            is_announced=has_spoken,
            leaves_when_full=leaves_when_full,
        )

    async def _take_message(self, unit: Unit, conversation: Conversation, action: TakeMessage) -> None:
        timeline.add_notice(unit, conversation, "contact_left_message")
        await self._dispatcher.enqueue(
            unit,
            conversation,
            action.queue_id or self.default_queue(conversation.instance),
            priority=action.priority,
            skills=dict(action.skills),
            is_message=True,
        )

    def _end(self, unit: Unit, conversation: Conversation, action: End) -> None:
        self._keep(unit, conversation, None)
        if conversation.state != "flow":
            return  # people have it, or had it
        conversation.state = "closed"
        conversation.closed_at = unit.now
        conversation.unread = 0
        timeline.add_notice(unit, conversation, "flow_ended", reason=action.reason)
        timeline.record_change(unit, conversation, "closed")

    def _keep(self, unit: Unit, conversation: Conversation, state: State | None) -> None:
        """Store where the flow stands; a flow that is over is forgotten, timers of earlier turns too."""
        is_over = state is None or state.is_over
        conversation.flow_id = None if state is None else state.flow
        conversation.flow_version = None if state is None else state.version
        stored = conversation.flow_state
        if state is None or stored is None or (stored["flow"], stored.get("turn", 0)) != (state.flow, state.turn):
            conversation.flow_timer_at = None
        conversation.flow_state = None if is_over else msgspec.to_builtins(state)
        unit.touch(conversation)

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


def _goes_on_when_full(flow: Flow, state: State) -> bool:
    node = flow.nodes.get(state.node)
    return isinstance(node, QueueStep) and "full" in node.on


def _variables(conversation: Conversation) -> dict[str, str]:
    return {
        "medium": "text" if conversation.call is None else "voice",
        "language": timeline.language_of(conversation),
        "channel": conversation.channel,
        "instance": conversation.instance,
        "contact_name": conversation.contact_name,
        "contact_level": str(conversation.contact_level),
    }


def _said(message: MessageReceived) -> Said:
    media_ids = tuple(attachment.media_id for attachment in message.attachments)
    return Said(text=message.text, choice=message.choice, media_ids=media_ids)


def _rate(unit: Unit, conversation: Conversation, action: Rated) -> None:
    conversation.rating = action.score
    values = {"score": str(action.score), "best": str(action.best)}
    if action.comment:
        values["comment"] = action.comment
    timeline.add_notice(unit, conversation, "rated", **values)
    timeline.record_change(unit, conversation, "rated")
