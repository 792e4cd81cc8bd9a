"""Ends an agent's service: wrap-up begins, the citizen is asked for a rating or hears goodbye."""

from hub.calls.presence import was_called
from hub.conversing import timeline
from hub.conversing.announcements import Announcements
from hub.dispatch.dispatcher import Dispatcher
from hub.dispatch.queues import Queues
from hub.flows.flows import Flows
from hub.i18n import text as catalogue
from hub.store.models import Conversation
from hub.units import Unit


class Endings:
    """The one way from active to wrap-up, whoever ends it and by whatever means."""

    def __init__(self, dispatcher: Dispatcher, flows: Flows, queues: Queues, announcements: Announcements) -> None:
        self._dispatcher = dispatcher
        self._flows = flows
        self._queues = queues
        self._announcements = announcements

    async def end(
        self,
        unit: Unit,
        conversation: Conversation,
        *,
        by: str,
        citizen_is_there: bool = True,
        into: tuple[str, str] | None = None,
    ) -> None:
        """End an active conversation; ``by`` is who ended it, as the notice names them.

        A citizen who is there goes on ``into`` a flow, at one of its nodes, or is asked for a rating.
        """
        conversation.state = "wrap_up"
        conversation.held = conversation.held_until = conversation.snoozed_until = None
        conversation.waiting_since = conversation.call_back = conversation.call_back_at = None
        timeline.add_notice(unit, conversation, "ended", agent=by)
        await self._dispatcher.finish(unit, conversation)
        if into is not None and await self._flows.start(unit, conversation, into[0], node=into[1]):
            pass
        elif citizen_is_there:
            await self.say_goodbye(unit, conversation)
        timeline.record_change(unit, conversation, "ended")

    async def say_goodbye(self, unit: Unit, conversation: Conversation) -> None:
        """Ask for a rating by the queue's own flow, or just say goodbye; who was called is just let go."""
        if was_called(conversation):
            await self._announcements.hang_up(unit, conversation)
            return
        if await self._flows.served(unit, conversation):
            return
        flow_id = self._queues.settings(conversation.queue_id or "").rating_flow
        if flow_id and await self._flows.start(unit, conversation, flow_id):
            return
        words = catalogue("citizen.ended", timeline.language_of(conversation))
        await self._announcements.say(unit, conversation, words)
