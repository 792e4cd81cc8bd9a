"""Turns rows into the views that travel, and views into rows.

A row is what ``Reading.fetch`` or ``.values()`` gives on either engine: JSON may be text, times may be text.
"""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from types import UnionType
from typing import Any, TypeVar, get_args, get_origin

import msgspec
from tortoise.models import Model

from core.addresses import channel_of
from core.events import AddressView, ContactView, ConversationView, EntryView, OfferView
from hub.store.fields import read_json
from hub.store.models import Entry

Row = Mapping[str, Any]
ViewT = TypeVar("ViewT", bound=msgspec.Struct)


def contact_view(contact: Row | Model, addresses: Iterable[Row | Model] = ()) -> ContactView:
    """Return a row of ``contact`` and those of its addresses as a view."""
    shown = view(ContactView, contact, skip="addresses")
    return msgspec.structs.replace(shown, addresses=tuple(view(AddressView, address) for address in addresses))


def conversation_view(conversation: Row | Model) -> ConversationView:
    """Return a row of ``conversation`` as a view."""
    return view(ConversationView, conversation)


def entry_view(entry: Row | Model) -> EntryView:
    """Return a row of ``entry`` as a view."""
    address: str = entry.address if isinstance(entry, Entry) else entry["address"]  # type: ignore[index]
    return view(EntryView, entry, channel=channel_of(address))


def offer_view(offer: Row | Model) -> OfferView:
    """Return a row of ``offer`` as a view."""
    return view(OfferView, offer)


def contact_row(view: ContactView) -> dict[str, Any]:
    """Return ``view`` as columns of ``contact``; its addresses have their own table, ``created_at`` its first value."""
    row = _row(view)
    del row["addresses"]
    return row


def conversation_row(view: ConversationView) -> dict[str, Any]:
    """Return ``view`` as columns of ``conversation``, those of its flow and ``created_at`` left out."""
    return _row(view)


def entry_row(view: EntryView, *, address: str = "", external_id: str = "") -> dict[str, Any]:
    """Return ``view`` as all columns of ``entry``."""
    row = {**_row(view), "address": address, "external_id": external_id}
    del row["channel"]
    return row


def offer_row(view: OfferView) -> dict[str, Any]:
    """Return ``view`` as columns of ``offer``, its end left out."""
    return _row(view)


def model_row(instance: Model) -> dict[str, Any]:
    """Return all columns of ``instance``, for ``Work.insert`` and ``Work.upsert``: many at once, past the ORM."""
    projection = instance._meta.fields_db_projection
    return {column: getattr(instance, name) for name, column in projection.items()}


def _row(view: msgspec.Struct) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for name in view.__struct_fields__:
        value = getattr(view, name)
        row[name] = [_plain(item) for item in value] if isinstance(value, tuple) else _plain(value)
    return row


def _plain(item: Any) -> Any:
    return msgspec.to_builtins(item) if isinstance(item, msgspec.Struct) else item


def view(kind: type[ViewT], source: Row | Model, *, skip: str = "", **known: Any) -> ViewT:
    """Return a row as a view of ``kind``; its columns are the fields, but for ``skip`` and what is ``known``."""
    names = [name for name in kind.__struct_fields__ if name != skip and name not in known]
    if isinstance(source, Model):
        values = {name: getattr(source, name) for name in names}
    else:
        values = {name: source[name] for name in names}
    for name in _json_fields(kind):
        if isinstance(text := values.get(name), str):
            values[name] = read_json(text)
    return msgspec.convert({**values, **known}, kind, strict=False)


@lru_cache
def _json_fields(kind: type[msgspec.Struct]) -> tuple[str, ...]:
    return tuple(field.name for field in msgspec.structs.fields(kind) if _is_json(field.type))


def _is_json(kind: Any) -> bool:
    if isinstance(kind, UnionType):
        return any(_is_json(part) for part in get_args(kind))
    return get_origin(kind) in (tuple, dict) or (isinstance(kind, type) and issubclass(kind, msgspec.Struct))
