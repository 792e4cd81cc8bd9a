"""Two contacts that are one person: what merging them would do, doing it, undoing it.

The merged contact's row stays, empty, and names the one that stands for it; ``ContactMerge`` remembers what moved.
"""

from datetime import datetime
from typing import Any, Final

import msgspec

from core.events import ContactView
from core.ids import new_id
from hub.accounts.identity import Identity
from hub.audit import Audit
from hub.contacts.contacts import Contacts
from hub.contacts.orders import orders_of
from hub.conversing import timeline
from hub.conversing.masking import masked
from hub.errors import ApiError, not_found
from hub.store.models import (
    Address,
    CampaignRecipient,
    Contact,
    ContactMerge,
    Conversation,
    LinkSuggestion,
    Subscription,
    WorkOrder,
)
from hub.store.views import contact_view
from hub.units import Unit, Units

MAX_CONVERSATIONS: Final = 2_000  # one person's; more is a mistake, and would hold the database for long


class MergePreview(msgspec.Struct, frozen=True, kw_only=True):
    """What would become of two contacts: ``result`` stands for both, ``merged`` is given up."""

    result: ContactView
    merged: ContactView
    conversations: int
    open_conversations: int
    subscriptions: int


class MergeView(msgspec.Struct, frozen=True, kw_only=True):
    """A merge that can be undone; ``rule`` is empty when an agent did it."""

    merge_id: str
    merged_id: str
    merged_name: str
    rule: str
    made_by: str
    made_at: datetime


class ContactMerges:
    """Merges contacts; each merge is one unit of work."""

    def __init__(self, units: Units, audit: Audit, contacts: Contacts) -> None:
        self._units = units
        self._audit = audit
        self._contacts = contacts

    async def preview(self, identity: Identity, kept_id: str, merged_id: str) -> MergePreview:
        """Return what ``merge`` would do; changes nothing."""
        async with self._units.open() as unit:
            kept, merged = await self._both(unit, identity, kept_id, merged_id)
            addresses = await Address.filter(contact_id__in=[kept_id, merged_id]).order_by("created_at")
            together = msgspec.structs.replace(
                contact_view(kept, addresses), **_as_view(_together(kept, merged, addresses))
            )
            own = [address for address in addresses if address.contact_id == merged_id]
            rows = Conversation.filter(contact_id=merged_id)
            return MergePreview(
                result=masked(together, identity),
                merged=masked(contact_view(merged, own), identity),
                conversations=await rows.count(),
                open_conversations=await rows.exclude(state="closed").count(),
                subscriptions=await Subscription.filter(contact_id=merged_id).count(),
            )

    async def merge(self, identity: Identity, kept_id: str, merged_id: str, *, remote: str) -> ContactView:
        """Let ``kept_id`` stand for both: addresses, conversations, work orders and subscriptions follow."""
        async with self._units.open() as unit:
            kept, merged = await self._both(unit, identity, kept_id, merged_id)
            merge_id = await self.join(unit, kept, merged, made_by=identity.username)
            await self._audit.record(
                identity, "contact.merge", "contact", kept_id, remote=remote, merged=merged_id, merge=merge_id
            )
            return masked(await self._contacts.record(unit, kept), identity)

    async def join(self, unit: Unit, kept: Contact, merged: Contact, *, made_by: str = "", rule: str = "") -> str:
        """Merge inside the caller's unit; return the merge's id."""
        await unit.flush()  # what this unit has added is read below
        rows = await Conversation.filter(contact_id=merged.contact_id).limit(MAX_CONVERSATIONS + 1)
        if len(rows) > MAX_CONVERSATIONS:
            raise ApiError(409, "too_many_conversations", f"more than {MAX_CONVERSATIONS} conversations")
        own = await Address.filter(contact_id=merged.contact_id)
        before = _values(kept)
        for name, value in _together(kept, merged, own).items():
            setattr(kept, name, value)
        moved = {
            "addresses": [address.uri for address in own],
            "conversations": [row.conversation_id for row in rows],
            "work_orders": await WorkOrder.filter(contact_id=merged.contact_id).values_list("order_id", flat=True),
            "before": before,
            "after": _values(kept),
        }
        merged.merged_into = kept.contact_id
        unit.touch(kept)
        unit.touch(merged)
        await self._move(unit, kept, moved)
        merge = ContactMerge(
            merge_id=new_id(),
            kept_id=kept.contact_id,
            merged_id=merged.contact_id,
            moved=moved,
            rule=rule,
            made_by=made_by,
            made_at=unit.now,
        )
        unit.add(merge)
        pair = [kept.contact_id, merged.contact_id]
        await LinkSuggestion.filter(contact_id__in=pair, other_id__in=pair).delete()
        return merge.merge_id

    async def undo(self, identity: Identity, contact_id: str, merge_id: str, *, remote: str) -> ContactView:
        """Take a merge back: what moved returns, with whatever has begun at those addresses since."""
        async with self._units.open() as unit:
            kept = await self._contacts.visible(unit, identity, contact_id)
            merge = await ContactMerge.get_or_none(merge_id=merge_id, kept_id=contact_id)
            if merge is None:
                raise not_found("merge")
            if merge.undone_at is not None:
                return masked(await self._contacts.record(unit, kept), identity)
            merged = await unit.contact(merge.merged_id)
            if kept.merged_into is not None:
                raise ApiError(409, "merged_further", "the contact was merged into another one since")
            merged.merged_into = None
            unit.touch(merged)
            before, after, now = _as_read(merge.moved["before"]), _as_read(merge.moved["after"]), _values(kept)
            for name, value in after.items():
                if now[name] == value:  # what somebody changed since stays
                    setattr(kept, name, before[name])
            unit.touch(kept)
            uris = merge.moved["addresses"]
            since = await Conversation.filter(contact_id=contact_id, address__in=uris).values_list(
                "conversation_id", flat=True
            )
            returning = [*dict.fromkeys([*merge.moved["conversations"], *map(str, since)])]
            orders = [*merge.moved.get("work_orders", []), *await orders_of(returning)]
            moved = {"addresses": uris, "conversations": returning, "work_orders": orders}
            await self._move(unit, merged, moved, only_from=contact_id)
            await ContactMerge.filter(merge_id=merge_id).update(undone_at=unit.now)
            await self._audit.record(
                identity, "contact.unmerge", "contact", contact_id, remote=remote, merged=merge.merged_id
            )
            await self._contacts.record(unit, merged)
            return masked(await self._contacts.record(unit, kept), identity)

    async def of(self, identity: Identity, contact_id: str) -> list[MergeView]:
        """Return what was merged into a contact and can be undone, newest first."""
        async with self._units.open() as unit:
            await self._contacts.visible(unit, identity, contact_id)
            merges = await ContactMerge.filter(kept_id=contact_id, undone_at=None).order_by("-merge_id")
            return [
                MergeView(
                    merge_id=merge.merge_id,
                    merged_id=merge.merged_id,
                    merged_name=(await unit.contact(merge.merged_id)).name,
                    rule=merge.rule,
                    made_by=merge.made_by,
                    made_at=merge.made_at,
                )
                for merge in merges
            ]

    async def _both(self, unit: Unit, identity: Identity, kept_id: str, merged_id: str) -> tuple[Contact, Contact]:
        if kept_id == merged_id:
            raise ApiError(422, "invalid", "one contact cannot be merged with itself", fields={"other_id": "same"})
        kept = await self._contacts.visible(unit, identity, kept_id)
        merged = await self._contacts.visible(unit, identity, merged_id)
        if kept.merged_into or merged.merged_into:
            raise ApiError(409, "already_merged", "one of them stands for nobody any more")
        return kept, merged

    async def _move(self, unit: Unit, to: Contact, moved: dict[str, Any], *, only_from: str = "") -> None:
        """Give addresses and conversations, and what hangs on them, to contact ``to``."""
        for uri in moved["addresses"]:
            address = await unit.address(uri)
            if address is not None and only_from in ("", address.contact_id):
                address.contact_id = to.contact_id
                unit.touch(address)
        for conversation_id in moved["conversations"]:
            conversation = await unit.conversation(conversation_id)
            if only_from not in ("", conversation.contact_id):
                continue
            conversation.contact_id = to.contact_id
            conversation.contact_name = to.name
            conversation.contact_level = to.level
            if conversation.state == "closed":
                unit.touch(conversation)
            else:
                timeline.record_change(unit, conversation, "edited")
        await self._contacts.orders.move(unit, moved["work_orders"], to.contact_id, only_from=only_from)
        uris = moved["addresses"]
        await Subscription.filter(uri__in=uris).update(contact_id=to.contact_id)
        await CampaignRecipient.filter(uri__in=uris, contact_id__isnull=False).update(contact_id=to.contact_id)


def _together(kept: Contact, merged: Contact, own: list[Address]) -> dict[str, Any]:
    """Return the columns of the contact that stands for both: the kept one's values first, gaps filled."""
    made_up = {address.uri[-4:].upper() for address in own}
    name = kept.name if kept.is_verified or not merged.is_verified else merged.name
    if not kept.name or kept.name.split(" ")[-1] in made_up:
        name = merged.name or kept.name
    remarks = "\n".join(dict.fromkeys(text for text in (kept.remarks, merged.remarks) if text))
    return {
        "name": name,
        "level": max(kept.level, merged.level),
        "language": kept.language or merged.language,
        "is_verified": kept.is_verified or merged.is_verified,
        "is_blocked": kept.is_blocked or merged.is_blocked,
        "birth_year": kept.birth_year or merged.birth_year,
        "customer_id": kept.customer_id or merged.customer_id,
        "tags": [*dict.fromkeys([*kept.tags, *merged.tags])],
        "remarks": remarks,
        "attributes": {**merged.attributes, **kept.attributes},
        "agent_id": kept.agent_id or merged.agent_id,
        "caution": kept.caution or merged.caution,
        "caution_until": kept.caution_until if kept.caution else merged.caution_until,
    }


def _values(contact: Contact) -> dict[str, Any]:
    names = (
        *("name", "level", "language", "is_verified", "is_blocked", "birth_year", "customer_id", "tags", "remarks"),
        *("agent_id", "caution", "caution_until"),
    )
    return {**{name: getattr(contact, name) for name in names}, "attributes": dict(contact.attributes)}


def _as_read(stored: dict[str, Any]) -> dict[str, Any]:
    """Return stored ``_values`` as they were: JSON has no times."""
    until = stored.get("caution_until")
    return stored if until is None else {**stored, "caution_until": datetime.fromisoformat(until)}


def _as_view(columns: dict[str, Any]) -> dict[str, Any]:
    shown = {name: value for name, value in columns.items() if name in ContactView.__struct_fields__}
    return {**shown, "tags": tuple(shown["tags"])}
