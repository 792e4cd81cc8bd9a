"""What a supervisor does to an agent: sets their state, takes work from them, locks them, logs them out."""

from core.events import AgentView, ConversationView
from hub.accounts.identity import Identity
from hub.accounts.sessions import Sessions
from hub.audit import Audit
from hub.calls.phones import Phones
from hub.conversing.access import visible
from hub.conversing.masking import masked
from hub.desktop.desk import Desk
from hub.dispatch.dispatcher import Dispatcher
from hub.dispatch.presence import Presence, SetState, is_locked
from hub.dispatch.work import CALL_CLASS, channel_class
from hub.errors import ApiError, not_found
from hub.store.views import conversation_view
from hub.teamwork.notifications import notify
from hub.units import Units


class AgentControl:
    """Every deed stands in the audit log."""

    def __init__(
        self,
        units: Units,
        audit: Audit,
        dispatcher: Dispatcher,
        *,
        presence: Presence,
        sessions: Sessions,
        phones: Phones,
        desk: Desk,
    ) -> None:
        self._units = units
        self._audit = audit
        self._dispatcher = dispatcher
        self._presence = presence
        self._sessions = sessions
        self._phones = phones
        self._desk = desk

    async def set_state(
        self, identity: Identity, agent_id: str, state: SetState, reason: str, *, remote: str
    ) -> AgentView:
        """Set another agent's state; what they have in hand stays theirs, except when they are sent offline."""
        before = self._known(agent_id)
        if is_locked(before):
            raise ApiError(409, "locked_state", "the agent is locked")
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

    async def assign(
        self, identity: Identity, conversation_id: str, agent_id: str, reason: str, *, remote: str
    ) -> ConversationView:
        """Give what waits to an agent, who is told; a call has to be answered, so it cannot be given like that."""
        agent = self._known(agent_id)
        async with self._units.open() as unit, self._dispatcher.deciding(unit):
            conversation = await visible(unit, identity, conversation_id)
            if channel_class(conversation) == CALL_CLASS:
                raise ApiError(409, "is_call", "a call is offered, not assigned")
            if is_locked(agent):
                raise ApiError(409, "agent_gone", "the agent is locked")
            await self._dispatcher.assign(unit, agent_id, conversation, reason)
            if agent_id != identity.user_id:
                by, name = identity.display_name, conversation.contact_name
                notify(unit, agent_id, "assigned", conversation_id, by=by, name=name)
            await self._audit.record(
                identity, "conversation.assign", "conversation", conversation_id, remote=remote, agent=agent_id
            )
            return masked(conversation_view(conversation), identity)

    async def log_out(self, identity: Identity, agent_id: str, *, remote: str) -> AgentView:
        """Take what the agent has in hand, end their sessions and their browsers' phones: they have to log in again."""
        self._known(agent_id)
        await self._presence.log_out(agent_id)
        await self._sessions.end_all(agent_id)
        await self._phones.revoke_browsers(agent_id)
        self._desk.end(agent_id, "logged_out")
        await self._audit.note(identity, "agent.log_out", "agent", agent_id, remote=remote)
        return self._known(agent_id)

    async def lock(self, identity: Identity, agent_id: str, *, remote: str) -> AgentView:
        """Take what the agent has in hand and let them take nothing, log in as they may, until they are unlocked."""
        if agent_id == identity.user_id:
            raise ApiError(409, "yourself", "nobody locks themselves")
        self._known(agent_id)
        await self._presence.lock(agent_id)
        await self._audit.note(identity, "agent.lock", "agent", agent_id, remote=remote)
        return self._known(agent_id)

    async def unlock(self, identity: Identity, agent_id: str, *, remote: str) -> AgentView:
        """Let a locked agent choose their state again; they begin busy, or offline when they are not there."""
        if not is_locked(self._known(agent_id)):
            raise ApiError(409, "not_locked", "the agent is not locked")
        await self._presence.unlock(agent_id)
        await self._audit.note(identity, "agent.unlock", "agent", agent_id, remote=remote)
        return self._known(agent_id)

    def _known(self, agent_id: str) -> AgentView:
        view: AgentView | None = self._dispatcher.agents.get(agent_id)
        if view is None:
            raise not_found("agent")
        return view
