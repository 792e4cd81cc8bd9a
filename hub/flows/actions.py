"""Carries out, in text and on the phone, what a flow asks for; each action inside the unit of work of its step."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Final

import msgspec

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
    Say,
    SearchKnowledge,
    Send,
    SendTaken,
    SetTimer,
    StartLookup,
    StartRecording,
    State,
    TakeMessage,
    Transfer,
    TransferEnded,
)
from core.flow.steps import QueueEnd, QueueStep
from hub.calls.steps import CallSteps
from hub.connectors.connectors import Connectors
from hub.conversing import timeline
from hub.conversing.mails import is_mail
from hub.dispatch.dispatcher import Dispatcher
from hub.dispatch.queues import Queues
from hub.flows.library import FlowLibrary
from hub.knowledge.answering import Answering
from hub.outreach.outbound import Outbound
from hub.setup.calendars import Calendars
from hub.store.models import Conversation
from hub.units import Unit

LOOKUP_GRACE_S: Final = 2.0  # a lookup that was under way when the hub died is given up that much after its limit

Told = Callable[[str, LookedUp | KnowledgeFound], Awaitable[None]]  # the conversation, and what a machine answered


class FlowActions:
    """What flows ask for, done; ``told`` hears later what machines answered."""

    def __init__(
        self,
        *,
        dispatcher: Dispatcher,
        queues: Queues,
        library: FlowLibrary,
        calendars: Calendars,
        connectors: Connectors,
        answering: Answering,
        calls: CallSteps,
        outbound: Outbound,
        told: Told,
    ) -> None:
        self._dispatcher = dispatcher
        self._queues = queues
        self._library = library
        self._calendars = calendars
        self._connectors = connectors
        self._answering = answering
        self._calls = calls
        self._outbound = outbound
        self._told = told

    async def close(self) -> None:
        """Give up what machines were asked."""
        await self._connectors.close()
        await self._answering.close()

    async def do(
        self, unit: Unit, conversation: Conversation, flow: Flow, state: State, action: AnyAction, *, has_spoken: bool
    ) -> AnyInput | HandOver | None:
        """Carry out one action; return what the flow is to be told at once, if anything."""
        live = await self._calls.live(unit, conversation)
        if live is None:
            return await self._do_in_text(unit, conversation, flow, state, action, has_spoken=has_spoken)
        if live.row.visit is not None and isinstance(action, End | Enqueue | TakeMessage):
            self._calls.come_back(unit, live, flow, state)  # whoever wants a person has one
            return None
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
                return await self._enqueue(unit, conversation, flow, state, action, has_spoken=has_spoken)
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
        self, unit: Unit, conversation: Conversation, flow: Flow, state: State, action: Enqueue, *, has_spoken: bool
    ) -> QueueLeft | None:
        """Queue the conversation; when its flow says how it goes on without people, tell it that none are there."""
        queue_ids = [action.queue_id or self._library.entry(conversation.instance).queue, *action.or_queues]
        if goes_on(flow, state, "closed"):
            queue_ids = [queue_id for queue_id in queue_ids if await self._is_open(queue_id, unit.now)]
            if not queue_ids:
                return QueueLeft(turn=action.turn, outcome="closed")
        _show(unit, conversation, action)
        is_queued = await self._dispatcher.enqueue(
            unit,
            conversation,
            self._dispatcher.least_loaded(queue_ids),
            priority=action.priority,
            skills=dict(action.skills),
            work_number=action.agent,
            is_message=is_mail(conversation.address),
            is_announced=has_spoken,
            leaves_when_full=goes_on(flow, state, "full"),
        )
        return None if is_queued else QueueLeft(turn=action.turn, outcome="full")

    async def _is_open(self, queue_id: str, now: datetime) -> bool:
        """Whether it is a time of business for the queue; one without a calendar is always open."""
        calendar = self._queues.settings(queue_id).opening_calendar
        return not calendar or await self._calendars.situation(calendar, now) == "open"

    async def _take_message(self, unit: Unit, conversation: Conversation, action: TakeMessage) -> None:
        _show(unit, conversation, action)
        timeline.add_notice(unit, conversation, "contact_left_message")
        await self._dispatcher.enqueue(
            unit,
            conversation,
            action.queue_id or self._library.entry(conversation.instance).queue,
            priority=action.priority,
            skills=dict(action.skills),
            is_message=True,
        )

    def _end(self, unit: Unit, conversation: Conversation, action: End) -> None:
        keep(unit, conversation, None)
        if conversation.state != "flow":
            return  # people have it, or had it
        conversation.state = "closed"
        conversation.closed_at = unit.now
        conversation.unread = 0
        timeline.add_notice(unit, conversation, "flow_ended", reason=action.reason)
        timeline.record_change(unit, conversation, "closed")


def goes_on(flow: Flow, state: State, outcome: QueueEnd) -> bool:
    """Whether the flow stands at a queue and says where to go when the queue is left like this."""
    node = flow.nodes.get(state.node)
    return isinstance(node, QueueStep) and outcome in node.on


def _show(unit: Unit, conversation: Conversation, action: Enqueue | TakeMessage) -> None:
    if values := "，".join(f"{name}：{value}" for name, value in action.shown.items() if value):
        timeline.add_notice(unit, conversation, "collected", values=values)


def _rate(unit: Unit, conversation: Conversation, action: Rated) -> None:
    conversation.rating = action.score
    values = {"score": str(action.score), "best": str(action.best)}
    if action.comment:
        values["comment"] = action.comment
    timeline.add_notice(unit, conversation, "rated", **values)
    timeline.record_change(unit, conversation, "rated")


def keep(unit: Unit, conversation: Conversation, state: State | None) -> None:
    """Store where the flow stands; a flow that is over is forgotten, timers of earlier turns too."""
    is_over = state is None or state.is_over
    conversation.flow_id = None if state is None else state.flow
    conversation.flow_version = None if state is None else state.version
    stored = conversation.flow_state
    if state is None or stored is None or (stored["flow"], stored.get("turn", 0)) != (state.flow, state.turn):
        conversation.flow_timer_at = None
    conversation.flow_state = None if is_over else msgspec.to_builtins(state)
    unit.touch(conversation)
