"""What became of alarms: raised, acknowledged, ended, told; read from the audit log."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

import msgspec

from hub.store.models import AuditRecord

KEPT: Final = timedelta(days=30)
SHOWN: Final = 50
READ: Final = 500  # records looked at at once


class AlarmRecord(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing that happened to an alarm; ``by`` is who did it, empty for the hub."""

    number: int
    at: datetime
    action: str  # raise, acknowledge, end, message
    by: str = ""
    rule_id: str = ""
    kind: str = ""
    subject_kind: str = ""
    subject_id: str = ""
    value: float = 0.0
    limit: float = 0.0
    status: str = ""
    code: str = ""


async def alarm_records(
    may_know: Callable[[str, str], bool], now: datetime, *, before: int | None
) -> list[AlarmRecord]:
    """Return what happened lately to alarms, newest first; ``may_know`` judges by kind and id of their subject."""
    rows = AuditRecord.filter(action__startswith="alarm.", at__gte=now - KEPT).order_by("-audit_id").limit(READ)
    if before is not None:
        rows = rows.filter(audit_id__lt=before)
    found = []
    for row in await rows:
        if row.object_kind == "notice" or may_know(row.object_kind, row.object_id):
            found.append(_record(row))
        if len(found) == SHOWN:
            break
    return found


async def raised_between(may_know: Callable[[str, str], bool], begin: datetime, end: datetime) -> list[AlarmRecord]:
    """Return the alarms that were raised in a time, the last ``READ`` of them, oldest first."""
    rows = AuditRecord.filter(action="alarm.raise", at__gte=begin, at__lt=end).order_by("-audit_id").limit(READ)
    return [_record(row) for row in reversed(await rows) if may_know(row.object_kind, row.object_id)]


def _record(row: AuditRecord) -> AlarmRecord:
    detail = row.detail
    is_notice = row.object_kind == "notice"
    return AlarmRecord(
        number=row.audit_id,
        at=row.at,
        action=row.action.removeprefix("alarm."),
        by=detail.get("by", ""),
        rule_id=detail.get("rule", ""),
        kind=detail.get("kind", ""),
        subject_kind="" if is_notice else row.object_kind,
        subject_id=detail.get("instance", "") if is_notice else row.object_id,
        value=detail.get("value", 0.0),
        limit=detail.get("limit", 0.0),
        status=detail.get("status", ""),
        code=detail.get("code", ""),
    )
