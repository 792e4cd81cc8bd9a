"""The core's state as data: what a restarted hub or a standby goes on from.

Everything that follows from the rest is left out: lines, states, loads, timers. Times are the original ones, so queues
come back in order and offers end when they would have.
"""

from dataclasses import dataclass, field

from core.events.routing import WorkMode
from hub.routing.agents import Agent
from hub.routing.errors import RoutingRefused
from hub.routing.floor import Floor
from hub.routing.matching import Queue
from hub.routing.model import AgentProfile, Presence, QueueRules, WorkItem
from hub.routing.offers import Offer
from hub.routing.waits import Departures
from hub.routing.work import Work, WorkState


@dataclass(frozen=True, slots=True)
class AgentSnapshot:
    """An agent; ``wrap_ups`` maps work to its channel class and the wrap-up's end."""

    profile: AgentProfile
    presence: Presence
    reason: str
    mode: WorkMode
    since: float
    idle_since: float
    idle_total_s: float = 0.0
    idle_periods: int = 0
    handled: int = 0
    turns: dict[str, int] = field(default_factory=dict)
    wrap_ups: dict[str, tuple[str, float]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class WorkSnapshot:
    """A piece of work; ``serial`` is its turn among equals, ``done`` the timed steps behind it."""

    item: WorkItem
    serial: int
    queue_id: str
    state: WorkState
    agent_id: str | None
    age_from: float
    queued_at: float
    offers_made: int = 0
    returned: bool = False
    transferred: bool = False
    named_agent: str | None = None
    usual_agent: str | None = None
    done: tuple[str, ...] = ()
    declined_until: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast a queue has been moving: the mean gap between departures, and how many it was learnt from."""

    mean_gap_s: float
    seen: int


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The whole core at ``at``."""

    at: float
    queues: tuple[QueueRules, ...]
    agents: tuple[AgentSnapshot, ...]
    works: tuple[WorkSnapshot, ...]
    offers: tuple[Offer, ...]
    turn: int = 0
    paces: dict[str, Pace] = field(default_factory=dict)


def take(floor: Floor, at: float) -> Snapshot:
    """Return ``floor`` as data."""
    return Snapshot(
        at,
        tuple(queue.rules for queue in floor.match.queues.values()),
        tuple(agent_snapshot(agent) for agent in floor.match.agents.values()),
        tuple(work_snapshot(work) for work in floor.works.values()),
        tuple(floor.offers.values()),
        floor.turn,
        {
            queue_id: Pace(queue.departures.mean_gap_s, queue.departures.seen)
            for queue_id, queue in floor.match.queues.items()
        },
    )


def build(snapshot: Snapshot) -> Floor:
    """Return the floor ``snapshot`` was taken from; ``RoutingRefused`` when it names what it does not hold."""
    floor = Floor()
    floor.turn = snapshot.turn
    for rules in snapshot.queues:
        queue = floor.match.queues[rules.queue_id] = Queue(rules)
        pace = snapshot.paces.get(rules.queue_id)
        if pace is not None:
            queue.departures = Departures(pace.mean_gap_s, pace.seen)
    for one in snapshot.agents:
        _restore_agent(floor, one)
    for kept in sorted(snapshot.works, key=lambda kept: kept.serial):
        _restore_work(floor, kept)
    for offer in snapshot.offers:
        _restore_offer(floor, offer)
    for work in floor.works.values():
        if work.state == "offered" and work.offer_id is None:
            raise RoutingRefused("unknown_offer", work_id=work.work_id)
    for agent in floor.match.agents.values():
        floor.restored(agent)
    return floor


def agent_snapshot(agent: Agent) -> AgentSnapshot:
    """Return ``agent`` as data."""
    return AgentSnapshot(
        agent.profile,
        agent.presence,
        agent.reason,
        agent.mode,
        agent.since,
        agent.idle_since,
        agent.idle_total_s,
        agent.idle_periods,
        agent.handled,
        dict(agent.turns),
        dict(agent.wrap_ups),
    )


def work_snapshot(work: Work) -> WorkSnapshot:
    """Return ``work`` as data."""
    return WorkSnapshot(
        work.item,
        work.serial,
        work.queue_id,
        work.state,
        work.agent_id,
        work.age_from,
        work.queued_at,
        work.offers_made,
        work.returned,
        work.transferred,
        work.named_agent,
        work.usual_agent,
        tuple(sorted(work.done)),
        dict(work.declined_until or {}),
    )


def _restore_agent(floor: Floor, kept: AgentSnapshot) -> None:
    agent = Agent(kept.profile, kept.since)
    agent.presence, agent.reason, agent.mode = kept.presence, kept.reason, kept.mode
    agent.idle_since, agent.idle_total_s, agent.idle_periods = kept.idle_since, kept.idle_total_s, kept.idle_periods
    agent.handled, agent.turns = kept.handled, dict(kept.turns)
    for work_id, (channel_class, until) in kept.wrap_ups.items():
        agent.start_wrap_up(work_id, channel_class, until)
        floor.timers.set(("wrap_up", agent.agent_id, work_id), until)
    floor.match.link(agent)


def _restore_work(floor: Floor, kept: WorkSnapshot) -> None:
    queue = floor.match.queues.get(kept.queue_id)
    if queue is None:
        raise RoutingRefused("unknown_queue", queue_id=kept.queue_id, work_id=kept.item.work_id)
    work = Work(kept.item, kept.serial)
    floor.serial = max(floor.serial, kept.serial)
    floor.works[work.work_id] = work
    work.queue_id, work.state, work.agent_id = kept.queue_id, kept.state, kept.agent_id
    work.age_from, work.queued_at, work.offers_made = kept.age_from, kept.queued_at, kept.offers_made
    work.returned, work.transferred = kept.returned, kept.transferred
    work.done = frozenset(kept.done)
    work.named_agent, work.usual_agent = kept.named_agent, kept.usual_agent
    floor.replan(work)
    work.declined_until = dict(kept.declined_until) or None
    for agent_id, until in kept.declined_until.items():
        floor.timers.set(("unblock", work.work_id, agent_id), until)
    if work.state == "waiting":
        floor.match.enter(work)
        due = work.next_due()
        if due is not None:
            floor.time_step(work, due)
    elif work.state == "active":
        agent = floor.match.agents.get(kept.agent_id or "")
        if agent is None:
            raise RoutingRefused("unknown_agent", agent_id=kept.agent_id or "", work_id=work.work_id)
        queue.serving += 1
        agent.hold(work.work_id, work.item.channel_class)


def _restore_offer(floor: Floor, offer: Offer) -> None:
    work, agent = floor.works.get(offer.work_id), floor.match.agents.get(offer.agent_id)
    if work is None or agent is None or work.state != "offered":
        raise RoutingRefused(
            "offer_without_work", offer_id=offer.offer_id, work_id=offer.work_id, agent_id=offer.agent_id
        )
    floor.offers[offer.offer_id] = offer
    work.offer_id = agent.offer_id = offer.offer_id
    floor.timers.set(("offer", offer.offer_id, ""), offer.expires_at)
