"""A contact's addresses, and contacts that are one person."""

from typing import Annotated

import msgspec
from msgspec import Meta

from core.config import Settings
from core.events import ContactView
from hub.contacts.links import NewAddress, Suggestion
from hub.contacts.merges import MergePreview, MergeView
from hub.http.endpoints import Call, Endpoints, NoBody
from hub.services import Services
from hub.store.fields import ID_LENGTH

api = Endpoints()
CONTACT = "/api/v1/contacts/{contact_id}"


class Other(Settings, frozen=True, kw_only=True):
    """The contact that is the same person and is given up."""

    other_id: Annotated[str, Meta(max_length=ID_LENGTH)]


class WholeAddress(msgspec.Struct, frozen=True):
    """An address as it is."""

    uri: str


class Links(msgspec.Struct, frozen=True):
    """What was merged, newest first, and who may be the same person."""

    merges: list[MergeView]
    suggestions: list[Suggestion]


@api.add("POST", f"{CONTACT}/addresses", "contact.link", body=NewAddress, answer=ContactView, problems=(409,))
async def add_address(services: Services, call: Call[NewAddress]) -> ContactView:
    """Add an address to a contact."""
    return await services.contact_links.add(call.identity, call.path["contact_id"], call.body, remote=call.remote)


@api.add("DELETE", f"{CONTACT}/addresses/{{address_id}}", "contact.link", answer=ContactView, problems=(409,))
async def unlink_address(services: Services, call: Call[NoBody]) -> ContactView:
    """Take an address away from a contact."""
    return await services.contact_links.unlink(
        call.identity, call.path["contact_id"], call.path["address_id"], remote=call.remote
    )


@api.add("POST", f"{CONTACT}/addresses/{{address_id}}/prefer", "contact.link", answer=ContactView)
async def prefer_address(services: Services, call: Call[NoBody]) -> ContactView:
    """Prefer an address of a contact."""
    return await services.contact_links.prefer(
        call.identity, call.path["contact_id"], call.path["address_id"], remote=call.remote
    )


@api.add("POST", f"{CONTACT}/addresses/{{address_id}}/reveal", "address.reveal", answer=WholeAddress)
async def reveal_address(services: Services, call: Call[NoBody]) -> WholeAddress:
    """Show an address whole, which is logged."""
    contact_id, address_id = call.path["contact_id"], call.path["address_id"]
    return WholeAddress(await services.contact_links.reveal(call.identity, contact_id, address_id, remote=call.remote))


@api.add("GET", f"{CONTACT}/links", "desk.use", answer=Links)
async def list_links(services: Services, call: Call[NoBody]) -> Links:
    """List what was merged into a contact, and who may be the same person."""
    contact_id = call.path["contact_id"]
    return Links(
        await services.contact_merges.of(call.identity, contact_id),
        await services.contact_links.suggestions(call.identity, contact_id),
    )


@api.add("DELETE", f"{CONTACT}/suggestions/{{suggestion_id}}", "contact.link")
async def dismiss_suggestion(services: Services, call: Call[NoBody]) -> None:
    """Say that two contacts are two persons."""
    await services.contact_links.dismiss(call.identity, call.path["contact_id"], call.path["suggestion_id"])


@api.add("POST", f"{CONTACT}/merge-preview", "contact.link", body=Other, answer=MergePreview, problems=(409,))
async def preview_merge(services: Services, call: Call[Other]) -> MergePreview:
    """Show what merging two contacts would do."""
    return await services.contact_merges.preview(call.identity, call.path["contact_id"], call.body.other_id)


@api.add("POST", f"{CONTACT}/merges", "contact.link", body=Other, answer=ContactView, problems=(409,))
async def merge_contacts(services: Services, call: Call[Other]) -> ContactView:
    """Merge another contact into this one."""
    return await services.contact_merges.merge(
        call.identity, call.path["contact_id"], call.body.other_id, remote=call.remote
    )


@api.add("DELETE", f"{CONTACT}/merges/{{merge_id}}", "contact.link", answer=ContactView, problems=(409,))
async def undo_merge(services: Services, call: Call[NoBody]) -> ContactView:
    """Take a merge back."""
    return await services.contact_merges.undo(
        call.identity, call.path["contact_id"], call.path["merge_id"], remote=call.remote
    )
