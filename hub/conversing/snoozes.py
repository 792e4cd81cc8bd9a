"""Puts conversations aside until a time, and brings them back."""

import logging
from collections.abc import Callable
from datetime import datetime, time, timedelta
from typing import Annotated, Final
from zoneinfo import ZoneInfo

from msgspec import Meta

from core.config import Settings
from core.events import ConversationView
from hub.accounts.identity import Identity
from hub.conversing import timeline
from hub.conversing.access import owned
from hub.conversing.masking import masked
from hub.dispatch.dispatcher import Dispatcher
from hub.errors import ApiError
from hub.routing.calendars import Calendar, Span
from hub.store.models import Conversation
from hub.store.views import conversation_view
from hub.teamwork.notifications import notify
from hub.units import Unit, Units

log = logging.getLogger(__name__)

LONGEST: Final = timedelta(days=366)
MORNING: Final = Span(time(9), time(10))  # when a business day is taken to begin
AWAY: Final = ("offline", "unreachable")


class Snooze(Settings, frozen=True, kw_only=True):
    """Until when; without a time, until the next business day begins."""

    until: Annotated[datetime, Meta(tz=True)] | None = None


class Snoozes:
    """Conversations that their agents will take up later.

    A snoozed conversation takes none of its agent's capacity. One that comes back while its agent is not at work,
    or has no room for it, waits in its queue.
    """

    def __init__(self, units: Units, dispatcher: Dispatcher, *, timezone: Callable[[], str]) -> None:
        self._units = units
        self._dispatcher = dispatcher
        self._timezone = timezone

    async def snooze(self, identity: Identity, conversation_id: str, snooze: Snooze) -> ConversationView:
        """Put a conversation aside; putting it aside again moves its time."""
        async with self._units.open() as unit, self._dispatcher.deciding(unit):
            conversation = await owned(unit, identity, conversation_id, "active")
            until = snooze.until or self.next_business_day(unit.now)
            if not unit.now < until <= unit.now + LONGEST:
                raise ApiError(422, "invalid", "not within a year from now", fields={"until": "out_of_range"})
            if conversation.call is not None and conversation.call.get("ended_at") is None:
                raise ApiError(409, "wrong_state", "the citizen is on the line")
            conversation.snoozed_until = until
            conversation.held = conversation.held_until = None
            await self._dispatcher.finish(unit, conversation, wraps_up=False)
            timeline.add_notice(unit, conversation, "snoozed", agent=identity.display_name, until=until.isoformat())
            timeline.record_change(unit, conversation, "snoozed")
            return masked(conversation_view(conversation), identity)

    async def wake(self, identity: Identity, conversation_id: str) -> ConversationView:
        """Take a conversation up again before its time."""
        async with self._units.open() as unit, self._dispatcher.deciding(unit):
            conversation = await owned(unit, identity, conversation_id, "active")
            if conversation.snoozed_until is not None:
                conversation.snoozed_until = None
                if not await self._resume(unit, conversation):
                    raise ApiError(409, "no_room", "their agent has no room for it")
                timeline.record_change(unit, conversation, "woken")
            return masked(conversation_view(conversation), identity)

    def next_business_day(self, now: datetime) -> datetime:
        """Return when the next business day after today begins; public holidays are none."""
        business_days = Calendar(weekly=dict.fromkeys(range(5), (MORNING,)), timezone=self._timezone())
        tomorrow = business_days.local_day(now) + timedelta(days=1)
        opening = business_days.next_opening(datetime.combine(tomorrow, time(0), ZoneInfo(business_days.timezone)))
        assert opening is not None, "there is a business day within a year"
        return opening

    async def tick(self) -> None:
        """Bring back what is due."""
        due = Conversation.filter(snoozed_until__lte=self._units.now()).order_by("snoozed_until").limit(100)
        for conversation_id in [row.conversation_id for row in await due]:
            try:
                await self._wake_due(conversation_id)
            except Exception:  # the others are due all the same
                log.exception("conversation %s could not be brought back", conversation_id)

    async def _wake_due(self, conversation_id: str) -> None:
        async with self._units.open() as unit, self._dispatcher.deciding(unit):
            conversation = await unit.conversation(conversation_id)
            if conversation.snoozed_until is not None and conversation.snoozed_until <= unit.now:
                await self._bring_back(unit, conversation)

    async def _bring_back(self, unit: Unit, conversation: Conversation) -> None:
        conversation.snoozed_until = None
        agent_id = conversation.agent_id
        if conversation.state != "active" or agent_id is None:
            timeline.record_change(unit, conversation, "woken")
            return
        notify(unit, agent_id, "woken", conversation.conversation_id, name=conversation.contact_name)
        timeline.add_notice(unit, conversation, "woken")
        agent = self._dispatcher.agents.get(agent_id)
        is_away = agent is None or agent.state in AWAY
        if conversation.queue_id is not None and (is_away or not await self._resume(unit, conversation)):
            conversation.agent_id = None
            conversation.state = "queued"  # also where the queue is full
            conversation.queued_at = unit.now
            await self._dispatcher.enqueue(unit, conversation, conversation.queue_id, is_message=True)
        timeline.record_change(unit, conversation, "woken")

    async def _resume(self, unit: Unit, conversation: Conversation) -> bool:
        agent_id, queue_id = conversation.agent_id, conversation.queue_id
        if agent_id is None or queue_id is None:
            return True
        return await self._dispatcher.resume(unit, agent_id, conversation, queue_id)
