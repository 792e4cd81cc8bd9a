"""The reading half of the routing core: finds what is asked about, or refuses, and changes nothing."""

from hub.routing import views
from hub.routing.agents import Agent
from hub.routing.errors import RoutingRefused
from hub.routing.figures import QueueFigures, figures
from hub.routing.floor import Floor
from hub.routing.matching import Queue
from hub.routing.model import Activity
from hub.routing.offers import Offer
from hub.routing.snapshot import AgentSnapshot, Snapshot, WorkSnapshot, agent_snapshot, take, work_snapshot
from hub.routing.views import Obstacle, Waiting
from hub.routing.waits import WaitEstimate
from hub.routing.work import Work


class ReadableCore:
    """The state of a routing core, and the questions about it."""

    def __init__(self) -> None:
        self._floor = Floor()
        self._now = float("-inf")

    def snapshot(self) -> Snapshot:
        """Return the whole state as data."""
        return take(self._floor, self._now)

    def work_snapshot(self, work_id: str) -> WorkSnapshot | None:
        """Return one piece of work as data, or None when the core does not hold it (any more)."""
        work = self._floor.works.get(work_id)
        return None if work is None else work_snapshot(work)

    def agent_snapshot(self, agent_id: str) -> AgentSnapshot:
        """Return one agent as data."""
        return agent_snapshot(self._agent(agent_id))

    def activity(self, agent_id: str) -> Activity:
        """Return what an agent does: ``serving`` with work in hand, ``busy`` only when they say so."""
        return self._agent(agent_id).activity()

    def figures(self, queue_id: str) -> QueueFigures:
        """Return how the queue stands."""
        return figures(self._queue(queue_id))

    def waiting(self, queue_id: str, now: float, limit: int = 100) -> list[Waiting]:
        """Return the first of the work waiting in a queue, in the order it will be served."""
        return views.waiting(self._queue(queue_id), now, limit)

    def estimate(self, work_id: str) -> WaitEstimate:
        """Return how many come before waiting work (``work_not_waiting`` otherwise) and how long it may take."""
        work = self._work(work_id)
        if work.state != "waiting":
            raise RoutingRefused("work_not_waiting", work_id=work_id, state=work.state)
        queue = self._queue(work.queue_id)
        return queue.departures.estimate(queue.waiting.ahead_of(work))

    def obstacles(self, work_id: str, now: float) -> dict[str, Obstacle]:
        """Return for every agent what keeps them from being asked about waiting work: its supervisor wants to know."""
        return views.obstacles(self._floor, self._work(work_id), now)

    def next_due(self) -> float | None:
        """Return when something happens by time alone: call ``tick`` then."""
        return self._floor.timers.next_due()

    def _queue(self, queue_id: str) -> Queue:
        queue = self._floor.match.queues.get(queue_id)
        if queue is None:
            raise RoutingRefused("unknown_queue", queue_id=queue_id)
        return queue

    def _agent(self, agent_id: str) -> Agent:
        agent = self._floor.match.agents.get(agent_id)
        if agent is None:
            raise RoutingRefused("unknown_agent", agent_id=agent_id)
        return agent

    def _work(self, work_id: str) -> Work:
        work = self._floor.works.get(work_id)
        if work is None:
            raise RoutingRefused("unknown_work", work_id=work_id)
        return work

    def _offer(self, offer_id: str) -> Offer:
        offer = self._floor.offers.get(offer_id)
        if offer is None:
            raise RoutingRefused("unknown_offer", offer_id=offer_id)
        return offer
