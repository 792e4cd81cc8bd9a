"""What happens between colleagues and on one agent's own desk: to-dos, notifications, chat rooms, bulletins."""

from datetime import datetime
from typing import Literal

import msgspec

from core.events.base import Event

NotificationKind = Literal[
    "mention", "reminder", "woken", "not_done", "merged", "alarm", "away_long", "assigned",
    "to_review", "scored", "appeal_decided", "order_assigned", "order_urged", "order_answered", "order_overdue",
    "expiring", "expert_asked", "expert_settled", "expert_declined",
]  # fmt: skip


class NotificationView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one user is told until they have seen it; its words are in the desk's catalogue under ``kind``."""

    notification_id: str
    user_id: str
    kind: NotificationKind
    conversation_id: str | None = None
    params: dict[str, str] = {}
    created_at: datetime
    seen_at: datetime | None = None


class TodoView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What an agent means to do, perhaps about a conversation, and when they want to be reminded."""

    todo_id: str
    user_id: str
    text: str
    conversation_id: str | None = None
    due_at: datetime | None = None
    done_at: datetime | None = None
    created_at: datetime


class RoomView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A chat between colleagues; ``unread`` by member. A room of two has no title."""

    room_id: str
    title: str = ""
    unread: dict[str, int]
    last_text: str = ""
    last_author_id: str = ""
    last_at: datetime


class RoomMessageView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One message among colleagues."""

    room_message_id: str
    room_id: str
    author_id: str
    text: str
    client_id: str = ""
    created_at: datetime


class BulletinView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What supervisors want read; without ``queue_ids`` by everybody."""

    bulletin_id: str
    title: str
    text: str
    author_id: str
    author_name: str
    queue_ids: tuple[str, ...] = ()
    published_at: datetime
    withdrawn_at: datetime | None = None


class NotificationChanged(Event, frozen=True, kw_only=True):
    """A user is told something, or has seen it."""

    type = "notification.changed"
    notification: NotificationView


class TodoChanged(Event, frozen=True, kw_only=True):
    """A to-do was noted, changed or done."""

    type = "todo.changed"
    todo: TodoView


class RoomChanged(Event, frozen=True, kw_only=True):
    """A room was opened, somebody wrote in it, joined, left or has read."""

    type = "room.changed"
    room: RoomView


class RoomMessageAdded(Event, frozen=True, kw_only=True):
    """A colleague wrote to the members of a room."""

    type = "room_message.added"
    message: RoomMessageView
    member_ids: tuple[str, ...]


class BulletinChanged(Event, frozen=True, kw_only=True):
    """A bulletin was published or withdrawn."""

    type = "bulletin.changed"
    bulletin: BulletinView


class BulletinConfirmed(Event, frozen=True, kw_only=True):
    """A user has said that they read a bulletin."""

    type = "bulletin.confirmed"
    bulletin_id: str
    user_id: str
