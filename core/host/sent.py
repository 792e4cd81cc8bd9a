"""Remembers which orders were tried and what the far end answered, so that a crash doubles no message."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from core.ids import TOKEN, derived_id

MAX_ALONE: Final = 4  # at once; each costs the server a wait for its disk, and what queues behind them goes together
MIN_TOGETHER: Final = 16  # below, a batch takes the server longer than its messages one by one
MAX_TOGETHER: Final = 128


class KeyValue(Protocol):
    """What is needed of the bucket SENT."""

    async def get(self, key: str) -> bytes | None: ...

    async def create(self, key: str, value: bytes) -> bool: ...

    async def put(self, key: str, value: bytes) -> None: ...

    async def delete(self, key: str) -> None: ...

    async def store_together(self, writes: Sequence[tuple[str, bytes, bool]]) -> bool: ...


@dataclass(slots=True)
class _Write:
    """A value to store, and whether it was; False only of one that ``is_new`` but stood there already."""

    key: str
    value: bytes
    is_new: bool
    stored: asyncio.Future[bool] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class SentLedger:
    """One instance's part of the bucket SENT; every call may raise BusUnavailable.

    A value is ``=`` and the far end's id, or while in doubt ``?`` and the mark of the try. What many orders have to
    write while the server waits for its disk is written together after that, in one wait more.
    """

    def __init__(self, bucket: KeyValue, instance: str) -> None:
        self._bucket = bucket
        self._instance = instance
        self._alone = 0  # writes under way by themselves
        self._waiting: list[_Write] = []
        self._writing: asyncio.Task[None] | None = None

    async def begin(self, message_id: str, mark: str) -> str | None:
        """Note that ``message_id`` is about to be sent, and return None; else what is known of an earlier try.

        That is the far end's id, or ``""`` when nobody knows whether the far end took it. After
        BusUnavailable the same ``mark`` may begin again: it is not taken for somebody else's.
        """
        key = self._key(message_id)
        value = f"?{mark}".encode()
        if await self._store(key, value, is_new=True):
            return None
        stored = await self._bucket.get(key)
        if stored is None or stored == value:  # expired just now; or stored though we never heard so
            return None
        return stored[1:].decode() if stored.startswith(b"=") else ""

    async def finish(self, message_id: str, external_id: str) -> None:
        """Note that the far end took it."""
        await self._store(self._key(message_id), b"=" + (external_id or message_id).encode(), is_new=False)

    async def forget(self, message_id: str) -> None:
        """Note that the far end certainly did not take it."""
        await self._bucket.delete(self._key(message_id))

    async def _store(self, key: str, value: bytes, *, is_new: bool) -> bool:
        if self._alone < MAX_ALONE:
            return await self._store_alone(key, value, is_new=is_new)
        write = _Write(key, value, is_new)
        self._waiting.append(write)
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write_all())
        return await write.stored

    async def _store_alone(self, key: str, value: bytes, *, is_new: bool) -> bool:
        self._alone += 1
        try:
            if is_new:
                return await self._bucket.create(key, value)
            await self._bucket.put(key, value)
            return True
        finally:
            self._alone -= 1

    async def _write_all(self) -> None:
        while self._waiting:
            some, self._waiting = self._waiting[:MAX_TOGETHER], self._waiting[MAX_TOGETHER:]
            together = [(one.key, one.value, one.is_new) for one in some]
            try:
                is_stored = len(some) >= MIN_TOGETHER and await self._bucket.store_together(together)
            except Exception:  # one of them cannot be stored; which, comes out when each is alone
                is_stored = False
            if is_stored:
                for one in some:
                    _settle(one, result=True)
            else:  # too few; or one of them stands there already, and which it is comes out
                await asyncio.gather(*map(self._write, some))

    async def _write(self, one: _Write) -> None:
        try:
            result = await self._store_alone(one.key, one.value, is_new=one.is_new)
        except Exception as error:  # whoever asked decides
            if not one.stored.done():
                one.stored.set_exception(error)
        else:
            _settle(one, result=result)

    def _key(self, message_id: str) -> str:
        word = message_id if TOKEN.fullmatch(message_id) else derived_id(message_id)
        return f"{self._instance}.{word}"


class NoLedger:
    """For far ends that drop a repeated message_id themselves: nothing to remember."""

    async def begin(self, message_id: str, mark: str) -> str | None:
        return None

    async def finish(self, message_id: str, external_id: str) -> None:
        return

    async def forget(self, message_id: str) -> None:
        return


Ledger = SentLedger | NoLedger


def _settle(write: _Write, *, result: bool) -> None:
    if not write.stored.done():  # whoever asked waits no more
        write.stored.set_result(result)
