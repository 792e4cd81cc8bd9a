"""The audit log, to be read."""

from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from hub.audit import Wanted
from hub.http.endpoints import Call, Endpoints, NoBody
from hub.services import Services

api = Endpoints()


Moment = Annotated[datetime, Meta(tz=True)]


class AuditQuery(msgspec.Struct, frozen=True):
    """A page, newest first, older than number ``before``; ``action`` is how the actions begin."""

    actor: Annotated[str, Meta(max_length=64)] = ""
    action: Annotated[str, Meta(max_length=64)] = ""
    object_id: Annotated[str, Meta(max_length=200)] = ""
    since: Moment | None = None
    until: Moment | None = None
    before: Annotated[int, Meta(ge=1, le=2**63 - 1)] | None = None
    limit: Annotated[int, Meta(ge=1, le=200)] = 50


class AuditView(msgspec.Struct, frozen=True, kw_only=True):
    """One deed."""

    audit_id: int
    at: datetime
    actor: str
    action: str
    object_kind: str
    object_id: str
    detail: dict[str, Any]
    ip: str


class AuditPage(msgspec.Struct, frozen=True):
    """Newest first."""

    items: list[AuditView]


@api.add("GET", "/api/v1/audit", "admin.audit", query=AuditQuery, answer=AuditPage)
async def list_audit(services: Services, call: Call[NoBody]) -> AuditPage:
    """List who did what."""
    query: AuditQuery = call.query
    wanted = Wanted(
        actor=query.actor, action=query.action, object_id=query.object_id, since=query.since, until=query.until
    )
    rows = await services.audit.page(wanted, before=query.before, limit=query.limit)
    return AuditPage([AuditView(**{name: getattr(row, name) for name in AuditView.__struct_fields__}) for row in rows])
