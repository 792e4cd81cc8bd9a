"""What leads to a queue, so that it is not put out of use under those who are sent there."""

from collections.abc import Mapping

from core.flow import Flow
from core.flow.steps import QueueStep, TakeMessageStep
from hub.dispatch.queues import QueueSettings, QueueUse


def queue_uses(
    queue_id: str, flows: Mapping[str, Flow], entries: Mapping[str, str], queues: Mapping[str, QueueSettings]
) -> list[QueueUse]:
    """Return what leads to it of published ``flows``, ``entries`` (each with its queue) and ``queues`` in use."""
    return [
        *(QueueUse(kind="flow", name=name) for name, flow in sorted(flows.items()) if _leads(flow, queue_id)),
        *(QueueUse(kind="entry", name=name) for name, queue in sorted(entries.items()) if queue == queue_id),
        *(
            QueueUse(kind="overflow", name=name)
            for name, rules in sorted(queues.items())
            if any(step.queue_id == queue_id for step in rules.overflows)
        ),
    ]


def _leads(flow: Flow, queue_id: str) -> bool:
    return any(
        node.queue_id == queue_id or (isinstance(node, QueueStep) and queue_id in node.or_queues)
        for node in flow.nodes.values()
        if isinstance(node, QueueStep | TakeMessageStep)
    )
