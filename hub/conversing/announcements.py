"""Says to citizens what the hub itself has to say: written where they write, spoken where they are on the phone."""

from hub.calls.steps import CallSteps
from hub.conversing import timeline
from hub.store.models import Conversation
from hub.units import Unit


class Announcements:
    """The hub's own words, in whatever way the citizen can hear them."""

    def __init__(self, calls: CallSteps) -> None:
        self._calls = calls

    async def say(self, unit: Unit, conversation: Conversation, text: str) -> None:
        """Tell the citizen of this conversation."""
        if (live := await self._calls.live(unit, conversation)) is not None:
            self._calls.announce(unit, live, text)
        else:
            timeline.add_automatic(unit, conversation, await unit.reply_address(conversation), text)

    async def hang_up(self, unit: Unit, conversation: Conversation) -> None:
        """End the call with the citizen of this conversation without a word."""
        if (live := await self._calls.live(unit, conversation)) is not None:
            self._calls.hang_up(live)
