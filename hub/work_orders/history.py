"""Who did what to a work order, and when."""

from datetime import datetime

import msgspec

from core.events import WorkOrderChange
from core.ids import new_id
from hub.accounts.identity import Identity
from hub.store.models import WorkOrder, WorkOrderStep
from hub.store.views import view
from hub.units import Unit


class StepView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Something that was done; nobody (``by_id`` empty) is the hub, ``edited`` are the fields that were changed."""

    step_id: str
    kind: WorkOrderChange
    by_id: str = ""
    by_name: str = ""
    text: str = ""
    edited: tuple[str, ...] = ()
    department_id: str = ""
    at: datetime


def add_step(
    unit: Unit,
    row: WorkOrder,
    kind: WorkOrderChange,
    by: Identity,
    *,
    text: str = "",
    edited: list[str] | None = None,
) -> None:
    """Write into the order's history what led to its version."""
    unit.add(
        WorkOrderStep(
            step_id=new_id(),
            order_id=row.order_id,
            version=row.version,
            kind=kind,
            by_id=by.user_id,
            by_name=by.display_name,
            text=text,
            edited=edited or [],
            department_id=row.department_id,
            at=unit.now,
        )
    )


async def steps_of(order_id: str) -> list[StepView]:
    """Return what was done to an order, oldest first."""
    rows = await WorkOrderStep.filter(order_id=order_id).order_by("step_id")
    return [view(StepView, row) for row in rows]
