"""Who is not to be written to first, and who asked to be: the do-not-contact list and subscriptions.

Both are about addresses, so somebody may want mails and no text messages. Answers to what people ask are never held
back by the list.
"""

import asyncio
import csv
import io
from collections.abc import Collection
from datetime import datetime
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from core.addresses import normalize
from core.config import Settings
from core.flow.matching import plain
from core.ids import new_id
from hub.accounts.identity import Identity
from hub.audit import Audit
from hub.conversing.masking import mask_address
from hub.errors import ApiError, not_found
from hub.outreach.settings import MAX_WORD
from hub.outreach.templates import Slug
from hub.store.models import Address, Contact, DoNotContact, Subscription, Topic
from hub.texts import clean_line
from hub.units import Unit, Units

MAX_IMPORT: Final = 20_000
MAX_FAULTS: Final = 100

Source = Literal["contact", "agent", "import", "flow"]


class TopicEdit(Settings, frozen=True, kw_only=True):
    """Something people subscribe to, by what they write for it."""

    title: dict[Literal["zh", "en"], Annotated[str, Meta(min_length=1, max_length=100)]]
    keywords: Annotated[tuple[Annotated[str, Meta(min_length=1, max_length=MAX_WORD)], ...], Meta(max_length=20)] = ()
    is_active: bool = True


class TopicView(TopicEdit, frozen=True, kw_only=True):
    """A topic."""

    topic_id: Slug
    subscribers: int = 0  # of answers only


class DoNotContactView(msgspec.Struct, frozen=True, kw_only=True):
    """One address of the list."""

    uri: str
    reason: str
    source: str
    made_by: str
    created_at: datetime


class ImportFault(msgspec.Struct, frozen=True, kw_only=True):
    """A line that could not be read, and why."""

    line: int
    fault: str


class ImportResult(msgspec.Struct, frozen=True, kw_only=True):
    """What became of imported lines; ``faults`` names the first that could not be read."""

    added: int
    known: int
    faults: list[ImportFault]


class Consent:
    """Reads and keeps the list, the topics and their subscribers."""

    def __init__(self, units: Units, audit: Audit) -> None:
        self._units = units
        self._audit = audit
        self.topics_by_word: dict[str, Topic] = {}  # by the plain form of each keyword

    async def load(self) -> None:
        """Read the topics' keywords."""
        topics = await Topic.filter(is_active=True)
        self.topics_by_word = {plain(word): topic for topic in topics for word in topic.keywords}

    async def is_refused(self, uri: str) -> bool:
        """Whether nothing may be sent to ``uri`` first."""
        return await DoNotContact.exists(uri=uri)

    async def refused(self, uris: Collection[str]) -> set[str]:
        """Return those of ``uris`` that nothing may be sent to first."""
        return set(await DoNotContact.filter(uri__in=list(uris)).values_list("uri", flat=True))  # type: ignore[arg-type]

    async def page(
        self, identity: Identity, *, words: str, after: str, limit: int
    ) -> tuple[list[DoNotContactView], str | None]:
        """Return addresses of the list by name, and where the next page begins.

        Who may not see addresses whole finds one only by giving it whole: parts would give it away digit by digit.
        """
        start = int(after) if after.isascii() and after.isdigit() else 0
        rows = DoNotContact.all().order_by("uri").offset(start).limit(limit + 1)
        if words and identity.may("address.reveal"):
            rows = rows.filter(uri__contains=words)
        elif words:
            rows = rows.filter(uri=_normal(words))
        found = await rows
        names = DoNotContactView.__struct_fields__
        views = [msgspec.convert({name: getattr(row, name) for name in names}, DoNotContactView) for row in found]
        if not identity.may("address.reveal"):
            views = [msgspec.structs.replace(view, uri=mask_address(view.uri)) for view in views]
        return views[:limit], str(start + limit) if len(found) > limit else None

    async def refuse(self, unit: Unit, uri: str, *, reason: str, source: Source, made_by: str = "") -> None:
        """Put ``uri`` on the list and end its subscriptions."""
        values = {"reason": reason, "source": source, "made_by": made_by, "created_at": unit.now}
        await DoNotContact.get_or_create(values, uri=uri)
        await Subscription.filter(uri=uri).delete()

    async def allow(self, uri: str) -> None:
        """The person wants to be written to again."""
        await DoNotContact.filter(uri=uri, source="contact").delete()

    async def add(self, identity: Identity, text: str, reason: str, *, remote: str) -> None:
        """Put an address on the list by hand."""
        uri = _checked(text)
        async with self._units.open() as unit:
            await self.refuse(unit, uri, reason=reason, source="agent", made_by=identity.username)
            await self._audit.record(identity, "do_not_contact.add", remote=remote, reason=reason)

    async def remove(self, identity: Identity, text: str, *, remote: str) -> None:
        """Take an address off the list; nothing happens when it is not on it."""
        uri = _checked(text)
        async with self._units.open():
            if await DoNotContact.filter(uri=uri).delete():
                await self._audit.record(identity, "do_not_contact.remove", remote=remote)

    async def load_list(self, identity: Identity, text: str, reason: str, *, remote: str) -> ImportResult:
        """Put many addresses on the list: CSV, the address in the first column, a reason in the second."""
        wanted, faults = await asyncio.to_thread(_read_list, text, reason)
        async with self._units.open() as unit:
            known = set[str]()
            uris = list(wanted)
            for begin in range(0, len(uris), 500):
                known |= await self.refused(uris[begin : begin + 500])
            values = {"source": "import", "made_by": identity.username, "created_at": unit.now}
            new = [{"uri": uri, "reason": why, **values} for uri, why in wanted.items() if uri not in known]
            await unit.work.insert(DoNotContact, new)
            for begin in range(0, len(new), 500):
                some = [row["uri"] for row in new[begin : begin + 500]]
                await Subscription.filter(uri__in=some).delete()
            await self._audit.record(identity, "do_not_contact.import", remote=remote, added=len(new))
        return ImportResult(added=len(new), known=len(known), faults=faults[:MAX_FAULTS])

    async def topics(self) -> list[TopicView]:
        """Return every topic with the number of its subscribers."""
        views = []
        for row in await Topic.all().order_by("topic_id"):
            values = {name: getattr(row, name) for name in ("topic_id", "title", "keywords", "is_active")}
            count = await Subscription.filter(topic_id=row.topic_id).count()
            views.append(msgspec.convert({**values, "subscribers": count}, TopicView))
        return views

    async def save_topic(self, identity: Identity, topic: TopicView, *, remote: str) -> TopicView:
        """Make or change a topic; 422 when another has one of its keywords."""
        async with self._units.open():
            words = {plain(word) for word in topic.keywords}
            for row in await Topic.exclude(topic_id=topic.topic_id):
                if words & {plain(word) for word in row.keywords}:
                    raise ApiError(422, "invalid", f"{row.topic_id} has it", fields={"keywords": "taken"})
            values = {"title": topic.title, "keywords": list(topic.keywords), "is_active": topic.is_active}
            await Topic.update_or_create(values, topic_id=topic.topic_id)
            await self._audit.record(identity, "topic.save", "topic", topic.topic_id, remote=remote)
        await self.load()
        return topic

    async def subscribe(self, unit: Unit, topic: Topic, contact: Contact, uri: str, source: Source) -> bool:
        """Subscribe ``uri``; False when it is already. Who asks for something may be written to again."""
        if source == "contact":
            await self.allow(uri)
        elif await self.is_refused(uri):
            raise ApiError(409, "do_not_contact", "the address is on the do-not-contact list")
        if await Subscription.exists(topic_id=topic.topic_id, uri=uri):
            return False
        await unit.flush()
        await Subscription.create(
            subscription_id=new_id(),
            topic_id=topic.topic_id,
            contact_id=contact.contact_id,
            uri=uri,
            source=source,
            created_at=unit.now,
        )
        return True

    async def subscribe_contact(
        self, identity: Identity, contact: Contact, topic_id: str, address_id: str, *, wanted: bool, remote: str
    ) -> None:
        """Subscribe one of a contact's addresses to a topic, or end that."""
        async with self._units.open() as unit:
            topic = await Topic.get_or_none(topic_id=topic_id, is_active=True)
            address = await Address.get_or_none(address_id=address_id, contact_id=contact.contact_id)
            if topic is None or address is None:
                raise not_found("topic" if topic is None else "address")
            if wanted:
                await self.subscribe(unit, topic, contact, address.uri, "agent")
            else:
                await Subscription.filter(topic_id=topic_id, uri=address.uri).delete()
            await self._audit.record(
                identity, "topic.subscribe", "contact", contact.contact_id, remote=remote, topic=topic_id, wanted=wanted
            )


def _read_list(text: str, reason: str) -> tuple[dict[str, str], list[ImportFault]]:
    """Return the addresses of a list with their reasons, and the lines that hold none."""
    faults: list[ImportFault] = []
    wanted: dict[str, str] = {}
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), strict=False))
    except csv.Error as error:
        raise ApiError(422, "invalid", str(error), fields={"text": "not_csv"}) from error
    if len(rows) > MAX_IMPORT:
        raise ApiError(422, "invalid", f"at most {MAX_IMPORT} lines", fields={"text": "too_long"})
    for number, row in enumerate(rows, 1):
        if not row or not row[0].strip():
            continue
        try:
            wanted[normalize(row[0])] = (clean_line(row[1]) if len(row) > 1 else "")[:200] or reason
        except ValueError as error:
            faults.append(ImportFault(line=number, fault=str(error)))
    return wanted, faults


def _normal(text: str) -> str:
    try:
        return normalize(text)
    except ValueError:
        return ""


def _checked(text: str) -> str:
    try:
        return normalize(text)
    except ValueError as error:
        raise ApiError(422, "invalid", str(error), fields={"text": "not_an_address"}) from error
