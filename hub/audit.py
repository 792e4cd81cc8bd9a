"""The audit log: who did what to which object, from where; never text of messages, never secrets."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.clock import Clock
from hub.accounts.identity import Identity
from hub.store.models import AuditRecord
from hub.units import Units


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which records to return: by whom, beginning with which action, about what, from when, to before when."""

    actor: str = ""
    action: str = ""
    object_id: str = ""
    since: datetime | None = None
    until: datetime | None = None


class Audit:
    """Adds to the audit log inside the caller's unit of work, so that no deed is without its record."""

    def __init__(self, units: Units, clock: Clock) -> None:
        self._units = units
        self._clock = clock

    async def record(
        self,
        identity: Identity,
        action: str,
        object_kind: str = "",
        object_id: str = "",
        *,
        remote: str = "",
        **detail: Any,
    ) -> None:
        """Add one record; ``detail`` holds short values such as old and new states."""
        await AuditRecord.create(
            at=self._clock.now(),
            actor=identity.username or "-",
            action=action,
            object_kind=object_kind,
            object_id=object_id,
            detail=detail,
            ip=remote,
        )

    async def note(self, identity: Identity, action: str, object_kind: str, object_id: str, *, remote: str) -> None:
        """Add one record in a unit of work of its own, for deeds outside the database."""
        async with self._units.open():
            await self.record(identity, action, object_kind, object_id, remote=remote)

    async def page(self, wanted: Wanted, *, before: int | None, limit: int) -> list[AuditRecord]:
        """Return the records that are wanted, newest first, older than number ``before``."""
        filters = {
            "audit_id__lt": before,
            "actor": wanted.actor or None,
            "action__startswith": wanted.action or None,
            "object_id": wanted.object_id or None,
            "at__gte": wanted.since,
            "at__lt": wanted.until,
        }
        given = {name: value for name, value in filters.items() if value is not None}
        return await AuditRecord.filter(**given).order_by("-audit_id").limit(limit)
