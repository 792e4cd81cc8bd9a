"""Takes what callers say at menus that let them say or press."""

import logging

from core.flow import Said
from hub.calls.plans import CallPlans
from hub.dispatch.dispatcher import Dispatcher
from hub.flows.flows import Flows
from hub.units import Units

log = logging.getLogger(__name__)


class SpokenMenus:
    """Answers flows with what was understood, as keys do."""

    def __init__(self, units: Units, plans: CallPlans, flows: Flows, dispatcher: Dispatcher) -> None:
        self._units = units
        self._plans = plans
        self._flows = flows
        self._dispatcher = dispatcher

    async def hear(self, call_id: str, text: str) -> None:
        """Take ``text`` as an answer when the flow still waits for one; noise and second thoughts change nothing."""
        async with self._units.open() as unit, self._dispatcher.deciding(unit):
            live = await self._plans.open(unit, call_id)
            if live is None or live.citizen is None or not await self._flows.understands(live.conversation, text):
                return
            if self._plans.voice.cut_short(unit, live):
                await self._flows.tell(unit, live.conversation, Said(text=text))
