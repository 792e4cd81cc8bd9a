"""Contacts: who is behind an address, edits by agents, block lists."""

import logging
from datetime import datetime
from typing import Annotated, Final

from msgspec import UNSET, Meta, UnsetType
from tortoise.expressions import Q

from core.config import Settings
from core.events import ContactChanged, ContactView, ConversationChanged, Profile
from core.ids import new_id
from hub.accounts.identity import Identity
from hub.audit import Audit
from hub.contacts.orders import ContactOrders, orders_of, served_by
from hub.conversing.masking import masked
from hub.errors import ApiError, not_found
from hub.i18n import text as catalogue
from hub.setup.organization import Organization
from hub.store.models import Address, BlockedAddress, Contact, Conversation, Offer, Subscription, User
from hub.store.views import contact_view, conversation_view
from hub.texts import clean_line
from hub.units import Unit, Units

log = logging.getLogger(__name__)

MAX_NAME: Final = 100
NULLABLE: Final = ("birth_year", "agent_id")  # of an edit: None forgets them


class ContactEdit(Settings, frozen=True, kw_only=True):
    """What an agent changes of a contact; what is left out stays."""

    name: Annotated[str, Meta(max_length=MAX_NAME)] | None = None
    birth_year: Annotated[int, Meta(ge=1900, le=2100)] | UnsetType | None = UNSET  # null forgets it
    remarks: Annotated[str, Meta(max_length=4_000)] | None = None
    level: Annotated[int, Meta(ge=0, le=9)] | None = None
    language: Annotated[str, Meta(max_length=35)] | None = None
    tags: Annotated[tuple[Annotated[str, Meta(max_length=32)], ...], Meta(max_length=20)] | None = None
    attributes: dict[str, Annotated[str, Meta(max_length=500)]] | None = None
    agent_id: str | UnsetType | None = UNSET  # who serves them whenever at work; null: anybody


class Contacts:
    """Finds, makes and edits contacts."""

    def __init__(self, units: Units, audit: Audit, organization: Organization) -> None:
        self._units = units
        self._audit = audit
        self.orders = ContactOrders(organization)

    async def meet(self, unit: Unit, uri: str, instance: str, profile: Profile | None) -> tuple[Contact, Address]:
        """Return the contact behind ``uri``, made on the first sight, and the address, last seen on ``instance``."""
        address = await unit.address(uri)
        if address is None:
            return self.make(unit, uri, instance, profile)
        if address.instance != instance or address.source != "contact":
            address.instance = instance
            address.source = "contact"
            unit.touch(address)
        contact = await unit.contact(address.contact_id)
        if profile is not None and _learn(contact, profile):
            unit.touch(contact)
            await self.record(unit, contact)
        return contact, address

    async def is_blocked(self, unit: Unit, contact: Contact, address: Address) -> bool:
        """Whether what comes from ``address`` is refused now; a block whose time is over is lifted."""
        if not contact.is_blocked and address.last_seq:
            return False  # known and in good standing: the hot path asks nothing
        row = await BlockedAddress.get_or_none(uri=address.uri)
        if row is None or row.until is None or row.until > unit.now:
            return row is not None
        uris = await Address.filter(contact_id=contact.contact_id).values_list("uri", flat=True)
        await BlockedAddress.filter(uri__in=uris, until__lte=unit.now).delete()
        contact.is_blocked = await BlockedAddress.filter(uri__in=uris).exists()
        unit.touch(contact)
        await self.record(unit, contact)
        return False

    async def view(self, identity: Identity, contact_id: str) -> ContactView:
        """Return the contact as a desk shows it; 404 when there is none, or none that the user may see."""
        async with self._units.open() as unit:
            contact = await self.visible(unit, identity, contact_id)
            return masked(contact_view(contact, await Address.filter(contact_id=contact_id)), identity)

    async def row(self, identity: Identity, contact_id: str) -> Contact:
        """Return the contact's row when the user may see it; 404 otherwise."""
        async with self._units.open() as unit:
            return await self.visible(unit, identity, contact_id)

    async def edit(self, identity: Identity, contact_id: str, edit: ContactEdit, *, remote: str) -> ContactView:
        """Change what ``edit`` names; the contact's open conversations show a new name and level."""
        async with self._units.open() as unit:
            contact = await self.visible(unit, identity, contact_id)
            values = {name: getattr(edit, name) for name in edit.__struct_fields__}
            changed = {
                name: value
                for name, value in values.items()
                if value is not UNSET and (value is not None or name in NULLABLE)
            }
            agent_id = changed.get("agent_id")
            if agent_id not in (None, contact.agent_id) and not await User.exists(user_id=agent_id, is_active=True):
                raise ApiError(422, "invalid", "no such agent", fields={"agent_id": "unknown"})
            for name, value in changed.items():
                setattr(contact, name, list(value) if isinstance(value, tuple) else value)
            unit.touch(contact)
            for row in await Conversation.filter(contact_id=contact_id).exclude(state="closed"):
                conversation = await unit.conversation(row.conversation_id)
                conversation.contact_name = contact.name
                conversation.contact_level = contact.level
                unit.touch(conversation)
                event = ConversationChanged(conversation=conversation_view(conversation), change="edited")
                unit.record(event, conversation.conversation_id, conversation_id=conversation.conversation_id)
            await self._audit.record(
                identity, "contact.edit", "contact", contact_id, remote=remote, fields=list(changed)
            )
            return masked(await self.record(unit, contact), identity)

    async def block(
        self, identity: Identity, contact_id: str, reason: str, until: datetime | None, *, remote: str
    ) -> ContactView:
        """Refuse what comes from any of the contact's addresses, for ever or ``until``."""
        async with self._units.open() as unit:
            contact = await self.visible(unit, identity, contact_id)
            contact.is_blocked = True
            unit.touch(contact)
            for address in await Address.filter(contact_id=contact_id):
                await BlockedAddress.update_or_create(
                    {"reason": reason, "until": until, "created_at": unit.now}, uri=address.uri
                )
            await self._audit.record(identity, "contact.block", "contact", contact_id, remote=remote, reason=reason)
            return masked(await self.record(unit, contact), identity)

    async def warn(
        self, identity: Identity, contact_id: str, reason: str, until: datetime | None, *, remote: str
    ) -> ContactView:
        """Have whoever is to serve the contact reminded of ``reason``, for ever or ``until``."""
        async with self._units.open() as unit:
            contact = await self.visible(unit, identity, contact_id)
            contact.caution = reason
            contact.caution_until = until
            unit.touch(contact)
            await self._audit.record(identity, "contact.warn", "contact", contact_id, remote=remote, reason=reason)
            return masked(await self.record(unit, contact), identity)

    async def unblock(self, identity: Identity, contact_id: str, *, remote: str) -> ContactView:
        """Let the contact in again, and warn nobody of them any more."""
        async with self._units.open() as unit:
            contact = await self.visible(unit, identity, contact_id)
            contact.is_blocked = False
            contact.caution = ""
            contact.caution_until = None
            unit.touch(contact)
            uris = await Address.filter(contact_id=contact_id).values_list("uri", flat=True)
            await BlockedAddress.filter(uri__in=uris).delete()
            await self._audit.record(identity, "contact.unblock", "contact", contact_id, remote=remote)
            return masked(await self.record(unit, contact), identity)

    async def split_off(self, unit: Unit, address: Address) -> Contact:
        """Give ``address`` a contact of its own, with the conversations that began there."""
        known = await unit.contact(address.contact_id)
        contact = Contact(
            contact_id=new_id(), name=_made_up_name(address.uri), language=known.language, created_at=unit.now
        )
        unit.add(contact)
        address.contact_id = contact.contact_id
        address.is_preferred = False
        unit.touch(address)
        rows = await Conversation.filter(contact_id=known.contact_id, address=address.uri)
        for row in rows:
            conversation = await unit.conversation(row.conversation_id)
            conversation.contact_id = contact.contact_id
            conversation.contact_name = contact.name
            conversation.contact_level = contact.level
            unit.touch(conversation)
            if conversation.state != "closed":
                event = ConversationChanged(conversation=conversation_view(conversation), change="edited")
                unit.record(event, conversation.conversation_id, conversation_id=conversation.conversation_id)
        await unit.flush()
        await Subscription.filter(uri=address.uri).update(contact_id=contact.contact_id)
        moved = await orders_of(row.conversation_id for row in rows)
        await self.orders.move(unit, moved, contact.contact_id)
        await self.record(unit, contact)
        return contact

    def make(
        self, unit: Unit, uri: str, instance: str, profile: Profile | None, *, source: str = "contact"
    ) -> tuple[Contact, Address]:
        """Add a contact that is reached at ``uri``, an address that nobody has."""
        profile = profile or Profile()
        language = profile.language.partition("-")[0].lower()[:35]
        contact = Contact(
            contact_id=new_id(),
            name=clean_line(profile.name)[:MAX_NAME] or _made_up_name(uri),
            language=language,
            is_verified=profile.is_verified,
            attributes=_attributes(profile),
            created_at=unit.now,
        )
        address = Address(
            address_id=new_id(),
            uri=uri,
            contact_id=contact.contact_id,
            instance=instance,
            source=source,
            created_at=unit.now,
        )
        unit.add(contact)
        unit.add(address)
        unit.record(ContactChanged(contact=contact_view(contact, [address])), contact.contact_id)
        return contact, address

    async def visible(self, unit: Unit, identity: Identity, contact_id: str) -> Contact:
        """Return the contact's row when the user may see it; 404 otherwise."""
        contact = await unit.contact(contact_id)
        if not identity.may("queue.all") and not await _is_served_by(identity, contact_id):
            raise not_found("contact")
        return contact

    async def record(self, unit: Unit, contact: Contact) -> ContactView:
        """Tell everybody what the contact is now; return it."""
        await unit.flush()
        view = contact_view(contact, await Address.filter(contact_id=contact.contact_id))
        queue_ids, agent_ids = await served_by(contact.contact_id)
        unit.record(ContactChanged(contact=view, queue_ids=queue_ids, agent_ids=agent_ids), contact.contact_id)
        return view


def _made_up_name(uri: str) -> str:
    kind = "caller.name" if uri.startswith("tel:") else "visitor.name"
    return catalogue(kind, "zh", suffix=uri[-4:].upper())


async def _is_served_by(identity: Identity, contact_id: str) -> bool:
    """Whether one of the contact's conversations is the user's, offered to them, or of one of their queues."""
    seen = Q(agent_id=identity.user_id) | Q(queue_id__in=sorted(identity.queue_ids))
    if await Conversation.filter(seen, contact_id=contact_id).exists():
        return True
    offers = Offer.filter(agent_id=identity.user_id, outcome=None)
    offered = await offers.values_list("conversation_id", flat=True)
    return await Conversation.filter(conversation_id__in=offered, contact_id=contact_id).exists()


def _learn(contact: Contact, profile: Profile) -> bool:
    """Take over what ``profile`` knows better: a verified name, a customer number, the language read."""
    before = (contact.name, contact.is_verified, contact.language, dict(contact.attributes))
    if profile.is_verified:
        contact.is_verified = True
        contact.name = clean_line(profile.name)[:MAX_NAME] or contact.name
    if profile.language and not contact.language:
        contact.language = profile.language.partition("-")[0].lower()[:35]
    contact.attributes = {**contact.attributes, **_attributes(profile)}
    return before != (contact.name, contact.is_verified, contact.language, contact.attributes)


def _attributes(profile: Profile) -> dict[str, str]:
    known = {"customer_id": profile.customer_id if profile.is_verified else "", "page_url": profile.page_url}
    return {name: clean_line(value)[:500] for name, value in known.items() if value}
