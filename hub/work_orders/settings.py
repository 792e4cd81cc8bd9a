"""What operators decide about work orders: how soon each kind is answered, by which calendar, and who is warned."""

from datetime import datetime, timedelta
from typing import Annotated, Final

from msgspec import Meta

from core.config import Settings
from core.errors import ConfigInvalid
from core.events import WorkOrderKind
from hub.accounts.identity import Identity
from hub.audit import Audit
from hub.dispatch.queues import CalendarRef
from hub.setup.calendars import open_for
from hub.setup.kept import Kept
from hub.store.fields import SLUG_LENGTH
from hub.store.models import Calendar
from hub.units import Units

KEY: Final = "work_orders"

Hours = Annotated[float, Meta(gt=0, le=8_760)]
RoleId = Annotated[str, Meta(min_length=1, max_length=SLUG_LENGTH)]


class DueHours(Settings, frozen=True, kw_only=True):
    """Hours to an answer by kind; null: it is never overdue."""

    consultation: Hours | None = 24.0
    affairs: Hours | None = 72.0
    complaint: Hours | None = 120.0
    suggestion: Hours | None = 120.0
    opinion: Hours | None = 120.0
    emergency: Hours | None = 2.0
    help: Hours | None = 24.0
    report: Hours | None = 72.0


class WorkOrderSettings(Settings, frozen=True, kw_only=True):
    """Hours count while ``calendar_id`` is open, or all of them without one; those of ``always_counted`` always.

    Whoever has one of ``warned_roles`` is told of overdue orders, beside the department's people.
    """

    calendar_id: CalendarRef = ""
    due_hours: DueHours = DueHours()
    always_counted: Annotated[tuple[WorkOrderKind, ...], Meta(max_length=8)] = ("emergency",)
    warned_roles: Annotated[tuple[RoleId, ...], Meta(max_length=50)] = ("supervisor",)


class WorkOrderSetup(Kept[WorkOrderSettings]):
    """The settings in force; an order keeps the time it was given."""

    def __init__(self, units: Units, audit: Audit) -> None:
        super().__init__(KEY, WorkOrderSettings(), units, audit, action="work_orders.settings")

    async def save(self, identity: Identity, settings: WorkOrderSettings, *, remote: str) -> WorkOrderSettings:
        if settings.calendar_id and not await Calendar.exists(calendar_id=settings.calendar_id):
            raise ConfigInvalid({"calendar_id": "unknown"})
        return await super().save(identity, settings, remote=remote)

    async def due_at(self, kind: str, begun_at: datetime) -> datetime | None:
        """Return by when an order of ``kind`` is to be answered whose time began at ``begun_at``."""
        hours: float | None = getattr(self.settings.due_hours, kind)
        if hours is None:
            return None
        calendar_id = "" if kind in self.settings.always_counted else self.settings.calendar_id
        return await open_for(calendar_id, begun_at, timedelta(hours=hours))
