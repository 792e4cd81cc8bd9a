"""Sends the citizen of a call into a flow and back: a PIN is entered, a question answered, while the agent waits.

What the conversation's own flow waits for is put aside meanwhile, and goes on where it was. Nobody else hears the
citizen in a flow, and nothing of it is recorded.
"""

import msgspec

from core.config import Settings
from core.events import ConversationView
from core.flow import entrances
from core.flow.steps import OptionalNodeId, Token
from hub.accounts.identity import Identity
from hub.calls.plans import CallPlans
from hub.calls.put_aside import put_aside
from hub.conversing import timeline
from hub.conversing.access import owned
from hub.conversing.endings import Endings
from hub.conversing.masking import masked
from hub.dispatch.dispatcher import Dispatcher
from hub.errors import ApiError
from hub.flows.flows import Flows
from hub.flows.library import FlowLibrary
from hub.store.views import conversation_view
from hub.units import Units


class FlowEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A flow that citizens can be sent into, and the nodes besides its start at which that may begin.

    Those are the entries it names, and its menus, apart from those that need answers given before them.
    """

    flow_id: str
    title: dict[str, str]
    entries: list[str]


class FlowTarget(Settings, frozen=True, kw_only=True):
    """Where in which flow the citizen goes on; with ``comes_back`` the agent waits for them."""

    flow_id: Token
    node: OptionalNodeId = ""
    comes_back: bool = True


class FlowVisits:
    """Visits of citizens in flows, each begun by the agent they talk with."""

    def __init__(
        self,
        units: Units,
        *,
        plans: CallPlans,
        library: FlowLibrary,
        flows: Flows,
        dispatcher: Dispatcher,
        endings: Endings,
    ) -> None:
        self._units = units
        self._plans = plans
        self._library = library
        self._flows = flows
        self._dispatcher = dispatcher
        self._endings = endings

    def entries(self) -> list[FlowEntry]:
        """Return every flow that citizens can be sent into."""
        return [
            FlowEntry(flow_id=flow_id, title=dict(flow.title), entries=list(entrances(flow)))
            for flow_id, flow in sorted(self._library.all_published().items())
        ]

    async def send(self, identity: Identity, conversation_id: str, target: FlowTarget) -> ConversationView:
        """Send the citizen into a flow; 404 when it is not published, 422 when it may not begin at that node."""
        flow = self._library.published(target.flow_id)
        if flow is None:
            raise ApiError(404, "not_found", "no such flow is published")
        if target.node and target.node not in (flow.start, *entrances(flow)):
            raise ApiError(422, "invalid", "the flow cannot be entered there", fields={"node": "unknown"})
        async with self._units.open() as unit, self._dispatcher.deciding(unit):
            conversation = await owned(unit, identity, conversation_id, "active")
            live = await self._plans.of(unit, conversation)
            if live is None or live.citizen is None or not live.answered("agent"):
                raise ApiError(409, "no_call", "nobody is on the line")
            if live.row.visit is not None:
                raise ApiError(409, "in_flow", "the citizen is in a flow already")
            title = flow.title.get("zh") or target.flow_id
            if target.comes_back:
                put_aside(live)
                timeline.add_notice(unit, conversation, "flow_visited", flow=title, agent=identity.display_name)
                await self._flows.start(unit, conversation, target.flow_id, node=target.node)
            else:
                timeline.add_notice(unit, conversation, "flow_passed_on", flow=title, agent=identity.display_name)
                await self._endings.end(
                    unit, conversation, by=identity.display_name, into=(target.flow_id, target.node)
                )
            self._plans.show(live)
            return masked(conversation_view(conversation), identity)
