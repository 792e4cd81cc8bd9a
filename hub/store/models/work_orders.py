"""Work orders, and who did what to them."""

from datetime import datetime
from typing import Any

from tortoise import fields
from tortoise.models import Model

from hub.store.fields import NAME_LENGTH, id_field, json_field, slug_field


class WorkOrder(Model):
    """The columns of ``core.events.WorkOrderView``; ``serial`` counts the orders of ``day``."""

    order_id: str = id_field(is_key=True)
    number = fields.CharField(max_length=16, unique=True)
    day = fields.CharField(max_length=8)
    serial = fields.IntField()
    version = fields.IntField(default=1)
    kind = fields.CharField(max_length=16)
    state = fields.CharField(max_length=16)
    name = fields.CharField(max_length=NAME_LENGTH)
    address = fields.CharField(max_length=NAME_LENGTH)
    contact_details = fields.CharField(max_length=NAME_LENGTH)
    content = fields.TextField()
    department_id: str = slug_field(default="")
    contact: Any = fields.ForeignKeyField("store.Contact", related_name=False, on_delete=fields.OnDelete.RESTRICT)
    contact_id: str
    conversation: Any = fields.ForeignKeyField(
        "store.Conversation", related_name=False, null=True, on_delete=fields.OnDelete.RESTRICT
    )
    conversation_id: str | None
    created_by: str = id_field()
    creator_name = fields.CharField(max_length=NAME_LENGTH, default="")
    client_id: str = slug_field()  # of the creator's browser: the same order asked for again
    created_at = fields.DatetimeField()
    begun_at = fields.DatetimeField()  # when the time to answer began: its creation, or its last reopening
    due_at: datetime | None = fields.DatetimeField(null=True)
    warn_at: datetime | None = fields.DatetimeField(null=True)  # null once they were warned, or when nobody need be
    answer = fields.TextField(default="")
    answered_at: datetime | None = fields.DatetimeField(null=True)
    outcome: str | None = slug_field(null=True)
    closed_at: datetime | None = fields.DatetimeField(null=True)
    urged = fields.IntField(default=0)
    reopened = fields.IntField(default=0)

    class Meta:
        app = "store"
        table = "work_order"
        unique_together = (("day", "serial"), ("created_by", "client_id"))
        indexes = (
            ("contact_id",),
            ("conversation_id",),
            ("department_id", "state"),
            ("state", "due_at"),
            ("warn_at",),
        )


class WorkOrderStep(Model):
    """Something that was done to a work order, and the ``version`` it led to; nobody (``by_id`` empty) is the hub."""

    step_id: str = id_field(is_key=True)
    order: Any = fields.ForeignKeyField("store.WorkOrder", related_name=False, on_delete=fields.OnDelete.RESTRICT)
    order_id: str
    version = fields.IntField()
    kind = fields.CharField(max_length=16)
    by_id: str = id_field()
    by_name = fields.CharField(max_length=NAME_LENGTH, default="")
    text = fields.TextField(default="")
    edited: list[str] = json_field(list)  # the fields that were changed
    department_id: str = slug_field(default="")
    at = fields.DatetimeField()

    class Meta:
        app = "store"
        table = "work_order_step"
        indexes = (("order_id",),)
