"""Call-backs: asked for by a key while waiting, made in the caller's turn, tried again, given up with a reason.

The work stays in its queue with its age, so a call-back is overtaken by nobody; an agent who takes it has the citizen
called. Between tries it waits outside the queue and comes back to its old place.
"""

import asyncio
import logging
from datetime import timedelta
from typing import Final

import msgspec

from core.events import CallBackView
from core.events.calls import Cause
from hub.calls.live_call import LiveCall
from hub.calls.presence import has_number
from hub.calls.steps import CallSteps
from hub.conversing import timeline
from hub.dispatch.dispatcher import Dispatcher
from hub.dispatch.queues import CallBackSetting, Queues
from hub.dispatch.work import CALL_CLASS, live_work
from hub.i18n import text as catalogue
from hub.setup.calendars import Calendars
from hub.store.models import Conversation, WorkItem
from hub.units import Unit, Units

log = logging.getLogger(__name__)

TICK_S: Final = 5.0
CLOSED_S: Final = 60.0  # how often a calendar that is closed is asked again


class CallBacks:
    """Owed calls; the view on the conversation is all there is to one."""

    def __init__(
        self, units: Units, *, queues: Queues, calendars: Calendars, dispatcher: Dispatcher, steps: CallSteps
    ) -> None:
        self._units = units
        self._queues = queues
        self._calendars = calendars
        self._dispatcher = dispatcher
        self._steps = steps

    async def ask(self, unit: Unit, live: LiveCall, keys: str) -> bool:
        """Owe a waiting caller a call-back when ``keys`` ask for one; False when they do not, or cannot."""
        conversation = live.conversation
        settings = self._settings(conversation)
        if not settings.is_offered or conversation.state != "queued" or keys != settings.digit:
            return False
        if conversation.call_back is not None or not has_number(conversation):
            return False
        work = await live_work(conversation, "waiting")
        if work is None or work.channel_class != CALL_CLASS:
            return False  # somebody's phone rings for them already, or they left a message
        conversation.call_back = msgspec.to_builtins(CallBackView(asked_at=unit.now))
        live.unsay()
        live.utterance = None
        words = catalogue("citizen.call_back_noted", timeline.language_of(conversation))
        self._steps.announce(unit, live, words)
        self._steps.hang_up(live)
        timeline.add_notice(unit, conversation, "call_back_asked")
        timeline.record_change(unit, conversation, "updated")
        return True

    def reached(self, unit: Unit, conversation: Conversation) -> None:
        """The citizen has answered: nothing is owed any more."""
        conversation.call_back = conversation.call_back_at = None
        timeline.record_change(unit, conversation, "updated")

    async def failed(self, unit: Unit, conversation: Conversation, cause: Cause) -> None:
        """The citizen did not answer: the agent is free, and it is tried again later or given up."""
        owed = msgspec.convert(conversation.call_back, CallBackView)
        settings = self._settings(conversation)
        tries = owed.tries + 1
        await self._dispatcher.finish(unit, conversation, wraps_up=False)
        conversation.agent_id = None
        timeline.add_notice(unit, conversation, "call_back_failed", cause=cause, tries=str(tries))
        if tries >= settings.tries:
            conversation.call_back = None
            conversation.state = "closed"
            conversation.closed_at = unit.now
            conversation.unread = 0
            timeline.add_notice(unit, conversation, "call_back_given_up", tries=str(tries))
            timeline.record_change(unit, conversation, "closed")
            return
        next_at = unit.now + timedelta(seconds=settings.retry_s)
        conversation.call_back = msgspec.to_builtins(msgspec.structs.replace(owed, tries=tries, next_at=next_at))
        conversation.call_back_at = next_at
        conversation.state = "queued"
        timeline.record_change(unit, conversation, "returned")

    async def run(self) -> None:
        """Let tries that are due wait for an agent again, until cancelled."""
        while True:
            await asyncio.sleep(TICK_S)
            await self.tick()

    async def tick(self) -> None:
        """Bring back what is due by now, at hours at which people may be called."""
        due = Conversation.filter(call_back_at__lte=self._units.now()).order_by("call_back_at").limit(100)
        for row in await due:
            try:
                await self._try_again(row.conversation_id)
            except Exception:
                log.exception("the call-back of conversation %s could not be tried again", row.conversation_id)

    async def _try_again(self, conversation_id: str) -> None:
        async with self._units.open() as unit, self._dispatcher.deciding(unit):
            conversation = await unit.conversation(conversation_id)
            if conversation.call_back is None or conversation.call_back_at is None:
                return
            unit.touch(conversation)
            if conversation.state != "queued":
                conversation.call_back_at = None
                return
            settings = self._settings(conversation)
            if settings.calendar and await self._calendars.situation(settings.calendar, unit.now) != "open":
                conversation.call_back_at = unit.now + timedelta(seconds=CLOSED_S)
                return
            owed = msgspec.convert(conversation.call_back, CallBackView)
            conversation.call_back = msgspec.to_builtins(msgspec.structs.replace(owed, next_at=None))
            conversation.call_back_at = None
            first = await WorkItem.filter(conversation_id=conversation_id).order_by("enqueued_at").first()
            since = unit.now if first is None else first.enqueued_at
            await self._dispatcher.enqueue(unit, conversation, conversation.queue_id or "", since=since)

    def _settings(self, conversation: Conversation) -> CallBackSetting:
        return self._queues.settings(conversation.queue_id or "").call_back
