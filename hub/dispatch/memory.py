"""What the routing core goes on from after a restart: stored beside work and agents, read back as one snapshot."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

import msgspec

from hub import routing
from hub.dispatch.queues import MESSAGE_CLASS, Queues
from hub.dispatch.stretches import follow
from hub.dispatch.work import when
from hub.routing.offers import Offer as LiveOffer
from hub.routing.snapshot import AgentSnapshot, Snapshot, WorkSnapshot
from hub.store.models import AgentStatus, Offer, User, WorkItem

CAPACITY: Final = {"call": 1, "chat": 4, MESSAGE_CLASS: 10}  # at once, where a user has no numbers of their own
LINE: Final = 1_000_000_000  # an agent whose first queue it is comes before all whose second it is


async def keep(core: routing.RoutingCore, decisions: Iterable[routing.Decision]) -> None:
    """Store what ``core`` holds of everything that was decided about, and what the agents do now."""
    decisions = tuple(decisions)
    works, agents = set(), set()
    for decision in decisions:
        if not isinstance(decision, routing.AgentChanged):
            works.add(decision.work_id)
        if agent_id := getattr(decision, "agent_id", ""):
            agents.add(agent_id)
    for work_id in works:
        kept = core.work_snapshot(work_id)
        if kept is not None:
            await WorkItem.filter(work_id=work_id).update(kept=msgspec.to_builtins(kept))
    for agent_id in agents:
        plain = msgspec.to_builtins(core.agent_snapshot(agent_id))
        await AgentStatus.filter(user_id=agent_id).update(kept=plain)
    if agents:
        await follow(core, agents, when(max(decision.at for decision in decisions)))


async def read_snapshot(profiles: Mapping[str, routing.AgentProfile], queues: Queues, at: float) -> Snapshot:
    """Return everything stored as one snapshot; agents have today's ``profiles``."""
    statuses = await AgentStatus.filter(user_id__in=list(profiles)).exclude(kept=None)
    works = await WorkItem.filter(state__in=("waiting", "offered", "assigned")).exclude(kept=None)
    return Snapshot(
        at,
        tuple(queues.settings(queue_id).rules(queue_id) for queue_id in queues),
        tuple(
            replace(msgspec.convert(status.kept, AgentSnapshot), profile=profiles[status.user_id])
            for status in statuses
        ),
        tuple(msgspec.convert(row.kept, WorkSnapshot) for row in works),
        tuple([_live(row) for row in await Offer.filter(outcome=None)]),
    )


def profile(user: User, *, has_phone: bool) -> routing.AgentProfile:
    """Return what the user can do, as the core reads it; calls need a phone that can be rung."""
    no_calls = {} if has_phone else {"call": 0}
    return routing.AgentProfile(
        agent_id=user.user_id,
        queues={queue_id: place * LINE + _number(user) for place, queue_id in enumerate(user.queue_ids)},
        skills=user.skills,
        languages=frozenset({user.language} if user.language else ()),
        capacity={**CAPACITY, **user.capacities, **no_calls},
    )


def _number(user: User) -> int:
    """Return the work number as it counts in the fixed order; who has no number in figures comes last."""
    number = user.work_number
    return min(int(number), LINE - 1) if number.isascii() and number.isdigit() else LINE - 1


def _live(row: Offer) -> LiveOffer:
    return LiveOffer(
        offer_id=row.offer_id,
        work_id=row.work_id,
        agent_id=row.agent_id,
        queue_id=row.queue_id,
        made_at=row.made_at.timestamp(),
        expires_at=row.expires_at.timestamp(),
    )
