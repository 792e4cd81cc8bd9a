"""The frame every event travels in: a frozen struct, its type word, its envelope."""

from datetime import datetime
from typing import Any, ClassVar, TypeVar

import msgspec

_REGISTRY: dict[str, type["Event"]] = {}

EventT = TypeVar("EventT", bound="Event")


class Event(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What happened (past participle) or what is asked (an order); ``type`` is its stable word.

    Fields are only ever added, with defaults; a change of meaning is a new event.
    """

    type: ClassVar[str] = ""

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if cls.type:
            _REGISTRY[cls.type] = cls


class Envelope(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One event on the bus; ``id`` is also its Nats-Msg-Id, ``data`` the event's JSON."""

    id: str
    type: str
    source: str
    time: datetime
    data: msgspec.Raw
    conversation_id: str | None = None
    cause_id: str | None = None
    schema: int = 1

    def event(self) -> Event:
        """Return the event inside; ``msgspec.ValidationError`` when its type is unknown or its data unfit."""
        cls = _REGISTRY.get(self.type)
        if cls is None:
            raise msgspec.ValidationError(f"unknown event type {self.type!r}")
        return msgspec.json.decode(self.data, type=cls)


def seal(
    event: Event,
    *,
    id: str,  # noqa: A002 - the envelope's own word
    source: str,
    time: datetime,
    conversation_id: str | None = None,
    cause_id: str | None = None,
) -> Envelope:
    """Return ``event`` in its envelope."""
    return Envelope(
        id=id,
        type=type(event).type,
        source=source,
        time=time,
        data=msgspec.Raw(msgspec.json.encode(event)),
        conversation_id=conversation_id,
        cause_id=cause_id,
    )


def event_types() -> dict[str, type[Event]]:
    """Return every known event struct by its type word."""
    return dict(_REGISTRY)
