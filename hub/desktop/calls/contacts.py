"""Contacts: cards, history, block list."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from core.config import Settings
from core.events import ContactView, ConversationView
from hub.contacts.contacts import ContactEdit
from hub.http.endpoints import Call, Endpoints, NoBody
from hub.services import Services

api = Endpoints()


class ConversationHistory(msgspec.Struct, frozen=True):
    """Newest first."""

    items: list[ConversationView]


class Block(Settings, frozen=True, kw_only=True):
    """Why, and until when, a contact is refused, or served with a reminder of the reason."""

    reason: Annotated[str, Meta(min_length=1, max_length=200)]
    until: Annotated[datetime, Meta(tz=True)] | None = None
    kind: Literal["refuse", "remind"] = "refuse"


@api.add("GET", "/api/v1/contacts/{contact_id}", "desk.use", answer=ContactView)
async def get_contact(services: Services, call: Call[NoBody]) -> ContactView:
    """Return one contact."""
    return await services.contacts.view(call.identity, call.path["contact_id"])


@api.add("PATCH", "/api/v1/contacts/{contact_id}", "contact.edit", body=ContactEdit, answer=ContactView)
async def edit_contact(services: Services, call: Call[ContactEdit]) -> ContactView:
    """Change a contact."""
    return await services.contacts.edit(call.identity, call.path["contact_id"], call.body, remote=call.remote)


@api.add("GET", "/api/v1/contacts/{contact_id}/conversations", "desk.use", answer=ConversationHistory)
async def list_contact_conversations(services: Services, call: Call[NoBody]) -> ConversationHistory:
    """List what was exchanged with a contact before, as far as the user may see it."""
    return ConversationHistory(await services.conversation_lists.of_contact(call.identity, call.path["contact_id"]))


@api.add("POST", "/api/v1/contacts/{contact_id}/block", "contact.block", body=Block, answer=ContactView)
async def block_contact(services: Services, call: Call[Block]) -> ContactView:
    """Refuse what comes from a contact, or remind agents of why to take care."""
    contacts, block = services.contacts, call.body
    act = contacts.block if block.kind == "refuse" else contacts.warn
    return await act(call.identity, call.path["contact_id"], block.reason, block.until, remote=call.remote)


@api.add("DELETE", "/api/v1/contacts/{contact_id}/block", "contact.block", answer=ContactView)
async def unblock_contact(services: Services, call: Call[NoBody]) -> ContactView:
    """Let a contact in again."""
    return await services.contacts.unblock(call.identity, call.path["contact_id"], remote=call.remote)
