"""Reads one viewer's tables from the store: what the desk's one law compares with applied events."""

from typing import Any

from tortoise.expressions import Q

from hub.conversing.masking import masked
from hub.desktop.patches import TABLES, DraftView, Viewer
from hub.store.models import Conversation, Draft, Offer
from hub.store.views import conversation_view, offer_view
from hub.teamwork.bulletins import unconfirmed
from hub.teamwork.notifications import unseen
from hub.teamwork.rooms import rooms_of
from hub.teamwork.todos import undone


async def read_tables(viewer: Viewer) -> dict[str, dict[str, Any]]:
    """Return the tables that are stored, by name; what browsers load as they show it is empty."""
    identity = viewer.identity
    offers = await Offer.filter(agent_id=identity.user_id, outcome=None)
    viewer.offered = {offer.conversation_id for offer in offers}
    sees_waiting = Q() if identity.may("queue.all") else Q(queue_id__in=sorted(identity.queue_ids))
    rows = await Conversation.filter(
        Q(agent_id=identity.user_id, state__in=("active", "wrap_up"))
        | (Q(state="queued") & sees_waiting)
        | Q(conversation_id__in=sorted(viewer.offered))
    )
    drafts = await Draft.filter(agent_id=identity.user_id)
    tables: dict[str, dict[str, Any]] = {table: {} for table in TABLES}
    views = [view for row in rows if viewer.sees(view := conversation_view(row))]
    viewer.shown = {view.conversation_id: view.contact_id for view in views}
    tables["conversations"] = {view.conversation_id: masked(view, identity) for view in views}
    tables["offers"] = {offer.offer_id: offer_view(offer) for offer in offers}
    tables["drafts"] = {
        draft.conversation_id: DraftView(text=draft.text, is_note=draft.is_note, saved_at=draft.saved_at.isoformat())
        for draft in drafts
    }
    tables["notifications"] = {one.notification_id: one for one in await unseen(identity.user_id)}
    tables["todos"] = {todo.todo_id: todo for todo in await undone(identity.user_id)}
    tables["rooms"] = {room.room_id: room for room in await rooms_of(identity.user_id)}
    viewer.room_ids = set(tables["rooms"])
    tables["bulletins"] = {one.bulletin_id: one for one in await unconfirmed(identity)}
    return tables
