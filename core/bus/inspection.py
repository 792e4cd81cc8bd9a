"""How full streams are and how far their readers lag, as JetStream says."""

from typing import Final

import msgspec

from core.bus.api import STREAM_NOT_FOUND, call
from core.bus.connection import Connection
from core.errors import RequestFailed

MAX_READERS: Final = 256  # one page of JetStream's list


class Reader(msgspec.Struct, frozen=True, kw_only=True):
    """A durable consumer: ``waiting`` has not been given to it yet, ``in_hand`` is not acknowledged."""

    name: str
    waiting: int
    in_hand: int
    repeated: int


class StreamState(msgspec.Struct, frozen=True, kw_only=True):
    """What a stream holds; ``limit_bytes`` -1 when only the disk limits it."""

    name: str
    messages: int
    size_bytes: int
    limit_bytes: int
    readers: tuple[Reader, ...]


class _Config(msgspec.Struct, frozen=True):
    max_bytes: int = -1


class _Held(msgspec.Struct, frozen=True):
    messages: int
    bytes: int


class _Stream(msgspec.Struct, frozen=True):
    config: _Config
    state: _Held


class _Consumer(msgspec.Struct, frozen=True):
    name: str
    num_pending: int = 0
    num_ack_pending: int = 0
    num_redelivered: int = 0


class _Consumers(msgspec.Struct, frozen=True):
    consumers: list[_Consumer] | None = None


async def inspect(connection: Connection, name: str) -> StreamState | None:
    """Return the state of stream ``name``, or None when there is no such stream."""
    try:
        held = await call(connection, f"STREAM.INFO.{name}", None, _Stream)
        listed = await call(connection, f"CONSUMER.LIST.{name}", None, _Consumers)
    except RequestFailed as error:
        if error.code == STREAM_NOT_FOUND:
            return None
        raise
    readers = (listed.consumers or [])[:MAX_READERS]
    return StreamState(
        name=name,
        messages=held.state.messages,
        size_bytes=held.state.bytes,
        limit_bytes=held.config.max_bytes,
        readers=tuple(
            Reader(name=one.name, waiting=one.num_pending, in_hand=one.num_ack_pending, repeated=one.num_redelivered)
            for one in readers
        ),
    )
