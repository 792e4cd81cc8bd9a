"""Agents coming and going: states they set, browsers that vanish, and the grace before their work returns."""

import asyncio
import logging
from typing import Literal

from core.events import AgentView
from core.events.routing import WorkMode
from hub.desktop.desk import Desk
from hub.dispatch.dispatcher import Dispatcher
from hub.dispatch.dispatcher import Presence as AnyPresence
from hub.dispatch.stretches import LOCKED
from hub.errors import ApiError
from hub.store.models import AgentStatus, AwayReason
from hub.units import Units

log = logging.getLogger(__name__)

SetState = Literal["available", "busy", "away", "offline"]


class Presence:
    """Keeps the routing core's idea of who is there in step with who really is."""

    def __init__(self, units: Units, dispatcher: Dispatcher, desk: Desk, *, grace_s: float) -> None:
        self._units = units
        self._dispatcher = dispatcher
        self._desk = desk
        self._grace_s = grace_s
        self._graces: dict[str, asyncio.Task[None]] = {}
        self._before: dict[str, tuple[AnyPresence, str]] = {}  # what lost agents were, to be it again once back
        desk.came.append(self._came)
        desk.left.append(self._left)

    async def set_state(
        self, agent_id: str, state: SetState | None, reason: str, *, work_mode: WorkMode | None
    ) -> AgentView:
        """Set what is given of an agent's state and mode; 422 for an unknown away reason, 409 while they are locked."""
        if is_locked(self._dispatcher.agents.get(agent_id)):
            raise ApiError(409, "locked_state", "a supervisor has locked this agent")
        if state == "away" and await AwayReason.get_or_none(reason=reason, is_active=True) is None:
            raise ApiError(422, "invalid", "no such away reason", fields={"reason": "unknown"})
        async with self._units.open() as unit, self._dispatcher.deciding(unit):
            if work_mode is not None:
                await self._dispatcher.set_mode(unit, agent_id, work_mode)
            if state is not None:
                await self._dispatcher.set_state(unit, agent_id, state, reason)
        view: AgentView = self._dispatcher.agents[agent_id]
        return view

    async def log_out(self, agent_id: str) -> None:
        """The agent goes: nothing is offered any more, what was in hand waits again."""
        if agent_id not in self._dispatcher.agents:
            return
        async with self._units.open() as unit, self._dispatcher.deciding(unit):
            await self._dispatcher.return_work(unit, agent_id)
            if not is_locked(self._dispatcher.agents.get(agent_id)):
                await self._dispatcher.set_state(unit, agent_id, "offline", "")

    async def lock(self, agent_id: str) -> None:
        """Take the agent's work; whatever they do, they are away until ``unlock``."""
        async with self._units.open() as unit, self._dispatcher.deciding(unit):
            await self._dispatcher.set_state(unit, agent_id, "away", LOCKED)
            await self._dispatcher.return_work(unit, agent_id)

    async def unlock(self, agent_id: str) -> None:
        """Let the agent be busy when they are at their desk, offline when not."""
        state: Literal["busy", "offline"] = "busy" if self._desk.is_connected(agent_id) else "offline"
        async with self._units.open() as unit, self._dispatcher.deciding(unit):
            await self._dispatcher.set_state(unit, agent_id, state, "")

    async def watch_absent(self) -> None:
        """After a start: give those who should be there the grace to come back."""
        for status in await AgentStatus.exclude(state__in=("offline", "unreachable")):
            if not self._desk.is_connected(status.user_id):
                await self._left(status.user_id)

    async def close(self) -> None:
        """Stop waiting for anybody."""
        for task in self._graces.values():
            task.cancel()
        await asyncio.gather(*self._graces.values(), return_exceptions=True)

    async def _came(self, agent_id: str) -> None:
        if task := self._graces.pop(agent_id, None):
            task.cancel()
        view = self._dispatcher.agents.get(agent_id)
        if view is not None and view.state == "unreachable":
            async with self._units.open() as unit, self._dispatcher.deciding(unit):
                presence, reason = self._before.pop(agent_id, ("busy", ""))
                await self._dispatcher.set_state(unit, agent_id, presence, reason)

    async def _left(self, agent_id: str) -> None:
        if agent_id not in self._graces:
            self._graces[agent_id] = asyncio.create_task(self._lose_after_grace(agent_id))

    async def _lose_after_grace(self, agent_id: str) -> None:
        await asyncio.sleep(self._grace_s)
        self._graces.pop(agent_id, None)
        view = self._dispatcher.agents.get(agent_id)
        if view is None or view.state == "offline" or is_locked(view) or self._desk.is_connected(agent_id):
            return
        try:
            async with self._units.open() as unit, self._dispatcher.deciding(unit):
                if self._desk.is_connected(agent_id):  # desks attach between units, so now it is certain
                    return
                log.warning("agent %s is lost; their work returns", agent_id)
                presence, reason = self._dispatcher.presence_of(agent_id)
                self._before[agent_id] = (presence, reason)
                await self._dispatcher.lose_agent(unit, agent_id)
        except Exception:
            log.exception("the work of lost agent %s could not be returned", agent_id)


def is_locked(agent: AgentView | None) -> bool:
    """Whether a supervisor lets this agent take no work."""
    return agent is not None and (agent.state, agent.reason) == ("away", LOCKED)
