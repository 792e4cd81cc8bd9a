"""AudioSocket, Asterisk's way of sending a call's sound over TCP.

Messages of a kind (one byte), a length (two, big-endian) and that many bytes of payload; the first one names the
connection. https://docs.asterisk.org/Configuration/Channel-Drivers/AudioSocket/
"""

import asyncio
import struct
import uuid
from collections.abc import AsyncIterator
from typing import Final

from core.errors import LianxinError

HEADER: Final = struct.Struct("!BH")
END: Final = 0x00
NAME: Final = 0x01
RATES_HZ: Final = {0x10: 8_000, 0x12: 16_000}  # kinds of sound: signed 16-bit little-endian mono samples
FIRST_S: Final = 5.0
SILENT_S: Final = 10.0  # a line sends fifty messages a second, also of silence


class NotAudioSocket(LianxinError):
    """The other side does not speak AudioSocket, or not in time."""

    code = "not_audio_socket"


async def read_name(reader: asyncio.StreamReader) -> str:
    """Return the UUID by which the connection is known."""
    try:
        async with asyncio.timeout(FIRST_S):
            kind, payload = await _message(reader)
    except (TimeoutError, asyncio.IncompleteReadError, ConnectionError) as error:
        raise NotAudioSocket("no name came") from error
    if kind != NAME or len(payload) != 16:
        raise NotAudioSocket(f"the first message is of kind {kind:#04x}")
    return str(uuid.UUID(bytes=payload))


async def sound(reader: asyncio.StreamReader) -> AsyncIterator[tuple[bytes, int]]:
    """Yield samples and their rate as they come, until the other side ends, breaks off or falls silent."""
    while True:
        try:
            async with asyncio.timeout(SILENT_S):
                kind, payload = await _message(reader)
        except (TimeoutError, asyncio.IncompleteReadError, ConnectionError):
            return
        if kind == END:
            return
        if kind in RATES_HZ and payload:
            yield payload, RATES_HZ[kind]


async def _message(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    kind, length = HEADER.unpack(await reader.readexactly(HEADER.size))
    return kind, await reader.readexactly(length)
