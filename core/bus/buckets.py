"""Key-value buckets with typed values, by the few subjects a plugin's account may use."""

import asyncio
import re
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final, Generic, TypeVar, cast

import msgspec
from nats.aio.msg import Msg

from core.bus import publishing
from core.bus.api import call
from core.bus.connection import Connection
from core.bus.feeds import feed
from core.bus.requests import ask
from core.bus.wire import Raw, check_size
from core.errors import RequestFailed
from core.ids import new_id
from core.streams import Bucket

T = TypeVar("T")

TIMEOUT_S: Final = 5.0
KEY: Final = re.compile(r"[A-Za-z0-9_=/-]+(\.[A-Za-z0-9_=/-]+)*")
EXPECTED: Final = "Nats-Expected-Last-Subject-Sequence"
OPERATION: Final = "KV-Operation"
_DELETED: Final = ("DEL", "PURGE")
_WRONG_SEQUENCE: Final = ("jetstream_10071", "jetstream_10164")


@dataclass(frozen=True, slots=True)
class Change(Generic[T]):
    """A key and its value now; None when it was deleted."""

    key: str
    value: T | None


class Values(Generic[T]):
    """One bucket whose values are all of one kind: ``bytes`` as they are, anything else as JSON."""

    def __init__(self, connection: Connection, bucket: Bucket, kind: type[T]) -> None:
        self._connection = connection
        self._stream = f"KV_{bucket.name}"
        self._prefix = f"$KV.{bucket.name}."
        self._kind = kind

    async def get(self, key: str, *, timeout_s: float = TIMEOUT_S) -> T | None:
        """Return the value of ``key``, or None; a replica may answer, a moment behind."""
        message = await self._entry(key, timeout_s)
        return None if message is None or _is_deletion(message) else self._decode(message.data)

    async def put(self, key: str, value: T, *, timeout_s: float = TIMEOUT_S) -> None:
        """Return once ``value`` is stored."""
        await self._write(key, _encode(value), {}, timeout_s)

    async def create(self, key: str, value: T, *, timeout_s: float = TIMEOUT_S) -> bool:
        """Store ``value`` unless ``key`` has one already; tell whether it was stored."""
        payload = _encode(value)
        if await self._write_after(key, payload, 0, timeout_s):
            return True
        message = await self._entry(key, timeout_s)
        if message is None or not _is_deletion(message) or not message.headers:
            return False
        return await self._write_after(key, payload, int(message.headers["Nats-Sequence"]), timeout_s)

    async def store_together(self, writes: Sequence[tuple[str, T, bool]]) -> bool:
        """Store key, value, whether the key must be new, of each, in one wait for the disk; False when none was.

        It may have been stored all the same when the answer was lost.
        """
        messages = []
        for key, value, is_new in writes:
            payload = _encode(value)
            check_size(payload)
            messages.append((self._subject(key), payload, {EXPECTED: "0"} if is_new else {}))
        return await publishing.publish_batch(self._connection, messages)

    async def delete(self, key: str, *, timeout_s: float = TIMEOUT_S) -> None:
        """Remove the value of ``key``; watchers are told."""
        await self._write(key, b"", {OPERATION: "DEL"}, timeout_s)

    async def all(self) -> dict[str, T]:
        """Return every key and its value."""
        question = {"subjects_filter": self._prefix + ">"}
        info = await call(self._connection, f"STREAM.INFO.{self._stream}", question, _Info)
        keys = [subject.removeprefix(self._prefix) for subject in sorted(info.state.subjects)]
        values = await asyncio.gather(*(self.get(key) for key in keys))
        return {key: value for key, value in zip(keys, values, strict=True) if value is not None}

    async def watch(self) -> AsyncGenerator[Change[T], None]:
        """Yield every key once, and then each change; everything once more after a break of the connection."""
        async with aclosing(feed(self._connection, self._stream, self._prefix + ">")) as batches:
            async for messages in batches:
                for message in messages:
                    yield self._change(message)

    def _change(self, message: Msg) -> Change[T]:
        value = None if _is_deletion(message) else self._decode(message.data)
        return Change(message.subject.removeprefix(self._prefix), value)

    async def _entry(self, key: str, timeout_s: float) -> Msg | None:
        subject = f"$JS.API.DIRECT.GET.{self._stream}.{self._subject(key)}"
        message = await ask(self._connection, subject, Raw(b""), timeout_s=timeout_s, is_repeatable=True)
        return None if (message.headers or {}).get("Status") == "404" else message

    async def _write_after(self, key: str, payload: bytes, seq: int, timeout_s: float) -> bool:
        try:
            await self._write(key, payload, {EXPECTED: str(seq)}, timeout_s)
        except RequestFailed as error:
            if error.code in _WRONG_SEQUENCE:
                return False
            raise
        return True

    async def _write(self, key: str, payload: bytes, headers: dict[str, str], timeout_s: float) -> None:
        check_size(payload)
        # an id of its own lets a repeated attempt find itself stored, before the expected sequence is compared
        await publishing.publish(
            self._connection, self._subject(key), payload, msg_id=new_id(), headers=headers, timeout_s=timeout_s
        )

    def _decode(self, payload: bytes) -> T:
        return cast("T", payload) if self._kind is bytes else msgspec.json.decode(payload, type=self._kind)

    def _subject(self, key: str) -> str:
        if KEY.fullmatch(key) is None:
            raise ValueError(f"not a key: {key!r}")
        return self._prefix + key


class _State(msgspec.Struct):
    subjects: dict[str, int] = {}


class _Info(msgspec.Struct):
    state: _State


def _is_deletion(message: Msg) -> bool:
    return (message.headers or {}).get(OPERATION) in _DELETED


def _encode(value: object) -> bytes:
    return value if isinstance(value, bytes) else msgspec.json.encode(value)
