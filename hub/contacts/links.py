"""Which addresses belong to a contact: by what they wrote from, by rule, and by what agents know.

Rules: a customer number that a far end vouches for joins contacts by itself. A telephone number or email address that
somebody merely gives, in a form or to a flow, is kept with them when nobody else has it; when somebody else does, that
is a suggestion for an agent, because anybody can type anybody's number.
"""

import logging
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from core.addresses import normalize
from core.config import Settings
from core.events import ContactView, Profile
from core.flow import Flow, State
from core.flow.steps import AskStep
from core.ids import new_id
from hub.accounts.identity import Identity
from hub.audit import Audit
from hub.contacts.contacts import Contacts
from hub.contacts.merges import ContactMerges
from hub.conversing.masking import mask_address, masked
from hub.errors import ApiError, not_found
from hub.store.fields import NAME_LENGTH, URI_LENGTH
from hub.store.models import Address, Contact, Conversation, LinkSuggestion, Subscription
from hub.units import Unit, Units

log = logging.getLogger(__name__)

ANSWERED_SCHEMES: Final = {"phone": "tel", "email": "mailto"}  # by the kind of answer that a flow asks for
MAX_ADDRESSES: Final = 50  # of one contact


class NewAddress(Settings, frozen=True, kw_only=True):
    """An address as somebody typed it; its scheme is guessed unless given."""

    text: Annotated[str, Meta(min_length=1, max_length=URI_LENGTH)]
    channel: Annotated[str, Meta(pattern=r"^([a-z][a-z0-9+.-]{0,15})?$")] = ""


class Suggestion(msgspec.Struct, frozen=True, kw_only=True):
    """Perhaps the same person: the other contact has the address that this one gave."""

    suggestion_id: str
    other_id: str
    other_name: str
    uri: str


class ContactLinks:
    """Adds, removes and prefers addresses, and takes note of those people give."""

    def __init__(self, units: Units, audit: Audit, contacts: Contacts, merges: ContactMerges) -> None:
        self._units = units
        self._audit = audit
        self._contacts = contacts
        self._merges = merges

    async def add(self, identity: Identity, contact_id: str, new: NewAddress, *, remote: str) -> ContactView:
        """Add an address by hand; 409 ``address_taken`` names the contact that has it."""
        try:
            uri = normalize(new.text, new.channel)
        except ValueError as error:
            raise ApiError(422, "invalid", str(error), fields={"text": "not_an_address"}) from error
        async with self._units.open() as unit:
            contact = await self._contacts.visible(unit, identity, contact_id)
            known = await unit.address(uri)
            if known is None:
                if await Address.filter(contact_id=contact_id).count() >= MAX_ADDRESSES:
                    raise ApiError(409, "too_many_addresses", f"at most {MAX_ADDRESSES} addresses")
                unit.add(_address(unit, contact, uri, "agent"))
                await self._audit.record(identity, "contact.link", "contact", contact_id, remote=remote)
            elif known.contact_id != contact_id:
                raise ApiError(
                    409, "address_taken", "another contact has this address", fields={"contact_id": known.contact_id}
                )
            return masked(await self._contacts.record(unit, contact), identity)

    async def unlink(self, identity: Identity, contact_id: str, address_id: str, *, remote: str) -> ContactView:
        """Take an address away; one that was written to or from goes to a contact of its own with what began there."""
        async with self._units.open() as unit:
            contact = await self._contacts.visible(unit, identity, contact_id)
            address = await self._address(unit, contact_id, address_id)
            if await Address.filter(contact_id=contact_id).count() == 1:
                raise ApiError(409, "last_address", "a contact keeps one address")
            if address.last_seq or await Subscription.filter(uri=address.uri).exists():
                await self._contacts.split_off(unit, address)
            else:
                await unit.remove_address(address)
            await self._audit.record(identity, "contact.unlink", "contact", contact_id, remote=remote)
            return masked(await self._contacts.record(unit, contact), identity)

    async def prefer(self, identity: Identity, contact_id: str, address_id: str, *, remote: str) -> ContactView:
        """Let this address be offered first, and be the one that bulk messages go to."""
        async with self._units.open() as unit:
            contact = await self._contacts.visible(unit, identity, contact_id)
            preferred = await self._address(unit, contact_id, address_id)
            for row in await Address.filter(contact_id=contact_id):
                address = await unit.address(row.uri)
                if address is not None and address.is_preferred != (address.uri == preferred.uri):
                    address.is_preferred = address.uri == preferred.uri
                    unit.touch(address)
            await self._audit.record(identity, "contact.prefer", "contact", contact_id, remote=remote)
            return masked(await self._contacts.record(unit, contact), identity)

    async def reveal(self, identity: Identity, contact_id: str, address_id: str, *, remote: str) -> str:
        """Return an address whole; who looked stands in the audit log."""
        async with self._units.open() as unit:
            await self._contacts.visible(unit, identity, contact_id)
            address = await self._address(unit, contact_id, address_id)
            await self._audit.record(
                identity, "address.reveal", "contact", contact_id, remote=remote, address=address_id
            )
            return address.uri

    async def suggestions(self, identity: Identity, contact_id: str) -> list[Suggestion]:
        """Return contacts that may be the same person, as far as the user may see them."""
        async with self._units.open() as unit:
            await self._contacts.visible(unit, identity, contact_id)
            found = []
            for row in await LinkSuggestion.filter(contact_id=contact_id, is_dismissed=False).limit(20):
                try:
                    other = await self._contacts.visible(unit, identity, row.other_id)
                except ApiError:
                    continue
                uri = row.uri if identity.may("address.reveal") else mask_address(row.uri)
                found.append(
                    Suggestion(
                        suggestion_id=row.suggestion_id, other_id=other.contact_id, other_name=other.name, uri=uri
                    )
                )
            return found

    async def dismiss(self, identity: Identity, contact_id: str, suggestion_id: str) -> None:
        """They are two persons: suggest it no more."""
        async with self._units.open() as unit:
            await self._contacts.visible(unit, identity, contact_id)
            rows = LinkSuggestion.filter(suggestion_id=suggestion_id, contact_id=contact_id)
            if not await rows.update(is_dismissed=True):
                raise not_found("suggestion")

    async def meet(self, unit: Unit, uri: str, instance: str, profile: Profile | None) -> tuple[Contact, Address]:
        """Return who wrote from ``uri`` and the address, once the rules were applied to what a far end says of them."""
        contact, address = await self._contacts.meet(unit, uri, instance, profile)
        if profile is None:
            return contact, address
        if profile.is_verified and profile.customer_id:
            contact = await self.identify(unit, contact, profile.customer_id[:NAME_LENGTH])
        if profile.phone:
            await self.claim(unit, contact, profile.phone, "tel", "form")
        return contact, address

    async def note_answers(self, unit: Unit, conversation: Conversation, flow: Flow, state: State) -> None:
        """Keep telephone numbers and email addresses that were just answered to a flow with the contact."""
        before = (conversation.flow_state or {}).get("variables", {})
        for node in flow.nodes.values():
            if not isinstance(node, AskStep) or node.is_secret or node.kind not in ANSWERED_SCHEMES:
                continue
            answer = state.variables.get(node.variable, "")
            if answer and answer != before.get(node.variable):
                contact = await unit.contact(conversation.contact_id)
                await self.claim(unit, contact, answer, ANSWERED_SCHEMES[node.kind], "flow")

    async def claim(self, unit: Unit, contact: Contact, text: str, scheme: str, source: str) -> None:
        """Take note of an address that a contact gave; what is none is ignored."""
        try:
            uri = normalize(text, scheme)
        except ValueError:
            return
        known = await unit.address(uri)
        if known is None:
            await unit.flush()
            if await Address.filter(contact_id=contact.contact_id).count() < MAX_ADDRESSES:
                unit.add(_address(unit, contact, uri, source))
                await self._contacts.record(unit, contact)
        elif known.contact_id != contact.contact_id:
            await unit.flush()
            pair = {"contact_id": contact.contact_id, "other_id": known.contact_id}
            if not await LinkSuggestion.filter(**pair).exists():
                unit.add(LinkSuggestion(suggestion_id=new_id(), **pair, uri=uri, source=source, created_at=unit.now))

    async def identify(self, unit: Unit, contact: Contact, customer_id: str) -> Contact:
        """A far end vouches for a contact's customer number: return the one contact that has it from now on."""
        if contact.customer_id:
            if contact.customer_id != customer_id:  # two customers at one browser: the first one's history stays theirs
                log.warning("contact %s was known under another customer number", contact.contact_id)
            return contact
        await unit.flush()
        row = await Contact.filter(customer_id=customer_id, merged_into=None).order_by("contact_id").first()
        if row is None:
            contact.customer_id = customer_id
            unit.touch(contact)
            return contact
        other = await unit.contact(row.contact_id)
        await self._merges.join(unit, other, contact, rule="customer_id")
        await self._contacts.record(unit, other)
        return other

    async def _address(self, unit: Unit, contact_id: str, address_id: str) -> Address:
        row = await Address.get_or_none(address_id=address_id, contact_id=contact_id)
        address = None if row is None else await unit.address(row.uri)
        if address is None:
            raise not_found("address")
        return address


def _address(unit: Unit, contact: Contact, uri: str, source: str) -> Address:
    return Address(address_id=new_id(), uri=uri, contact_id=contact.contact_id, source=source, created_at=unit.now)
