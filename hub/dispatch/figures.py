"""What desks see of a queue now: who waits, who serves, how long it takes."""

from core.events import QueueView
from hub import routing
from hub.dispatch.queues import Queues
from hub.dispatch.work import when


def queue_view(core: routing.RoutingCore, queues: Queues, queue_id: str) -> QueueView:
    """Return the figures of a queue as ``core`` has them."""
    figures = core.figures(queue_id)
    return QueueView(
        queue_id=queue_id,
        title=queues.title(queue_id),
        waiting=figures.waiting,
        longest_since=None if figures.first_since is None else when(figures.first_since),
        available=figures.available,
        serving=figures.serving,
        wait_median_s=figures.wait.median_s,
        wait_p90_s=figures.wait.p90_s,
    )
