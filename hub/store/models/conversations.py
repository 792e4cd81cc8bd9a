"""Conversations, their timelines, and what agents have begun to write."""

from datetime import datetime
from typing import Any

from tortoise import fields
from tortoise.models import Model

from hub.store.fields import NAME_LENGTH, URI_LENGTH, id_field, json_field, slug_field


class Conversation(Model):
    """Everything exchanged about one matter: the columns of ``core.events.ConversationView`` and the flow's place.

    Queues, agents and codes are plain ids: history outlives the setup it happened in.
    """

    conversation_id: str = id_field(is_key=True)
    contact: Any = fields.ForeignKeyField("store.Contact", related_name=False, on_delete=fields.OnDelete.RESTRICT)
    contact_id: str
    contact_name = fields.CharField(max_length=NAME_LENGTH, default="")
    contact_level = fields.IntField(default=0)
    language = fields.CharField(max_length=35, default="")
    instance: str = slug_field()
    channel: str = slug_field()
    address = fields.CharField(max_length=URI_LENGTH)
    reply_address = fields.CharField(max_length=URI_LENGTH, default="", db_default="")  # empty: where it began
    reply_instance: str = slug_field(default="", db_default="")
    state = fields.CharField(max_length=16)
    queue_id: str | None = slug_field(null=True)
    agent_id: str | None = id_field(null=True)
    priority = fields.IntField(default=0)
    tags: list[str] = json_field(list)
    topic = fields.TextField(default="")
    summary = fields.TextField(default="")
    wrap_up_code: str | None = slug_field(null=True)
    form: dict[str, Any] | None = json_field()  # core.events.FilledForm
    rating = fields.IntField(null=True)
    opened_at = fields.DatetimeField()
    queued_at: datetime | None = fields.DatetimeField(null=True)
    assigned_at: datetime | None = fields.DatetimeField(null=True)
    wrap_up_until: datetime | None = fields.DatetimeField(null=True)
    closed_at: datetime | None = fields.DatetimeField(null=True)
    last_entry_at: datetime | None = fields.DatetimeField(null=True)
    last_text = fields.TextField(default="")
    last_author = fields.CharField(max_length=16, default="contact")
    waiting_since: datetime | None = fields.DatetimeField(null=True)
    unread = fields.IntField(default=0)
    mail: dict[str, Any] | None = json_field()  # the last one received, in short: what the next one sent answers
    flow_id: str | None = slug_field(null=True)
    flow_version = fields.IntField(null=True)
    flow_state: dict[str, Any] | None = json_field()
    flow_timer_at: datetime | None = fields.DatetimeField(null=True)
    call: dict[str, Any] | None = json_field()  # core.events.CallView of the last one
    snoozed_until: datetime | None = fields.DatetimeField(null=True)
    merged_into: str | None = id_field(null=True)  # the conversation that its entries stand in now
    held: dict[str, Any] | None = (
        json_field()
    )  # hub.conversing.held_steps.Held: what is done at ``held_until`` unless undone
    held_until: datetime | None = fields.DatetimeField(null=True)
    call_back: dict[str, Any] | None = json_field()  # core.events.CallBackView of one that is owed
    call_back_at: datetime | None = fields.DatetimeField(null=True)  # when it is tried again
    created_at = fields.DatetimeField()

    class Meta:
        app = "store"
        table = "conversation"
        indexes = (
            ("call_back_at",),
            ("opened_at",),
            ("contact_id", "opened_at"),
            ("address", "conversation_id"),
            ("state", "last_entry_at"),
            ("agent_id", "state"),
            ("queue_id", "state"),
            ("flow_timer_at",),
            ("snoozed_until",),
            ("held_until",),
        )


class Entry(Model):
    """One line of a timeline: the columns of ``core.events.EntryView``, whose far end, and its own id there.

    Entries of a conversation are ordered by ``entry_id``, those exchanged with an address by ``seq``.
    """

    entry_id: str = id_field(is_key=True)
    conversation: Any = fields.ForeignKeyField(
        "store.Conversation", related_name=False, on_delete=fields.OnDelete.RESTRICT
    )
    conversation_id: str
    kind = fields.CharField(max_length=16)
    direction = fields.CharField(max_length=8, default="none")
    author_kind = fields.CharField(max_length=16, default="system")
    author_id: str | None = id_field(null=True)
    author_name = fields.CharField(max_length=NAME_LENGTH, default="")
    sender_name = fields.CharField(max_length=NAME_LENGTH, default="")  # what the person outside may see of it
    instance: str = slug_field(default="")
    address = fields.CharField(max_length=URI_LENGTH, default="")
    seq = fields.BigIntField(default=0)
    text = fields.TextField(default="")
    attachments: list[dict[str, Any]] = json_field(list)
    choices: list[dict[str, Any]] = json_field(list)
    status = fields.CharField(max_length=16, null=True)
    code = fields.CharField(max_length=NAME_LENGTH, default="")
    params: dict[str, str] = json_field(dict)
    client_id = fields.CharField(max_length=NAME_LENGTH, default="")
    mail: dict[str, Any] | None = json_field()
    external_id = fields.CharField(max_length=URI_LENGTH, default="")
    created_at = fields.DatetimeField()

    class Meta:
        app = "store"
        table = "entry"
        indexes = (
            ("conversation_id", "entry_id"),
            ("conversation_id", "client_id"),
            ("address", "seq"),
            ("instance", "external_id"),
        )


class Draft(Model):
    """What an agent has written into a conversation and not sent."""

    draft_id: str = id_field(is_key=True)
    conversation: Any = fields.ForeignKeyField(
        "store.Conversation", related_name=False, on_delete=fields.OnDelete.RESTRICT
    )
    conversation_id: str
    agent_id: str = id_field()
    text = fields.TextField(default="")
    is_note = fields.BooleanField(default=False)
    saved_at = fields.DatetimeField()

    class Meta:
        app = "store"
        table = "draft"
        unique_together = (("conversation_id", "agent_id"),)
        indexes = (("agent_id",),)
