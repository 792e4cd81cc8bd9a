"""The audit log: who did what to which object, from where; never text of messages, never secrets."""

from typing import Any

from core.clock import Clock
from hub.accounts.identity import Identity
from hub.store.models import AuditRecord
from hub.units import Units


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

    async def page(self, *, before: int | None, limit: int) -> list[AuditRecord]:
        """Return records, newest first, older than number ``before``."""
        records = AuditRecord.all() if before is None else AuditRecord.filter(audit_id__lt=before)
        return await records.order_by("-audit_id").limit(limit)
