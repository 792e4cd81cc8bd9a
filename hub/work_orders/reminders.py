"""Warns of work orders that have waited too long for their answer."""

from typing import Final

from hub.accounts.identity import Identity
from hub.setup.organization import Organization
from hub.store.models import WorkOrder
from hub.teamwork.notifications import notify
from hub.units import Units
from hub.work_orders.history import add_step
from hub.work_orders.people import answering, with_roles
from hub.work_orders.settings import WorkOrderSetup

HUB: Final = Identity(username="hub")
AT_ONCE: Final = 50


class OverdueWarnings:
    """Tells the department's people and those whom the settings name, once for each time an order was given.

    Of an order without a department, whoever made it is told.
    """

    def __init__(self, units: Units, organization: Organization, setup: WorkOrderSetup) -> None:
        self._units = units
        self._organization = organization
        self._setup = setup

    async def tick(self) -> None:
        """Warn of what has become overdue."""
        if not await WorkOrder.filter(warn_at__lte=self._units.now()).exists():
            return
        async with self._units.open() as unit:
            leaders = await with_roles(self._setup.settings.warned_roles)
            able: dict[str, list[str]] = {}  # to answer, by department
            for row in await WorkOrder.filter(warn_at__lte=unit.now).order_by("warn_at").limit(AT_ONCE):
                row.warn_at = None
                unit.touch(row)
                add_step(unit, row, "overdue", HUB)
                if row.department_id not in able:
                    able[row.department_id] = await answering(self._organization, row.department_id)
                told = able[row.department_id] if row.department_id else [row.created_by]
                for user_id in dict.fromkeys([*told, *leaders]):
                    notify(
                        unit, user_id, "order_overdue", row.conversation_id, number=row.number, order_id=row.order_id
                    )
