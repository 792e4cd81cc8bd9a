"""On which terms one contact is written to first: by which ways, which addresses refuse it, what they subscribe to."""

from typing import Annotated

import msgspec
from msgspec import Meta

from core.config import Settings
from hub.accounts.identity import Identity
from hub.audit import Audit
from hub.contacts.contacts import Contacts
from hub.contacts.reach import Reach
from hub.errors import not_found
from hub.outreach.consent import Consent
from hub.outreach.outbound import SenderView, sender_view
from hub.store.models import Address, Contact, DoNotContact, Subscription
from hub.units import Units


class AddressTerms(msgspec.Struct, frozen=True, kw_only=True):
    """One address: whether nothing may be sent to it first, and the instances that can."""

    address_id: str
    is_refused: bool
    refused_by: str = ""  # contact, agent, import
    senders: list[SenderView] = []


class SubscriptionView(msgspec.Struct, frozen=True, kw_only=True):
    """A topic that an address gets."""

    topic_id: str
    address_id: str


class ContactTerms(msgspec.Struct, frozen=True, kw_only=True):
    """Preferred addresses first."""

    addresses: list[AddressTerms]
    subscriptions: list[SubscriptionView]


class RefusalChange(Settings, frozen=True, kw_only=True):
    """Whether nothing is sent to an address first from now on, and why."""

    is_refused: bool
    reason: Annotated[str, Meta(max_length=200)] = ""


class ContactOutreach:
    """Reads the terms of one contact, and changes what an agent is told of them."""

    def __init__(self, units: Units, audit: Audit, *, reach: Reach, contacts: Contacts, consent: Consent) -> None:
        self._units = units
        self._audit = audit
        self._reach = reach
        self._contacts = contacts
        self._consent = consent

    async def terms(self, identity: Identity, contact_id: str) -> ContactTerms:
        """Return the terms of a contact that the user may see."""
        contact = await self._contacts.row(identity, contact_id)
        addresses = await Address.filter(contact_id=contact.contact_id).order_by("-is_preferred", "uri")
        ids = {address.uri: address.address_id for address in addresses}
        refused = {row.uri: row.source for row in await DoNotContact.filter(uri__in=list(ids))}
        senders: dict[str, list[SenderView]] = {}
        for address, sender in await self._reach.of(addresses):
            if sender.writes_first:
                senders.setdefault(address.uri, []).append(sender_view(sender))
        return ContactTerms(
            addresses=[
                AddressTerms(
                    address_id=address.address_id,
                    is_refused=address.uri in refused,
                    refused_by=refused.get(address.uri, ""),
                    senders=senders.get(address.uri, []),
                )
                for address in addresses
            ],
            subscriptions=[
                SubscriptionView(topic_id=row.topic_id, address_id=ids[row.uri])
                for row in await Subscription.filter(uri__in=list(ids)).order_by("topic_id")
            ],
        )

    async def refuse(
        self, identity: Identity, contact_id: str, address_id: str, change: RefusalChange, *, remote: str
    ) -> None:
        """Put one of a contact's addresses on the do-not-contact list, or take it off."""
        async with self._units.open() as unit:
            contact: Contact = await self._contacts.visible(unit, identity, contact_id)
            address = await Address.get_or_none(address_id=address_id, contact_id=contact.contact_id)
            if address is None:
                raise not_found("address")
            if change.is_refused:
                await self._consent.refuse(
                    unit, address.uri, reason=change.reason, source="agent", made_by=identity.username
                )
            else:
                await DoNotContact.filter(uri=address.uri).delete()
            action = "do_not_contact.add" if change.is_refused else "do_not_contact.remove"
            await self._audit.record(identity, action, "contact", contact.contact_id, remote=remote)
