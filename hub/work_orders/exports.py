"""Work orders to take away, as Excel or CSV."""

from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from core.events import WorkOrderView
from hub.accounts.identity import Identity
from hub.audit import Audit
from hub.errors import ApiError
from hub.exporting import PAGE, Wording, as_file
from hub.setup.organization import Organization
from hub.tables import Cell, Download, FileFormat, Table
from hub.work_orders.finding import OrderLists, OrdersQuery

MAX_ORDERS: Final = 10_000
COLUMNS: Final = (
    "number", "kind", "state", "department", "name", "address", "contact_details", "content", "creator_name",
    "created_at", "due_at", "answer", "answered_at", "outcome", "closed_at", "urged", "reopened",
)  # fmt: skip


class OrderExports:
    """Writes the orders that a search finds; every time stands in the audit log."""

    def __init__(
        self, audit: Audit, lists: OrderLists, organization: Organization, timezone: Callable[[], str]
    ) -> None:
        self._audit = audit
        self._lists = lists
        self._organization = organization
        self._timezone = timezone

    async def write(
        self, identity: Identity, query: OrdersQuery, form: FileFormat, language: str, *, remote: str
    ) -> Download:
        """Return all that ``query`` finds, the newest first; 422 ``too_many``."""
        found: list[WorkOrderView] = []
        query = msgspec.structs.replace(query, limit=PAGE)
        while page := await self._lists.page(identity, query):
            found += page
            if len(found) > MAX_ORDERS:
                raise ApiError(422, "too_many", f"more than {MAX_ORDERS} work orders; ask for fewer")
            query = msgspec.structs.replace(query, before=page[-1].order_id)
        wording = await Wording.load("work_orders", language, self._timezone())
        table = Table(
            wording.word("title"),
            [wording.word(column) for column in COLUMNS],
            [self._row(one, wording) for one in found],
        )
        await self._audit.note(identity, "work_order.export", "work_order", "", remote=remote)
        return await as_file([table], form, "work-orders")

    def _row(self, order: WorkOrderView, wording: Wording) -> Sequence[Cell]:
        _, department = self._organization.departments.current.get(order.department_id, (0, None))
        return (
            order.number,
            wording.word(f"kind.{order.kind}"),
            wording.word(f"state.{order.state}"),
            (wording.named(department.title) if department is not None else "") or order.department_id,
            order.name,
            order.address,
            order.contact_details,
            order.content,
            order.creator_name,
            wording.at(order.created_at),
            wording.at(order.due_at),
            order.answer,
            wording.at(order.answered_at),
            wording.word(f"outcome.{order.outcome}") if order.outcome else "",
            wording.at(order.closed_at),
            order.urged,
            order.reopened,
        )
