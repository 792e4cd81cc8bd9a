"""The people inside: accounts, roles, sessions, and what agents are doing."""

from datetime import datetime
from typing import Any

from tortoise import fields
from tortoise.models import Model

from hub.store.fields import NAME_LENGTH, id_field, json_field, slug_field


class User(Model):
    """An account; ``granted`` and ``denied`` are permissions beside those of its roles."""

    user_id: str = id_field(is_key=True)
    username = fields.CharField(max_length=NAME_LENGTH, unique=True)
    display_name = fields.CharField(max_length=NAME_LENGTH, default="")
    work_number = fields.CharField(max_length=32, unique=True)
    password_hash = fields.CharField(max_length=NAME_LENGTH, default="")
    must_change_password = fields.BooleanField(default=True)
    is_active = fields.BooleanField(default=True)
    failed_logins = fields.IntField(default=0)
    locked_until: datetime | None = fields.DatetimeField(null=True)
    role_ids: list[str] = json_field(list)
    granted: list[str] = json_field(list)
    denied: list[str] = json_field(list)
    skills: dict[str, int] = json_field(dict)
    queue_ids: list[str] = json_field(list)
    department_id: str = slug_field(default="", db_default="")
    group_ids: list[str] | None = json_field()
    own_queue_ids: list[str] | None = json_field()  # those of ``queue_ids`` that are not a group's; null: all
    own_skills: dict[str, int] | None = json_field()  # likewise of ``skills``
    capacities: dict[str, int] = json_field(dict)
    language = fields.CharField(max_length=35, default="")
    phone_kind = fields.CharField(max_length=8, default="", db_default="")  # the phone they want to be rung on
    created_at = fields.DatetimeField()

    class Meta:
        app = "store"
        table = "user_account"  # "user" is a reserved word in PostgreSQL


class Role(Model):
    """A named set of permissions; ``title`` by language."""

    role_id: str = slug_field(is_key=True)
    title: dict[str, str] = json_field(dict)
    permissions: list[str] = json_field(list)

    class Meta:
        app = "store"
        table = "role"


class Session(Model):
    """A log-in; only the hash of its token is kept."""

    token_hash = fields.CharField(max_length=64, primary_key=True)
    user: Any = fields.ForeignKeyField("store.User", related_name=False, on_delete=fields.OnDelete.CASCADE)
    user_id: str
    created_at = fields.DatetimeField()
    expires_at = fields.DatetimeField()
    last_seen_at = fields.DatetimeField()
    csrf = fields.CharField(max_length=64)

    class Meta:
        app = "store"
        table = "session"
        indexes = (("user_id",), ("expires_at",))


class AgentStatus(Model):
    """What an agent is doing, so that a restarted hub knows."""

    user: Any = fields.OneToOneField(
        "store.User", related_name=False, primary_key=True, on_delete=fields.OnDelete.CASCADE
    )
    user_id: str
    state = fields.CharField(max_length=16, default="offline")
    reason: str = slug_field(default="")
    work_mode = fields.CharField(max_length=16, default="normal")
    since = fields.DatetimeField()
    kept: dict[str, Any] | None = json_field()  # what the routing core goes on from

    class Meta:
        app = "store"
        table = "agent_status"


class AgentStretch(Model):
    """A time in which an agent at work did one thing; ``ended_at`` is null while it goes on."""

    stretch_id: str = id_field(is_key=True)
    agent_id: str = id_field()
    activity = fields.CharField(max_length=16)  # hub.routing.Activity
    reason: str = slug_field(default="")
    work_mode = fields.CharField(max_length=16, default="normal")
    begun_at = fields.DatetimeField()
    seen_at = fields.DatetimeField()  # when the hub last knew that it went on
    ended_at: datetime | None = fields.DatetimeField(null=True)

    class Meta:
        app = "store"
        table = "agent_stretch"
        indexes = (("agent_id", "ended_at"), ("ended_at", "begun_at"))
