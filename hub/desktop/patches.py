"""What an event changes in the tables of one viewer's desk: the desk's one law, server side.

A browser that applies these patches to an earlier snapshot holds exactly what a fresh
snapshot would hold (hub/desktop/snapshot.py reads the same tables by the same rules).
"""

from dataclasses import dataclass, field
from typing import Literal, get_args

import msgspec

from core.events import (
    AgentChanged,
    BulletinChanged,
    BulletinConfirmed,
    ContactChanged,
    ConversationChanged,
    ConversationView,
    DraftChanged,
    EntryAdded,
    EntryChanged,
    EntryView,
    Event,
    NotificationChanged,
    OfferEnded,
    OfferMade,
    QueueChanged,
    RoomChanged,
    RoomMessageAdded,
    RoomView,
    TodoChanged,
    WorkOrderChanged,
)
from hub.accounts.identity import Identity
from hub.conversing.masking import masked
from hub.teamwork.bulletins import is_for
from hub.work_orders.access import loses, sees, shown

Table = Literal[
    "conversations", "contacts", "entries", "offers", "agents", "queues", "drafts", "setup",
    "notifications", "todos", "rooms", "room_messages", "bulletins", "work_orders",
]  # fmt: skip
TABLES: tuple[Table, ...] = get_args(Table)


class Patch(msgspec.Struct, frozen=True):
    """Put ``value`` under ``key`` of ``table``, or delete it when ``value`` is None."""

    table: Table
    key: str
    value: msgspec.Struct | dict[str, object] | None


class DraftView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An agent's unsent words."""

    text: str
    is_note: bool = False
    saved_at: str = ""


@dataclass(slots=True)
class Viewer:
    """Whose desk it is.

    ``offered`` are the conversations offered to them now, ``shown`` those that stand in their tables, by id with
    their contact, and ``room_ids`` the rooms: nobody hears that something was taken away which they never had.
    """

    identity: Identity
    offered: set[str] = field(default_factory=set)
    shown: dict[str, str] = field(default_factory=dict)
    room_ids: set[str] = field(default_factory=set)

    def sees(self, conversation: ConversationView) -> bool:
        """Whether the conversation stands in this viewer's tables."""
        if conversation.state == "closed":
            return False
        if conversation.agent_id == self.identity.user_id or conversation.conversation_id in self.offered:
            return True
        return conversation.state == "queued" and self.identity.sees_queue(conversation.queue_id)

    def may_open(self, conversation: ConversationView) -> bool:
        """Whether this viewer may read the conversation at all, closed ones included."""
        return (
            self.sees(conversation)
            or conversation.agent_id == self.identity.user_id
            or self.identity.sees_queue(conversation.queue_id)
        )


def patches(event: Event, viewer: Viewer) -> list[Patch]:  # noqa: PLR0911 - one case for each event
    """Return what ``event`` changes for ``viewer``; offers also change what the viewer may see."""
    match event:
        case ConversationChanged(conversation=conversation):
            return _conversation(conversation, viewer)
        case EntryAdded(entry=entry, conversation=conversation):
            return [*_conversation(conversation, viewer), *_entry(entry, conversation, viewer)]
        case EntryChanged(entry=entry, conversation=conversation):
            return _entry(entry, conversation, viewer)
        case OfferMade(offer=offer, conversation=conversation):
            if offer.agent_id != viewer.identity.user_id:
                return []
            viewer.offered.add(offer.conversation_id)
            return [Patch("offers", offer.offer_id, offer), *_conversation(conversation, viewer)]
        case OfferEnded(offer=offer, conversation=conversation):
            if offer.agent_id != viewer.identity.user_id:
                return []
            viewer.offered.discard(offer.conversation_id)
            return [Patch("offers", offer.offer_id, None), *_conversation(conversation, viewer)]
        case AgentChanged(agent=agent):
            return [Patch("agents", agent.agent_id, agent)]
        case QueueChanged(queue=queue):
            return [Patch("queues", queue.queue_id, queue)] if viewer.identity.sees_queue(queue.queue_id) else []
        case ContactChanged(contact=contact):
            seen = masked(contact, viewer.identity)
            return [Patch("contacts", contact.contact_id, seen)] if _sees_contact(event, viewer) else []
        case DraftChanged():
            return _draft(event, viewer)
        case _:
            return _among_colleagues(event, viewer)


def _among_colleagues(event: Event, viewer: Viewer) -> list[Patch]:  # noqa: PLR0911 - one case for each event
    me = viewer.identity.user_id
    match event:
        case NotificationChanged(notification=one) if one.user_id == me:
            return [Patch("notifications", one.notification_id, one if one.seen_at is None else None)]
        case TodoChanged(todo=todo) if todo.user_id == me:
            return [Patch("todos", todo.todo_id, todo if todo.done_at is None else None)]
        case RoomChanged(room=room):
            return _room(room, viewer)
        case RoomMessageAdded(message=message) if me in event.member_ids:
            return [Patch("room_messages", message.room_message_id, message)]
        case BulletinChanged(bulletin=bulletin) if is_for(bulletin, viewer.identity):
            return [Patch("bulletins", bulletin.bulletin_id, bulletin if bulletin.withdrawn_at is None else None)]
        case WorkOrderChanged():
            return _work_order(event, viewer.identity)
        case BulletinConfirmed(bulletin_id=bulletin_id, user_id=user_id) if user_id == me:
            return [Patch("bulletins", bulletin_id, None)]
        case _:
            return []


def _room(room: RoomView, viewer: Viewer) -> list[Patch]:
    if viewer.identity.user_id in room.unread:
        viewer.room_ids.add(room.room_id)
        return [Patch("rooms", room.room_id, room)]
    if room.room_id in viewer.room_ids:
        viewer.room_ids.discard(room.room_id)
        return [Patch("rooms", room.room_id, None)]
    return []


def _conversation(conversation: ConversationView, viewer: Viewer) -> list[Patch]:
    key = conversation.conversation_id
    if viewer.sees(conversation):
        viewer.shown[key] = conversation.contact_id
        return [Patch("conversations", key, masked(conversation, viewer.identity))]
    return [Patch("conversations", key, None)] if viewer.shown.pop(key, None) else []


def _sees_contact(event: ContactChanged, viewer: Viewer) -> bool:
    identity = viewer.identity
    return (
        identity.may("queue.all")
        or identity.user_id in event.agent_ids
        or not identity.queue_ids.isdisjoint(event.queue_ids)
        or event.contact.contact_id in viewer.shown.values()
    )


def _entry(entry: EntryView, conversation: ConversationView, viewer: Viewer) -> list[Patch]:
    return [Patch("entries", entry.entry_id, entry)] if viewer.may_open(conversation) else []


def _work_order(event: WorkOrderChanged, identity: Identity) -> list[Patch]:
    order = event.order
    if sees(identity, event):
        return [Patch("work_orders", order.order_id, shown(order, identity))]
    return [Patch("work_orders", order.order_id, None)] if loses(identity, event) else []


def _draft(event: DraftChanged, viewer: Viewer) -> list[Patch]:
    if event.agent_id != viewer.identity.user_id:
        return []
    view = DraftView(text=event.text, is_note=event.is_note, saved_at=event.saved_at.isoformat())
    return [Patch("drafts", event.conversation_id, view if event.text else None)]
