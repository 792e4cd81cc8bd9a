"""Keeps what each agent at work did, one row for each stretch of time, in the unit that changes what they do."""

import asyncio
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final

from core.clock import Clock
from core.ids import new_id
from hub.routing import RoutingCore
from hub.store.engine import Store
from hub.store.models import AgentStretch, User

LOCKED: Final = "locked"  # the reason for which agents are away whom a supervisor lets take no work; it is nobody's own
MARK_S: Final = 60.0  # how often it is noted that the hub lives
LAPSE: Final = timedelta(minutes=5)  # a hub that was gone longer does not know who went on working


async def follow(core: RoutingCore, agent_ids: Collection[str], at: datetime) -> None:
    """End the stretches of those who do something else since ``at``, and begin others, inside the caller's unit.

    Who is offline, unreachable or locked is not at work.
    """
    live = {row.agent_id: row for row in await AgentStretch.filter(agent_id__in=list(agent_ids), ended_at=None)}
    for agent_id in agent_ids:
        kept = core.agent_snapshot(agent_id)
        activity = core.activity(agent_id)
        reason = kept.reason if activity == "away" else ""
        row = live.get(agent_id)
        if row is not None:
            if (row.activity, row.reason, row.work_mode) == (activity, reason, kept.mode):
                continue
            await _end(row, at)
        if activity in {"offline", "unreachable"} or reason == LOCKED:
            continue
        await AgentStretch.create(
            stretch_id=new_id(),
            agent_id=agent_id,
            activity=activity,
            reason=reason,
            work_mode=kept.mode,
            begun_at=at,
            seen_at=at,
        )


async def resume(store: Store, now: datetime) -> None:
    """After a start: end what was not seen to go on, when the hub was last known to live.

    After a short pause everything goes on, but what those did whose accounts are disabled.
    """
    async with store.work():
        live = await AgentStretch.filter(ended_at=None)
        seen_at = max((row.seen_at for row in live), default=now)
        active = {user.user_id async for user in User.filter(is_active=True)}
        for row in live:
            if now - seen_at > LAPSE or row.agent_id not in active:
                await _end(row, seen_at)
    await mark(store, now)


async def mark(store: Store, now: datetime) -> None:
    """Note that what goes on goes on ``now``."""
    async with store.work():
        await AgentStretch.filter(ended_at=None).update(seen_at=now)


async def keep_marks(store: Store, clock: Clock) -> None:
    """Note once a minute that the hub lives, until cancelled."""
    while True:
        await asyncio.sleep(MARK_S)
        await mark(store, clock.now())


async def _end(row: AgentStretch, at: datetime) -> None:
    row.seen_at = row.ended_at = max(at, row.begun_at)
    await row.save(update_fields=["seen_at", "ended_at"])
