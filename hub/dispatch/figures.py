"""What desks see of a queue now: who waits, who serves, how long it takes; and which of several has least to do."""

import math
from collections.abc import Iterator, Mapping, Sequence

from core.events import QueueView
from hub import routing
from hub.dispatch.queues import Queues
from hub.dispatch.work import live_work, when
from hub.store.models import Conversation


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


def changed_views(core: routing.RoutingCore, queues: Queues, shown: Mapping[str, QueueView]) -> Iterator[QueueView]:
    """Yield the figures that differ from what is ``shown``; a retired queue comes up only while it has work."""
    for queue_id in queues:
        view = queue_view(core, queues, queue_id)
        is_over = queue_id not in queues.active and not view.waiting and not view.serving
        if shown.get(queue_id) != view and not (is_over and queue_id not in shown):
            yield view


def least_loaded(core: routing.RoutingCore, queues: Queues, queue_ids: Sequence[str]) -> str:
    """Return the queue with the least work, waiting and in hand, for each agent at work; of equals the first.

    Of queues that are gone, too, it is the first.
    """

    def load(queue_id: str) -> float:
        figures = core.figures(queue_id)
        work = figures.waiting + figures.serving
        return (work + 1) / figures.staffed if figures.staffed else math.inf

    return min((one for one in queue_ids if one in queues.active), key=load, default=queue_ids[0])


async def place_of(core: routing.RoutingCore, conversation: Conversation) -> tuple[int | None, float | None]:
    """Return how many wait before this conversation, and the likely seconds until it is served."""
    if await live_work(conversation, "offered"):
        return 0, None
    if (work := await live_work(conversation, "waiting")) is None:
        return None, None
    try:
        estimate = core.estimate(work.work_id)
    except routing.RoutingRefused:  # it was taken a moment ago
        return 0, None
    return estimate.ahead, estimate.median_s
