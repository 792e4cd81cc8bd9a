"""What agents and supervisors ask about waiting work: which there is, and why somebody is not asked to take it."""

from dataclasses import dataclass
from typing import Final, Literal, get_args

from hub.routing.agents import Agent
from hub.routing.floor import Floor
from hub.routing.lines import Demand
from hub.routing.matching import Queue
from hub.routing.work import Work

Obstacle = Literal[
    "none", "declined", "full", "offered_other", "mode", "state", "capacity", "skill", "language", "not_in_queue",
    "held_for_other",
]  # fmt: skip
OBSTACLES: Final[tuple[Obstacle, ...]] = get_args(Obstacle)  # the nearest to being asked first


@dataclass(frozen=True, slots=True)
class Waiting:
    """One piece of waiting work, as the agents of its queue see it."""

    work_id: str
    queue_id: str
    channel_class: str
    queued_at: float
    age_s: float
    effective_age_s: float
    priority: int
    contact_level: int
    held_for: str | None


def waiting(queue: Queue, now: float, limit: int) -> list[Waiting]:
    """Return the first ``limit`` pieces of work that wait in ``queue``, in the order they will be served."""
    return [_waiting(work, now) for work, _ in zip(queue.waiting, range(limit), strict=False)]


def obstacles(floor: Floor, work: Work, now: float) -> dict[str, Obstacle]:
    """Return for every agent what keeps them from being asked about waiting ``work``, "none" for nothing."""
    demands = [line.demand for line in work.lines]
    return {
        agent_id: min(
            (_obstacle(agent, demand, work, now) for demand in demands), key=OBSTACLES.index, default="not_in_queue"
        )
        for agent_id, agent in floor.match.agents.items()
    }


def _waiting(work: Work, now: float) -> Waiting:
    item = work.item
    return Waiting(
        item.work_id,
        work.queue_id,
        item.channel_class,
        work.queued_at,
        now - work.age_from,
        now - work.order,
        item.priority,
        item.contact_level,
        work.agent_hold,
    )


def _obstacle(agent: Agent, demand: Demand, work: Work, now: float) -> Obstacle:  # noqa: PLR0911 - a list of tests
    profile = agent.profile
    if demand.agent_id is not None:
        if demand.agent_id != agent.agent_id:
            return "held_for_other"
    elif demand.queue_id not in profile.queues:
        return "not_in_queue"
    elif demand.language and demand.language not in profile.languages:
        return "language"
    elif any(profile.skills.get(skill, 0) < level for skill, level in demand.needs):
        return "skill"
    if profile.capacity.get(demand.channel_class, 0) < 1:
        return "capacity"
    if agent.state in {"away", "offline", "unreachable", "wrap_up"} or agent.presence == "busy":
        return "state"
    if agent.mode != "normal" and not (agent.mode == "leader" and demand.is_transfer):
        return "mode"
    if agent.offer_id is not None:
        return "offered_other"
    if not agent.has_room(demand.channel_class):
        return "full"
    return "declined" if work.is_declined_by(agent.agent_id, now) else "none"
