"""Work orders to take away, as Excel or CSV."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec

from core.events import WorkOrderView
from hub.accounts.identity import Identity
from hub.audit import Audit
from hub.errors import ApiError
from hub.exporting import as_file
from hub.i18n import text
from hub.setup.organization import Organization
from hub.tables import Cell, Download, FileFormat, Table
from hub.work_orders.finding import OrderLists, OrdersQuery

MAX_ORDERS: Final = 10_000
PAGE: Final = 200
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
        table = Table(
            text("work_orders.title", language),
            [text(f"work_orders.{column}", language) for column in COLUMNS],
            [self._row(one, language) for one in found],
        )
        await self._audit.note(identity, "work_order.export", "work_order", "", remote=remote)
        return await as_file([table], form, "work-orders")

    def _row(self, order: WorkOrderView, language: str) -> Sequence[Cell]:
        _, department = self._organization.departments.current.get(order.department_id, (0, None))
        title: Mapping[Any, str] = {} if department is None else department.title
        return (
            order.number,
            text(f"work_orders.kind.{order.kind}", language),
            text(f"work_orders.state.{order.state}", language),
            title.get(language) or next(iter(title.values()), order.department_id),
            order.name,
            order.address,
            order.contact_details,
            order.content,
            order.creator_name,
            self._at(order.created_at),
            self._at(order.due_at),
            order.answer,
            self._at(order.answered_at),
            text(f"work_orders.outcome.{order.outcome}", language) if order.outcome else "",
            self._at(order.closed_at),
            order.urged,
            order.reopened,
        )

    def _at(self, at: datetime | None) -> datetime | None:
        return None if at is None else at.astimezone(ZoneInfo(self._timezone()))
