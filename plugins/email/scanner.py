"""Asks ClamAV about a file (clamd, command INSTREAM)."""

import asyncio
import contextlib
import struct
from typing import Final

from core.errors import TryLater

CHUNK_BYTES: Final = 65_536
LIMIT_S: Final = 60.0


class ScannerAway(TryLater):
    """The scanner does not answer: what it should have looked at has to come again."""

    code = "scanner_away"


class NotScanned(Exception):
    """The scanner takes no file of this size."""


class Scanner:
    """One clamd, at ``host:port`` or at the path of its socket."""

    def __init__(self, address: str) -> None:
        self._address = address

    async def find(self, data: bytes) -> str:
        """Return the name of the malware in ``data``, "" when there is none.

        NotScanned when it is too large for the scanner, ScannerAway when nobody can say now.
        """
        try:
            async with asyncio.timeout(LIMIT_S):
                answer = await self._ask(data)
        except (OSError, TimeoutError, asyncio.IncompleteReadError) as error:
            raise ScannerAway(f"clamd at {self._address}: {type(error).__name__}") from error
        words = answer.decode("utf-8", "replace").strip("\0\n ")
        if words.endswith("FOUND"):
            return words.removeprefix("stream:").removesuffix("FOUND").strip()
        if words.endswith("OK"):
            return ""
        if "size limit exceeded" in words:  # StreamMaxLength of clamd.conf
            raise NotScanned
        raise ScannerAway(f"clamd at {self._address} answered {words[:100]!r}")

    async def _ask(self, data: bytes) -> bytes:
        reader, writer = await self._connect()
        try:
            writing = asyncio.create_task(_write(writer, data))
            try:
                return await reader.readuntil(b"\0")  # at any time: one that has heard enough reads no further
            finally:
                writing.cancel()
                await asyncio.gather(writing, return_exceptions=True)
        finally:
            writer.close()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._address.startswith("/"):
            return await asyncio.open_unix_connection(self._address)
        host, _, port = self._address.rpartition(":")
        return await asyncio.open_connection(host.strip("[]"), int(port))


async def _write(writer: asyncio.StreamWriter, data: bytes) -> None:
    writer.write(b"zINSTREAM\0")
    with contextlib.suppress(ConnectionError):  # what it answered before it hung up says why
        for start in range(0, len(data), CHUNK_BYTES):
            chunk = data[start : start + CHUNK_BYTES]
            writer.write(struct.pack("!I", len(chunk)) + chunk)
            await writer.drain()
        writer.write(struct.pack("!I", 0))
        await writer.drain()
