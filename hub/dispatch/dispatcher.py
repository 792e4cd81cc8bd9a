"""Runs the routing core: feeds it, writes down what it decides, wakes it in time, restores it after a restart."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from typing import Any, Final, Literal

import msgspec

from core.clock import Clock
from core.events import AgentChanged, QueueChanged
from core.ids import new_id
from hub import routing
from hub.calls.ringing import Ringing
from hub.conversing.announcements import Announcements
from hub.desktop.desk import Desk
from hub.dispatch.effects import Effects, WaitedOut
from hub.dispatch.figures import changed_views, least_loaded, place_of, queue_view
from hub.dispatch.memory import keep, profile, read_snapshot
from hub.dispatch.queues import MESSAGE_CLASS, Queues
from hub.dispatch.work import (
    CALL_CLASS,
    as_routed,
    begun_work,
    channel_class,
    live_work,
    offer_to,
    refused_work,
    waiting_work,
    wanted_agent,
)
from hub.errors import ApiError
from hub.store.models import AgentStatus, Conversation, User, WorkItem
from hub.units import Unit, Units

log = logging.getLogger(__name__)

RETRY_FULL_S: Final = 5.0  # how often work that found its queue full tries again
Presence = Literal["available", "busy", "away", "offline", "unreachable"]


class Dispatcher:
    """The one owner of the routing core. Every input happens inside a unit of work, with its effects.

    A unit that fails after the core has moved leaves the two apart: the core is then read anew.
    """

    def __init__(
        self,
        units: Units,
        clock: Clock,
        queues: Queues,
        desk: Desk,
        *,
        announcements: Announcements,
        ringing: Ringing,
    ) -> None:
        self._units = units
        self._clock = clock
        self._queues = queues
        self._desk = desk
        self._ringing = ringing
        self._effects = Effects(queues, announcements, ringing)
        self._core = routing.RoutingCore()
        self._is_stale = False
        self._was_fed = False
        self._woken = asyncio.Event()

    @property
    def agents(self) -> dict[str, Any]:
        """Every agent's view by id, as of the last unit of work."""
        return self._desk.agents

    def on_waited_out(self, act: WaitedOut) -> None:
        """Have ``act`` called, inside the unit, for everybody who has waited as long as their queue lets them."""
        self._effects.waited_out = act

    async def load(self) -> None:
        """Read queues, agents, work and offers, and go on where the last process stopped."""
        await self._queues.load()
        async with self._units.open() as unit:
            await self._restore(unit)
        await self._show_figures()

    async def run(self) -> None:
        """Let happen what time brings about, until cancelled."""
        retry_at = self._seconds() + RETRY_FULL_S
        while True:
            due = min(retry_at, self._core.next_due() or retry_at)
            self._woken.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(min(RETRY_FULL_S, max(0.0, due - self._seconds()))):
                    await self._woken.wait()
                    continue  # something changed: what is due next may be another
            retry_at = self._seconds() + RETRY_FULL_S
            try:
                await self.tick()
            except Exception:
                log.exception("a timed decision failed")
                await asyncio.sleep(RETRY_FULL_S)  # what was due is due still

    async def tick(self) -> None:
        """Let happen what time has brought about by now."""
        if self._is_stale or self._is_due() or await WorkItem.filter(state="refused").exists():
            async with self._units.open() as unit, self.deciding(unit):
                await self._feed(unit, lambda core, now: core.tick(now))
                await self._retry_refused(unit)

    @asynccontextmanager
    async def deciding(self, unit: Unit) -> AsyncIterator[None]:
        """Wrap everything that feeds the core inside ``unit``: keeps core and store together."""
        if self._is_stale:
            await self._restore(unit)
        self._was_fed = False
        yield
        if self._was_fed:
            self._woken.set()
            unit.after(self._show_figures)

    # Work

    async def enqueue(
        self,
        unit: Unit,
        conversation: Conversation,
        queue_id: str,
        *,
        priority: int = 0,
        skills: dict[str, int] | None = None,
        work_number: str = "",
        is_message: bool = False,
        is_announced: bool = False,
        leaves_when_full: bool = False,
        since: datetime | None = None,
    ) -> bool:
        """Put the conversation into a queue and tell the citizen their place; a message left waits for nobody.

        With ``is_announced`` they know that they are being connected, and hear only of those ahead. Work that finds
        its queue full tries again later, unless it ``leaves_when_full``: the answer is then False. A conversation has
        one claim on an agent: one that waits for a person is not queued again, a message left gives way to one. Who has
        ``work_number``, else the contact's own agent, is waited for when at work. ``since``: what comes back waits.
        """
        await unit.flush()  # new conversations have to be there before their work
        if live := await live_work(conversation, "waiting", "offered", "assigned", "refused"):
            if is_message or live.channel_class != MESSAGE_CLASS or live.state == "assigned":
                return True
            await self._take_out(unit, live, "replaced")
        if not self._queues.takes(queue_id, conversation.queue_id):
            log.error("queue %s takes no work; it goes to another", queue_id)
            queue_id = self._queues.active[0]
        work = WorkItem(
            work_id=new_id(),
            conversation_id=conversation.conversation_id,
            queue_id=queue_id,
            channel_class=MESSAGE_CLASS if is_message else channel_class(conversation),
            priority=priority,
            skills=skills or {},
            wanted_agent=await self._present(unit, work_number, conversation),
            enqueued_at=since or unit.now,
        )
        await work.save()
        item = await as_routed(work, conversation)
        decisions = await self._feed(unit, lambda core, now: core.enqueue(item, now))
        if any(isinstance(decision, routing.QueueFull) for decision in decisions):
            if leaves_when_full:
                await WorkItem.filter(work_id=work.work_id).update(state="done")
                return False
            await self._effects.tell_full(unit, conversation)
            return True
        await self._effects.tell_asked_for(unit, work, conversation, work_number, decisions)
        is_waiting = not any(isinstance(decision, routing.WorkAssigned) for decision in decisions)
        is_offered = any(isinstance(decision, routing.OfferMade) for decision in decisions)
        if is_waiting and not is_message:
            ahead = 0 if is_offered else next(one.ahead for one in decisions if isinstance(one, routing.WorkQueued))
            if ahead or not is_announced:
                view = queue_view(self._core, self._queues, queue_id)
                await self._effects.tell_place(unit, conversation, ahead, view.wait_median_s)
        return True

    async def begin(self, unit: Unit, agent_id: str, conversation: Conversation, queue_id: str) -> None:
        """Let an agent take up what they begin themselves; 409 ``agent_busy`` when they have no room for it."""
        item = await begun_work(unit, conversation, queue_id, CALL_CLASS)
        await self._feed(unit, lambda core, now: core.begin(agent_id, item, now), gone="agent_busy")

    async def resume(self, unit: Unit, agent_id: str, conversation: Conversation, queue_id: str) -> bool:
        """Let an agent have in hand again what they had put aside; False when they have no room for it."""
        item = await begun_work(unit, conversation, queue_id, channel_class(conversation))
        with suppress(routing.RoutingRefused):
            await self._feed(unit, lambda core, now: core.begin(agent_id, item, now, how="resumed"))
            return True
        await WorkItem.filter(work_id=item.work_id).delete()
        return False

    async def accept(self, unit: Unit, agent_id: str, offer_id: str) -> str:
        """Let the agent take what was offered; return the conversation's id. 409 ``offer_gone`` when it is too late."""
        offer = await offer_to(agent_id, offer_id)
        if offer.outcome != "accepted":
            await self._feed(unit, lambda core, now: core.accept(offer_id, now), gone="offer_gone")
        return offer.conversation_id

    async def decline(self, unit: Unit, agent_id: str, offer_id: str, reason: str) -> None:
        """Let the agent refuse what was offered."""
        offer = await offer_to(agent_id, offer_id)
        if offer.outcome != "declined":
            await self._feed(unit, lambda core, now: core.decline(offer_id, reason, now), gone="offer_gone")

    async def pick(self, unit: Unit, agent_id: str, conversation: Conversation, reason: str) -> None:
        """Let the agent take waiting work out of turn; 409 ``work_gone`` when somebody else has it."""
        work = await waiting_work(conversation, "waiting")
        await self._feed(unit, lambda core, now: core.pick(agent_id, work.work_id, reason, now), gone="work_gone")

    async def assign(self, unit: Unit, agent_id: str, conversation: Conversation, reason: str) -> None:
        """Give what waits to an agent who is there, without asking; 409 ``work_gone`` or ``agent_gone``."""
        work = await waiting_work(conversation, "waiting", "offered")
        await self._feed(unit, lambda core, now: core.assign(work.work_id, agent_id, reason, now), gone="agent_gone")

    async def transfer(
        self, unit: Unit, conversation: Conversation, queue_id: str, *, agent_id: str | None, reason: str
    ) -> None:
        """Move the conversation's work to a queue, or to one agent of it; it keeps its age."""
        if not self._queues.takes(queue_id, conversation.queue_id):
            raise ApiError(422, "invalid", "no such queue", fields={"queue_id": "unknown"})
        work = await live_work(conversation, "waiting", "offered", "assigned")
        if work is None and conversation.state == "active":  # an agent began it, so no queue has it yet
            conversation.agent_id = None
            await self.enqueue(unit, conversation, queue_id, is_announced=True)
            work = await live_work(conversation, "waiting", "offered", "assigned")
        if work is None:
            raise ApiError(409, "work_gone", "the conversation is over")
        await self._feed(
            unit,
            lambda core, now: core.move(work.work_id, queue_id, now, agent_id=agent_id, reason=reason),
            gone="agent_gone",
        )

    async def give_up(self, unit: Unit, conversation: Conversation, reason: str) -> bool:
        """The citizen waits no longer; False when they left a message, which waits on."""
        if work := await live_work(conversation, "waiting", "offered", "refused"):
            if work.channel_class == MESSAGE_CLASS:
                return False
            await self._take_out(unit, work, reason)
        return True

    async def withdraw(self, unit: Unit, conversation: Conversation, reason: str) -> None:
        """The conversation waits for nobody any more, whatever it waited for."""
        if work := await live_work(conversation, "waiting", "offered", "refused"):
            await self._take_out(unit, work, reason)

    async def finish(self, unit: Unit, conversation: Conversation, *, wraps_up: bool = True) -> None:
        """The agent is done; wrap-up begins, or without ``wraps_up`` they are free for others at once."""
        if work := await live_work(conversation, "assigned"):
            await self._feed(unit, lambda core, now: core.finish(work.work_id, now, wraps_up=wraps_up))

    # Agents

    async def set_state(self, unit: Unit, agent_id: str, state: Presence, reason: str) -> None:
        """Say whether the agent takes work."""
        await self._feed(unit, lambda core, now: core.set_state(agent_id, state, reason, now))

    async def set_mode(self, unit: Unit, agent_id: str, mode: Any) -> None:
        """Say what kind of work the agent takes."""
        await self._feed(unit, lambda core, now: core.set_mode(agent_id, mode, now))

    async def end_wrap_up(self, unit: Unit, agent_id: str) -> None:
        """End the agent's wrap-ups before their time, if any run."""
        with suppress(routing.RoutingRefused):
            await self._feed(unit, lambda core, now: core.end_wrap_up(agent_id, now))

    async def return_work(self, unit: Unit, agent_id: str) -> None:
        """Everything the agent has in hand waits again, first of all."""
        await self._feed(unit, lambda core, now: core.return_work(agent_id, now))

    async def return_one(self, unit: Unit, conversation: Conversation) -> None:
        """The conversation waits again, first of all; its agent, who cannot be reached in it, keeps everything else."""
        if (work := await live_work(conversation, "assigned")) and (agent_id := conversation.agent_id):
            await self._feed(unit, lambda core, now: core.return_work(agent_id, now, work_id=work.work_id))

    async def lose_agent(self, unit: Unit, agent_id: str) -> None:
        """The agent's browser is gone for good: everything in hand waits again, first of all."""
        await self._feed(unit, lambda core, now: core.set_state(agent_id, "unreachable", "connection_lost", now))
        await self.return_work(unit, agent_id)

    async def know_agent(self, unit: Unit, user: User) -> None:
        """Take over a new or changed user's queues, skills and capacities."""
        await AgentStatus.get_or_create({"since": unit.now}, user_id=user.user_id)
        await self._feed(unit, lambda core, now: core.set_agent(self._profile(user), now))
        if view := self._desk.agents.get(user.user_id):  # the core knows no names and tells of no queues
            shown = msgspec.structs.replace(
                view,
                display_name=user.display_name,
                work_number=user.work_number,
                queue_ids=tuple(user.queue_ids),
                department_id=user.department_id,
                group_ids=tuple(user.group_ids or ()),
                phone=self._ringing.phone_of(user.user_id),
            )
            if shown != view and not unit.has_recorded(AgentChanged, user.user_id):
                unit.record(AgentChanged(agent=shown), user.user_id)

    async def know_phones(self, user_id: str) -> None:
        """Take over whether a user can be rung, when that changed outside a unit of work of ours."""
        async with self._units.open() as unit, self.deciding(unit):
            await self.know_agent(unit, await User.get(user_id=user_id))

    async def know_queue(self, unit: Unit, queue_id: str) -> None:
        """Take over a new or changed queue's rules."""
        unit.if_undone(self._queues.restorer())
        await self._queues.load()
        rules = self._queues.settings(queue_id).rules(queue_id)
        await self._feed(unit, lambda core, now: core.set_queue(rules, now))
        unit.after(self._desk.renew_setup)

    def presence_of(self, agent_id: str) -> tuple[Presence, str]:
        """Return what the agent last said about taking work, and why."""
        kept = self._core.agent_snapshot(agent_id)
        return kept.presence, kept.reason

    async def place(self, conversation: Conversation) -> tuple[int | None, float | None]:
        """Return how many wait before this conversation, and the likely seconds until it is served."""
        return await place_of(self._core, conversation)

    def least_loaded(self, queue_ids: Sequence[str]) -> str:
        """Return which of the queues has the least to do for each of its agents; the first when none exists."""
        return least_loaded(self._core, self._queues, queue_ids)

    # Inside

    async def _feed(
        self, unit: Unit, step: Callable[[routing.RoutingCore, float], list[routing.Decision]], *, gone: str = ""
    ) -> list[routing.Decision]:
        try:
            decisions = step(self._core, self._seconds())
        except routing.RoutingRefused as error:  # nothing has changed
            if gone:
                raise ApiError(409, gone, str(error)) from error
            raise
        except Exception:
            self._is_stale = True
            raise
        self._was_fed = True
        unit.if_undone(self._distrust)
        await self._effects.apply(unit, decisions)
        await keep(self._core, decisions)
        return decisions

    async def _restore(self, unit: Unit) -> None:
        """Build the core from what is stored, then let it take over today's queues and users."""
        users = {user.user_id: user for user in await User.filter(is_active=True)}
        profiles = {user_id: self._profile(user) for user_id, user in users.items()}
        snapshot = await read_snapshot(profiles, self._queues, self._seconds())
        self._core = routing.RoutingCore.restore(snapshot)
        self._is_stale = False
        known = {one.profile.agent_id for one in snapshot.agents}
        for user in users.values():
            if user.user_id not in known:
                await self.know_agent(unit, user)
        for one in snapshot.agents:  # views are not stored; an input that changes nothing makes the core say them
            await self._feed(unit, lambda core, now, one=one: core.set_agent(one.profile, now))  # type: ignore[misc]

    def _profile(self, user: User) -> routing.AgentProfile:
        return profile(user, has_phone=self._ringing.phone_of(user.user_id) != "")

    def _distrust(self) -> None:
        self._is_stale = True

    async def _take_out(self, unit: Unit, work: WorkItem, reason: str) -> None:
        if work.state == "refused":
            await WorkItem.filter(work_id=work.work_id).update(state="done")
        else:
            await self._feed(unit, lambda core, now: core.withdraw(work.work_id, reason, now))

    async def _retry_refused(self, unit: Unit) -> None:
        for row, conversation in await refused_work(unit):
            item = await as_routed(row, conversation)
            limit = self._queues.settings(row.queue_id).max_waiting
            figures = queue_view(self._core, self._queues, row.queue_id)
            if limit is None or figures.waiting < limit or figures.available:
                await self._feed(unit, lambda core, now, item=item: core.enqueue(item, now))  # type: ignore[misc]

    async def _present(self, unit: Unit, work_number: str, conversation: Conversation) -> str | None:
        """Return who is asked for, or who serves this contact always and is not away; None when nobody at work."""
        agent_id = await wanted_agent(unit, work_number, conversation)
        gone = {"offline", "unreachable"} if work_number else {"away", "offline", "unreachable"}
        return None if agent_id is None or self.presence_of(agent_id)[0] in gone else agent_id

    def _seconds(self) -> float:
        return self._clock.now().timestamp()

    def _is_due(self) -> bool:
        due = self._core.next_due()
        return due is not None and due <= self._seconds()

    async def _show_figures(self) -> None:
        """Tell the desks about queues whose figures changed."""
        for view in changed_views(self._core, self._queues, self._desk.queue_figures):
            self._desk.on_commit([QueueChanged(queue=view)])
