"""Work orders: what a department is to finish after the conversation, and what became of it."""

from datetime import datetime
from typing import Literal

import msgspec

from core.events.base import Event

WorkOrderKind = Literal["consultation", "affairs", "complaint", "suggestion", "opinion", "emergency", "help", "report"]
WorkOrderState = Literal["open", "assigned", "answered", "closed"]
WorkOrderChange = Literal[
    "created", "assigned", "edited", "urged", "overdue", "answered", "closed", "reopened"
]  # fmt: skip
Outcome = Literal["satisfied", "fair", "dissatisfied", "not_reached"]


class WorkOrderView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A work order; ``version`` rises with every change, ``outcome`` is what the revisit found.

    ``open`` ones have no department yet. ``due_at`` stays when it has passed: an order without an answer is overdue.
    """

    order_id: str
    number: str
    version: int
    kind: WorkOrderKind
    state: WorkOrderState
    name: str
    address: str
    contact_details: str
    content: str
    department_id: str = ""
    contact_id: str
    conversation_id: str | None = None
    created_by: str
    creator_name: str = ""
    created_at: datetime
    due_at: datetime | None = None
    answer: str = ""
    answered_at: datetime | None = None
    outcome: Outcome | None = None
    closed_at: datetime | None = None
    urged: int = 0
    reopened: int = 0


class WorkOrderChanged(Event, frozen=True, kw_only=True):
    """A work order was made or changed.

    ``department_ids`` are its department and those above it, ``former_department_ids`` those it was taken away from,
    ``queue_ids`` and ``agent_ids`` those of its contact's conversations.
    """

    type = "work_order.changed"
    order: WorkOrderView
    change: WorkOrderChange
    department_ids: tuple[str, ...] = ()
    former_department_ids: tuple[str, ...] = ()
    queue_ids: tuple[str, ...] = ()
    agent_ids: tuple[str, ...] = ()
