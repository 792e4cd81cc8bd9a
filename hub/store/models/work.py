"""Work waiting for agents, and who was asked to take it."""

from datetime import datetime
from typing import Any

from tortoise import fields
from tortoise.models import Model

from hub.store.fields import id_field, json_field, slug_field


class WorkItem(Model):
    """A conversation's claim on an agent; ``state`` is waiting, offered, assigned or done."""

    work_id: str = id_field(is_key=True)
    conversation: Any = fields.ForeignKeyField(
        "store.Conversation", related_name=False, on_delete=fields.OnDelete.RESTRICT
    )
    conversation_id: str
    queue_id: str = slug_field()
    channel_class: str = slug_field()
    priority = fields.IntField(default=0)
    skills: dict[str, int] = json_field(dict)
    wanted_agent: str | None = id_field(null=True)
    enqueued_at = fields.DatetimeField()
    state = fields.CharField(max_length=16, default="waiting")  # or offered, assigned, refused, done
    agent_id: str | None = id_field(null=True)
    declined: list[str] = json_field(list)
    is_begun = fields.BooleanField(default=False, db_default=False)  # by the agent: nobody waited for it
    kept: dict[str, Any] | None = json_field()  # what the routing core goes on from
    moves: list[dict[str, Any]] | None = json_field()  # what was decided and why: hub/dispatch/history.py

    class Meta:
        app = "store"
        table = "work_item"
        indexes = (("state", "queue_id"), ("conversation_id",), ("enqueued_at",))


class Offer(Model):
    """Work shown to one agent: the columns of ``core.events.OfferView`` and how it ended."""

    offer_id: str = slug_field(is_key=True)
    work: Any = fields.ForeignKeyField("store.WorkItem", related_name=False, on_delete=fields.OnDelete.RESTRICT)
    work_id: str
    conversation_id: str = id_field()
    agent_id: str = id_field()
    queue_id: str = slug_field()
    made_at = fields.DatetimeField()
    expires_at = fields.DatetimeField()
    outcome = fields.CharField(max_length=16, null=True)
    reason = fields.TextField(default="")
    ended_at: datetime | None = fields.DatetimeField(null=True)
    explanation: dict[str, str] = json_field(dict)

    class Meta:
        app = "store"
        table = "offer"
        indexes = (("work_id",), ("agent_id", "made_at"), ("outcome",), ("conversation_id",))
