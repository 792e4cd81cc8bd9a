"""What belongs to one agent's desk, and what colleagues tell each other."""

from datetime import datetime
from typing import Any

from tortoise import fields
from tortoise.models import Model

from hub.store.fields import NAME_LENGTH, id_field, json_field


class Notification(Model):
    """The columns of ``core.events.NotificationView``."""

    notification_id: str = id_field(is_key=True)
    user_id: str = id_field()
    kind = fields.CharField(max_length=16)
    conversation_id: str | None = id_field(null=True)
    params: dict[str, str] = json_field(dict)
    created_at = fields.DatetimeField()
    seen_at: datetime | None = fields.DatetimeField(null=True)

    class Meta:
        app = "store"
        table = "notification"
        indexes = (("user_id", "seen_at"),)


class Todo(Model):
    """The columns of ``core.events.TodoView``, and whether its agent was reminded."""

    todo_id: str = id_field(is_key=True)
    user_id: str = id_field()
    text = fields.TextField()
    conversation_id: str | None = id_field(null=True)
    due_at: datetime | None = fields.DatetimeField(null=True)
    remind_at: datetime | None = fields.DatetimeField(null=True)  # null once they were, or when they need not be
    done_at: datetime | None = fields.DatetimeField(null=True)
    created_at = fields.DatetimeField()

    class Meta:
        app = "store"
        table = "todo"
        indexes = (("user_id", "done_at"), ("remind_at",))


class Preferences(Model):
    """How one user likes the desk to look and behave."""

    user: Any = fields.OneToOneField(
        "store.User", related_name=False, primary_key=True, on_delete=fields.OnDelete.CASCADE
    )
    user_id: str
    settings: dict[str, Any] = json_field(dict)

    class Meta:
        app = "store"
        table = "preferences"


class Room(Model):
    """The columns of ``core.events.RoomView``."""

    room_id: str = id_field(is_key=True)
    title = fields.CharField(max_length=NAME_LENGTH, default="")
    unread: dict[str, int] = json_field(dict)
    last_text = fields.TextField(default="")
    last_author_id = fields.CharField(max_length=36, default="")
    last_at = fields.DatetimeField()
    created_at = fields.DatetimeField()

    class Meta:
        app = "store"
        table = "room"


class RoomMember(Model):
    """Who is in a room: what finds a user's rooms."""

    member_id: str = id_field(is_key=True)
    room: Any = fields.ForeignKeyField("store.Room", related_name=False, on_delete=fields.OnDelete.RESTRICT)
    room_id: str
    user_id: str = id_field()

    class Meta:
        app = "store"
        table = "room_member"
        unique_together = (("room_id", "user_id"),)
        indexes = (("user_id",),)


class RoomMessage(Model):
    """The columns of ``core.events.RoomMessageView``."""

    room_message_id: str = id_field(is_key=True)
    room: Any = fields.ForeignKeyField("store.Room", related_name=False, on_delete=fields.OnDelete.RESTRICT)
    room_id: str
    author_id: str = id_field()
    text = fields.TextField()
    client_id = fields.CharField(max_length=64, default="")
    created_at = fields.DatetimeField()

    class Meta:
        app = "store"
        table = "room_message"
        indexes = (("room_id", "room_message_id"), ("room_id", "client_id"))


class Bulletin(Model):
    """The columns of ``core.events.BulletinView``."""

    bulletin_id: str = id_field(is_key=True)
    title = fields.CharField(max_length=NAME_LENGTH)
    text = fields.TextField()
    author_id: str = id_field()
    author_name = fields.CharField(max_length=NAME_LENGTH, default="")
    queue_ids: list[str] = json_field(list)
    published_at = fields.DatetimeField()
    withdrawn_at: datetime | None = fields.DatetimeField(null=True)

    class Meta:
        app = "store"
        table = "bulletin"
        indexes = (("withdrawn_at",),)


class BulletinReading(Model):
    """That a user has confirmed a bulletin."""

    reading_id: str = id_field(is_key=True)
    bulletin: Any = fields.ForeignKeyField("store.Bulletin", related_name=False, on_delete=fields.OnDelete.RESTRICT)
    bulletin_id: str
    user_id: str = id_field()
    confirmed_at = fields.DatetimeField()

    class Meta:
        app = "store"
        table = "bulletin_reading"
        unique_together = (("bulletin_id", "user_id"),)
        indexes = (("user_id",),)
