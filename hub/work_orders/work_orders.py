"""Everything about work orders in one place, for the assembly."""

from collections.abc import Callable

from hub.audit import Audit
from hub.contacts.contacts import Contacts
from hub.knowledge.finding import Finder
from hub.setup.organization import Organization
from hub.units import Units
from hub.work_orders.exports import OrderExports
from hub.work_orders.finding import OrderLists
from hub.work_orders.orders import Orders
from hub.work_orders.reminders import OverdueWarnings
from hub.work_orders.settings import WorkOrderSetup


class WorkOrders:
    """The services of work orders."""

    def __init__(
        self,
        units: Units,
        audit: Audit,
        contacts: Contacts,
        organization: Organization,
        finder: Finder,
        *,
        timezone: Callable[[], str],
    ) -> None:
        self.setup = WorkOrderSetup(units, audit)
        self.lists = OrderLists(units, organization, finder)
        self.exports = OrderExports(audit, self.lists, organization, timezone)
        self.warnings = OverdueWarnings(units, organization, self.setup)
        self.orders = Orders(
            units, audit, contacts=contacts, organization=organization, setup=self.setup, timezone=timezone
        )
