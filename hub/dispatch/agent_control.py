"""What a supervisor does to an agent: sets their state, takes work from them."""

from core.events import AgentView
from hub.accounts.identity import Identity
from hub.audit import Audit
from hub.dispatch.dispatcher import Dispatcher
from hub.dispatch.presence import Presence, SetState
from hub.errors import not_found
from hub.units import Units


class AgentControl:
    """Every deed stands in the audit log."""

    def __init__(self, units: Units, audit: Audit, dispatcher: Dispatcher, presence: Presence) -> None:
        self._units = units
        self._audit = audit
        self._dispatcher = dispatcher
        self._presence = presence

    async def set_state(
        self, identity: Identity, agent_id: str, state: SetState, reason: str, *, remote: str
    ) -> AgentView:
        """Set another agent's state; what they have in hand stays theirs, except when they are sent offline."""
        before = self._known(agent_id)
        if state == "offline":
            await self._presence.log_out(agent_id)
        else:
            await self._presence.set_state(agent_id, state, reason, work_mode=None)
        async with self._units.open():
            await self._audit.record(
                identity, "agent.state", "agent", agent_id, remote=remote, old=before.state, new=state, reason=reason
            )
        return self._known(agent_id)

    async def release(self, identity: Identity, agent_id: str, *, remote: str) -> AgentView:
        """Let everything the agent has in hand wait again, before all other work."""
        self._known(agent_id)
        async with self._units.open() as unit, self._dispatcher.deciding(unit):
            await self._dispatcher.return_work(unit, agent_id)
            await self._audit.record(identity, "agent.release", "agent", agent_id, remote=remote)
        return self._known(agent_id)

    def _known(self, agent_id: str) -> AgentView:
        view: AgentView | None = self._dispatcher.agents.get(agent_id)
        if view is None:
            raise not_found("agent")
        return view
