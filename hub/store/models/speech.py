"""What was said in recordings and voice messages, written down."""

from datetime import datetime
from typing import Any

from tortoise import fields
from tortoise.models import Model

from hub.store.fields import NAME_LENGTH, id_field, json_field, slug_field


class Transcript(Model):
    """One sound to be written down, or that was; ``ends`` says up to which frame of each channel it has been.

    Waiting ones are the queue of the transcribers: ``instance`` is who works on it now. ``spent_s`` is the processor's
    time.
    """

    transcript_id: str = id_field(is_key=True)
    conversation: Any = fields.ForeignKeyField(
        "store.Conversation", related_name=False, on_delete=fields.OnDelete.RESTRICT
    )
    conversation_id: str
    entry_id: str = id_field()
    media_id: str = id_field()
    kind = fields.CharField(max_length=16)
    state = fields.CharField(max_length=16)
    attempt = fields.IntField(default=0)
    priority = fields.IntField(default=0)
    instance: str = slug_field(default="")
    language = fields.CharField(max_length=35, default="")
    queue_id: str | None = slug_field(null=True)
    user_id: str | None = id_field(null=True)  # the agent who spoke
    dialled = fields.CharField(max_length=NAME_LENGTH, default="")
    model = fields.CharField(max_length=NAME_LENGTH, default="")
    ends: list[int] = json_field(list)
    length_s = fields.FloatField(default=0.0)
    spent_s = fields.FloatField(default=0.0)
    code = fields.CharField(max_length=NAME_LENGTH, default="")
    reason = fields.TextField(default="")
    created_at = fields.DatetimeField()
    ended_at: datetime | None = fields.DatetimeField(null=True)

    class Meta:
        app = "store"
        table = "transcript"
        indexes = (
            ("state", "priority", "transcript_id"),
            ("media_id",),
            ("conversation_id",),
            ("ended_at",),
        )


class Utterance(Model):
    """One stretch of speech; ``words`` are ``core.events.Word``, ``corrected`` what an agent made of ``text``."""

    utterance_id: str = id_field(is_key=True)
    transcript: Any = fields.ForeignKeyField("store.Transcript", related_name=False, on_delete=fields.OnDelete.RESTRICT)
    transcript_id: str
    channel = fields.IntField()
    start_ms = fields.IntField()
    end_ms = fields.IntField()
    text = fields.TextField(default="")
    words: list[Any] = json_field(list)
    confidence = fields.FloatField(default=1.0)
    recognized: str | None = fields.TextField(null=True)  # before figures and marks
    corrected: str | None = fields.TextField(null=True)
    corrected_by: str | None = id_field(null=True)
    corrected_at: datetime | None = fields.DatetimeField(null=True)

    class Meta:
        app = "store"
        table = "utterance"
        indexes = (("transcript_id", "start_ms"), ("corrected_at",))
