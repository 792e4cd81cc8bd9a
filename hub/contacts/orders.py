"""Work orders that go to another contact with their conversations."""

from collections.abc import Iterable
from typing import Final

from core.events import WorkOrderChanged, WorkOrderView
from hub.setup.organization import Organization
from hub.store.models import Conversation, WorkOrder
from hub.store.views import view
from hub.units import Unit

AT_ONCE: Final = 500  # ids in one statement


class ContactOrders:
    """Gives orders to the contact that their conversations have, and tells every desk."""

    def __init__(self, organization: Organization) -> None:
        self._organization = organization

    async def move(self, unit: Unit, order_ids: Iterable[str], contact_id: str, *, only_from: str = "") -> None:
        """Give ``contact_id`` the orders; those of other contacts than ``only_from`` stay, when it is given."""
        await unit.flush()  # the conversations that ``served_by`` asks for
        queue_ids, agent_ids = await served_by(contact_id)
        ids = [*dict.fromkeys(order_ids)]
        for begin in range(0, len(ids), AT_ONCE):
            for row in await WorkOrder.filter(order_id__in=ids[begin : begin + AT_ONCE]):
                if only_from not in ("", row.contact_id):
                    continue
                row.contact_id = contact_id
                unit.touch(row)
                event = WorkOrderChanged(
                    order=view(WorkOrderView, row),
                    change="edited",
                    department_ids=self._organization.with_those_above(row.department_id),
                    queue_ids=queue_ids,
                    agent_ids=agent_ids,
                )
                unit.record(event, row.order_id, conversation_id=row.conversation_id)


async def served_by(contact_id: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the queues and the agents of the contact's conversations."""
    pairs = await Conversation.filter(contact_id=contact_id).distinct().values_list("queue_id", "agent_id")
    queue_ids = tuple(sorted({queue_id for queue_id, _ in pairs if queue_id}))
    return queue_ids, tuple(sorted({agent_id for _, agent_id in pairs if agent_id}))


async def orders_of(conversation_ids: Iterable[str]) -> list[str]:
    """Return the ids of the orders that the conversations have."""
    rows = WorkOrder.filter(conversation_id__in=[*conversation_ids])
    return [str(order_id) for order_id in await rows.values_list("order_id", flat=True)]
