"""A queue's figures at one moment, for wallboards and for telling people how long they will wait."""

from dataclasses import dataclass

from hub.routing.matching import Queue
from hub.routing.waits import WaitEstimate


@dataclass(frozen=True, slots=True)
class QueueFigures:
    """How many wait, since when the first in order does, how many agents are free for new work, how much is served.

    ``staffed`` counts the agents at work, those that are busy with it too. ``wait`` is that of who comes next.
    """

    waiting: int
    first_since: float | None
    available: int
    staffed: int
    serving: int
    wait: WaitEstimate


def figures(queue: Queue) -> QueueFigures:
    """Return the figures of ``queue``; its own work and what overflowed to it."""
    first = next(iter(queue.waiting), None)
    at_work = [one for one in queue.members.values() if one.presence == "available" and one.mode == "normal"]
    free = [agent for agent in at_work if agent.state == "available"]
    waiting = len(queue.waiting)
    is_idle = not waiting and any(agent.offer_id is None for agent in free)
    wait = WaitEstimate(0, 0.0, 0.0) if is_idle else queue.departures.estimate(waiting)
    first_since = None if first is None else first.age_from
    return QueueFigures(waiting, first_since, len(free), len(at_work), queue.serving, wait)
