"""Remembers which orders were tried and what the far end answered, so that a crash doubles no message."""

from typing import Protocol

from core.ids import TOKEN, derived_id


class KeyValue(Protocol):
    """What is needed of the bucket SENT."""

    async def get(self, key: str) -> bytes | None: ...

    async def create(self, key: str, value: bytes) -> bool: ...

    async def put(self, key: str, value: bytes) -> None: ...

    async def delete(self, key: str) -> None: ...


class SentLedger:
    """One instance's part of the bucket SENT; every call may raise BusUnavailable.

    A value is ``=`` and the far end's id, or while in doubt ``?`` and the mark of the try.
    """

    def __init__(self, bucket: KeyValue, instance: str) -> None:
        self._bucket = bucket
        self._instance = instance

    async def begin(self, message_id: str, mark: str) -> str | None:
        """Note that ``message_id`` is about to be sent, and return None; else what is known of an earlier try.

        That is the far end's id, or ``""`` when nobody knows whether the far end took it. After
        BusUnavailable the same ``mark`` may begin again: it is not taken for somebody else's.
        """
        key = self._key(message_id)
        value = f"?{mark}".encode()
        if await self._bucket.create(key, value):
            return None
        stored = await self._bucket.get(key)
        if stored is None or stored == value:  # expired just now; or stored though we never heard so
            return None
        return stored[1:].decode() if stored.startswith(b"=") else ""

    async def finish(self, message_id: str, external_id: str) -> None:
        """Note that the far end took it."""
        await self._bucket.put(self._key(message_id), b"=" + (external_id or message_id).encode())

    async def forget(self, message_id: str) -> None:
        """Note that the far end certainly did not take it."""
        await self._bucket.delete(self._key(message_id))

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
