"""Who a bulk send is for: contacts by tags, level, attributes or topic, or the lines of an uploaded file."""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from core.addresses import normalize, scheme_of
from core.config import Settings
from hub.store.fields import ID_LENGTH
from hub.store.models import Address, Contact, Subscription
from hub.texts import clean_line

PAGE: Final = 500  # contacts looked at in one step
MAX_LINES: Final = 200_000
MAX_FAULTS: Final = 1_000
MAX_VALUE: Final = 500

Tag = Annotated[str, Meta(max_length=32)]
Name = Annotated[str, Meta(pattern="^[a-z][a-z0-9_]{0,39}$")]


class Audience(Settings, frozen=True, kw_only=True):
    """All that is given must hold; ``columns`` maps variables, ``address`` among them, to headings of the file."""

    source: Literal["contacts", "topic", "file"] = "contacts"
    tags: Annotated[tuple[Tag, ...], Meta(max_length=20)] = ()  # any of them
    level_from: Annotated[int, Meta(ge=0, le=9)] = 0
    attributes: Annotated[dict[str, str], Meta(max_length=10)] = {}
    topic_id: Annotated[str, Meta(max_length=64)] = ""
    media_id: Annotated[str, Meta(max_length=ID_LENGTH)] = ""
    columns: Annotated[dict[Name, Annotated[str, Meta(max_length=100)]], Meta(max_length=30)] = {}

    def takes(self, contact: Contact) -> bool:
        """Whether ``contact`` belongs to it."""
        return (
            contact.merged_into is None
            and not contact.is_blocked
            and contact.level >= self.level_from
            and (not self.tags or not set(self.tags).isdisjoint(contact.tags))
            and all(contact.attributes.get(name) == value for name, value in self.attributes.items())
        )


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """One address of the audience and the values of its text's variables."""

    uri: str
    contact_id: str | None = None
    params: dict[str, str] = {}


class LineFault(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the file that cannot be sent to; ``code`` is ``no_address``, ``not_an_address`` or ``twice``."""

    line: int
    code: str
    value: str = ""


async def page_of(audience: Audience, scheme: str, cursor: str) -> tuple[list[Person], str | None]:
    """Return the next people after ``cursor``, and the cursor after them; None at the end."""
    if audience.source == "file":
        raise ValueError("the lines of a file are written down when it is read")
    if audience.source == "topic":
        subscriptions = (
            await Subscription.filter(topic_id=audience.topic_id, subscription_id__gt=cursor)
            .order_by("subscription_id")
            .limit(PAGE)
        )
        contacts = {row.contact_id: row for row in await Contact.filter(
            contact_id__in=[one.contact_id for one in subscriptions])}  # fmt: skip
        people = [
            _person(contacts[one.contact_id], one.uri)
            for one in subscriptions
            if scheme_of(one.uri) == scheme and audience.takes(contacts[one.contact_id])
        ]
        return people, subscriptions[-1].subscription_id if len(subscriptions) == PAGE else None
    rows = await Contact.filter(contact_id__gt=cursor).order_by("contact_id").limit(PAGE)
    taken = [row for row in rows if audience.takes(row)]
    addresses: dict[str, list[Address]] = {}
    for address in await Address.filter(
        contact_id__in=[row.contact_id for row in taken], uri__startswith=f"{scheme}:"
    ).order_by("created_at"):
        addresses.setdefault(address.contact_id, []).append(address)
    people = [_person(row, _best(addresses[row.contact_id])) for row in taken if row.contact_id in addresses]
    return people, rows[-1].contact_id if len(rows) == PAGE else None


def read_file(data: bytes, columns: dict[str, str], scheme: str) -> tuple[list[Person], list[LineFault]]:
    """Return the people in a CSV file (UTF-8 or GB 18030) and its faulty lines; ValueError when it has no heading."""
    reader = csv.DictReader(io.StringIO(_text(data), newline=""))
    headings = reader.fieldnames or ()
    missing = [heading for heading in columns.values() if heading not in headings]
    if missing or "address" not in columns:
        raise ValueError(f"no column {missing[0]}" if missing else "no column for the address")
    people: dict[str, Person] = {}
    faults: list[LineFault] = []
    for line, row in enumerate(reader, 2):
        if line > MAX_LINES + 1:
            raise ValueError(f"more than {MAX_LINES} lines")
        values = {name: clean_line(row.get(heading) or "")[:MAX_VALUE] for name, heading in columns.items()}
        given = values.pop("address")
        try:
            uri = normalize(given, scheme)
        except ValueError:
            faults.append(LineFault(line=line, code="not_an_address" if given else "no_address", value=given))
            continue
        if uri in people:
            faults.append(LineFault(line=line, code="twice", value=given))
        else:
            people[uri] = Person(uri=uri, params=values)
    return list(people.values()), faults[:MAX_FAULTS]


def headings_of(data: bytes) -> list[str]:
    """Return the headings of a CSV file."""
    return [clean_line(cell) for cell in next(csv.reader(io.StringIO(_text(data[:65_536]), newline="")), [])]


async def with_contacts(people: Sequence[Person]) -> list[Person]:
    """Return ``people`` with the contact of each known address."""
    known = {row.uri: row.contact_id for row in await Address.filter(uri__in=[person.uri for person in people])}
    return [msgspec.structs.replace(person, contact_id=known.get(person.uri)) for person in people]


def _best(addresses: Iterable[Address]) -> str:
    return min(addresses, key=lambda address: not address.is_preferred).uri


def _person(contact: Contact, uri: str) -> Person:
    return Person(uri=uri, contact_id=contact.contact_id, params={"contact_name": contact.name, **_words(contact)})


def _words(contact: Contact) -> dict[str, str]:
    return {name: str(value)[:MAX_VALUE] for name, value in contact.attributes.items()}


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("gb18030", "replace")  # what spreadsheets write in China
