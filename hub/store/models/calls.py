"""Calls, their parties, their recordings, and the phones of agents."""

from datetime import datetime
from typing import Any

from tortoise import fields
from tortoise.models import Model

from hub.store.fields import NAME_LENGTH, URI_LENGTH, id_field, json_field, slug_field


class Call(Model):
    """One call; ``legs`` and ``recordings`` are its plan as ``core.events.CallPlan`` has it.

    ``utterance`` is what the caller is being told, and what follows it (``hub.calls.utterances``).
    """

    call_id: str = slug_field(is_key=True)
    conversation: Any = fields.ForeignKeyField(
        "store.Conversation", related_name=False, on_delete=fields.OnDelete.RESTRICT
    )
    conversation_id: str
    instance: str = slug_field()
    direction = fields.CharField(max_length=8, default="in")
    number = fields.CharField(max_length=URI_LENGTH)  # of the citizen
    dialled = fields.CharField(max_length=NAME_LENGTH, default="")
    trunk = fields.CharField(max_length=NAME_LENGTH, default="")
    revision = fields.IntField(default=0)
    legs: list[dict[str, Any]] = json_field(list)
    recordings: list[dict[str, Any]] = json_field(list)
    utterance: dict[str, Any] | None = json_field()
    is_held = fields.BooleanField(default=False)
    keys = fields.CharField(max_length=NAME_LENGTH, default="", db_default="")  # pressed in menus, the last ones
    visit: dict[str, Any] | None = json_field()  # what waits while the citizen is in a flow (hub.calls.flow_visits)
    is_recorded: Any = fields.BooleanField(null=True)  # as somebody decided; none: the queue's rule does
    arrived_at = fields.DatetimeField()
    talked_at: datetime | None = fields.DatetimeField(null=True)
    ended_at: datetime | None = fields.DatetimeField(null=True)
    cause = fields.CharField(max_length=16, default="")
    hung_up_by = fields.CharField(max_length=16, default="")

    class Meta:
        app = "store"
        table = "phone_call"
        indexes = (("conversation_id",), ("instance", "ended_at"), ("arrived_at",))


class InternalCall(Model):
    """A call between colleagues; ``legs`` is its plan as ``core.events.CallPlan`` has it, ``caller_id`` who dialled."""

    call_id: str = slug_field(is_key=True)
    instance: str = slug_field()
    caller_id: str = id_field()
    callee_id: str | None = id_field(null=True)  # none: what was dialled is nobody's number
    revision = fields.IntField(default=0)
    legs: list[dict[str, Any]] = json_field(list)
    arrived_at = fields.DatetimeField()
    talked_at: datetime | None = fields.DatetimeField(null=True)
    ended_at: datetime | None = fields.DatetimeField(null=True)
    cause = fields.CharField(max_length=16, default="")

    class Meta:
        app = "store"
        table = "internal_call"
        indexes = (("instance", "ended_at"), ("caller_id", "arrived_at"))


class CallLeg(Model):
    """One party of a call, for ever: when it rang, answered and left. Times are the engine's."""

    leg_id: str = slug_field(is_key=True)
    call: Any = fields.ForeignKeyField("store.Call", related_name=False, on_delete=fields.OnDelete.RESTRICT)
    call_id: str
    role = fields.CharField(max_length=16)
    user_id: str | None = id_field(null=True)
    target = fields.CharField(max_length=URI_LENGTH, default="")
    offer_id: str | None = slug_field(null=True)
    started_at = fields.DatetimeField()
    rung_at: datetime | None = fields.DatetimeField(null=True)
    answered_at: datetime | None = fields.DatetimeField(null=True)
    heard_at: datetime | None = fields.DatetimeField(null=True)  # the first sound from there
    ended_at: datetime | None = fields.DatetimeField(null=True)
    cause = fields.CharField(max_length=16, default="")
    by_far_end = fields.BooleanField(default=False)
    keys = fields.IntField(default=0)
    trunk = fields.CharField(max_length=NAME_LENGTH, default="", db_default="")  # over which it came or was called

    class Meta:
        app = "store"
        table = "call_leg"
        indexes = (("call_id",), ("user_id", "started_at"), ("started_at",))


class TrunkChange(Model):
    """A trunk came up or went down, in the order of ``at``; ``trunk`` is a name of its ``instance``."""

    change_id = fields.BigIntField(primary_key=True)
    instance: str = slug_field()
    trunk = fields.CharField(max_length=NAME_LENGTH)
    is_up = fields.BooleanField()
    at = fields.DatetimeField()

    class Meta:
        app = "store"
        table = "trunk_change"
        indexes = (("instance", "trunk", "at"),)


class Recording(Model):
    """What was said, as a file of the media store; ``is_held`` keeps it beyond every retention rule."""

    recording_id: str = slug_field(is_key=True)
    call: Any = fields.ForeignKeyField("store.Call", related_name=False, on_delete=fields.OnDelete.RESTRICT)
    call_id: str
    conversation_id: str = id_field()
    queue_id: str | None = slug_field(null=True)
    user_id: str | None = id_field(null=True)  # the agent with whom it began
    number = fields.CharField(max_length=URI_LENGTH)
    media_id: str | None = id_field(null=True)  # none while it runs, and after it was deleted
    started_at = fields.DatetimeField()
    length_s = fields.FloatField(default=0.0)
    is_cut = fields.BooleanField(default=False)
    is_held = fields.BooleanField(default=False)
    deleted_at: datetime | None = fields.DatetimeField(null=True)
    # when it was copied to the folder outside; of a deleted one: a copy may be there
    copied_at: datetime | None = fields.DatetimeField(null=True)

    class Meta:
        app = "store"
        table = "recording"
        indexes = (
            ("call_id",),
            ("started_at",),
            ("user_id", "started_at"),
            ("conversation_id",),
            ("number",),
            ("copied_at",),
        )


class Phone(Model):
    """A phone an agent can be called on; ``secret`` is sealed, a browser's lasts as long as its session."""

    phone_id: str = slug_field(is_key=True)
    instance: str = slug_field()
    user: Any = fields.ForeignKeyField("store.User", related_name=False, on_delete=fields.OnDelete.CASCADE)
    user_id: str
    kind = fields.CharField(max_length=8)
    secret = fields.TextField(default="")
    number = fields.CharField(max_length=NAME_LENGTH, default="")  # of an outside phone
    session_id = fields.CharField(max_length=NAME_LENGTH, default="", db_default="")  # a browser's
    is_reachable = fields.BooleanField(default=False)
    changed_at = fields.DatetimeField()

    class Meta:
        app = "store"
        table = "phone"
        indexes = (("user_id",), ("instance",))


class PromptSound(Model):
    """A sound for a prompt: recorded by staff under a name, or synthesised and found by its words."""

    sound_id: str = slug_field(is_key=True)
    name = fields.CharField(max_length=NAME_LENGTH, default="")
    language = fields.CharField(max_length=35)
    text = fields.TextField(default="")
    voice = fields.CharField(max_length=NAME_LENGTH, default="")
    media_id: str = id_field()
    length_s = fields.FloatField(default=0.0)
    created_at = fields.DatetimeField()
    author_id: str | None = id_field(null=True)

    class Meta:
        app = "store"
        table = "prompt_sound"
        indexes = (("name", "language"),)
