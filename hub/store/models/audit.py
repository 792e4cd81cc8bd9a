"""Who did what: only ever added to."""

from typing import Any, NoReturn

from tortoise import fields
from tortoise.models import Model

from hub.store.fields import NAME_LENGTH, URI_LENGTH, json_field, slug_field


class AuditRecord(Model):
    """One deed of an operator or agent."""

    audit_id = fields.BigIntField(primary_key=True)
    at = fields.DatetimeField()
    actor = fields.CharField(max_length=NAME_LENGTH)
    action: str = slug_field()
    object_kind: str = slug_field(default="")
    object_id = fields.CharField(max_length=URI_LENGTH, default="")
    detail: dict[str, Any] = json_field(dict)
    ip = fields.CharField(max_length=45, default="")  # the longest IPv6 text

    class Meta:
        app = "store"
        table = "audit_record"
        indexes = (("at",), ("actor", "at"), ("object_kind", "object_id"))

    async def save(self, *args: Any, **kwargs: Any) -> None:
        if self._saved_in_db:
            raise TypeError("audit records are never changed")
        await super().save(*args, **kwargs)

    async def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise TypeError("audit records are never deleted")
