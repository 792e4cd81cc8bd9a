"""Carries files between a channel and the hub's media store in chunks that fit a bus message.

Put: the chunks of one file go in order as requests to ``hub.channel.<instance>.ask.media_put`` with
the headers Media-Id, Offset, Total, Mime and Name (percent-encoded UTF-8) and raw bytes. The hub answers
each with a JSON object: ``{}`` for a chunk it keeps, an Attachment for the last one; ``upload_lost`` when it has not
kept what came before, having been started anew, and then the file begins anew, too.
Get: ``hub.channel.<instance>.ask.media_get`` with the headers Media-Id and Offset and no bytes;
the answer is raw bytes with Offset, Total and Mime. Errors are answered as everywhere on the bus.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote, unquote

import msgspec

from core.bus import Bus, Raw
from core.errors import RequestFailed
from core.events import Attachment
from core.ids import new_id

CHUNK_BYTES: Final = 262_144
MAX_FILE_BYTES: Final = 20 * 1024 * 1024
MAX_SOUND_BYTES: Final = 1024 * 1024 * 1024  # recordings of talks: nine hours of telephone in stereo
MAX_NAME: Final = 200
MAX_BEGINNINGS: Final = 5  # of one file; a hub that forgets it more often has something else to complain of
_MIME: Final = re.compile(r"[A-Za-z0-9.+-]{1,64}/[A-Za-z0-9.+-]{1,64}")
UPLOAD_LOST: Final = "upload_lost"


@dataclass(frozen=True, slots=True)
class Chunk:
    """One part of a file as its headers describe it."""

    media_id: str
    offset: int
    total: int
    mime: str
    name: str = ""

    def headers(self) -> dict[str, str]:
        """Return the headers that carry this."""
        return {
            "Media-Id": self.media_id,
            "Offset": str(self.offset),
            "Total": str(self.total),
            "Mime": self.mime if _MIME.fullmatch(self.mime) else "application/octet-stream",
            "Name": quote(self.name[:MAX_NAME], safe="", errors="replace"),
        }


def read_chunk(headers: Mapping[str, str]) -> Chunk:
    """Return what ``headers`` say; ValueError when they are incomplete or beyond the limits."""
    try:
        chunk = Chunk(
            media_id=headers["Media-Id"],
            offset=int(headers["Offset"]),
            total=int(headers["Total"]),
            mime=headers["Mime"],
            name=unquote(headers.get("Name", ""))[:MAX_NAME],
        )
    except KeyError as error:
        raise ValueError(f"header {error} is missing") from error
    limit = MAX_SOUND_BYTES if chunk.mime.startswith("audio/") else MAX_FILE_BYTES
    if not (0 <= chunk.offset <= chunk.total <= limit):
        raise ValueError(f"offset {chunk.offset} of {chunk.total} bytes is out of bounds")
    return chunk


async def put_media(bus: Bus, subject: str, data: bytes, *, mime: str, name: str) -> Attachment:
    """Return ``data`` as a stored attachment; ValueError when it is empty or too large."""
    if not 0 < len(data) <= MAX_FILE_BYTES:
        raise ValueError(f"a file has 1 to {MAX_FILE_BYTES} bytes, not {len(data)}")

    async def part(offset: int) -> bytes:
        return data[offset : offset + CHUNK_BYTES]

    return await _put(bus, subject, part, len(data), mime=mime, name=name)


async def put_file(bus: Bus, subject: str, path: Path, *, mime: str, name: str) -> Attachment:
    """Return the file at ``path``, a sound of any length, as a stored attachment; ValueError as for ``put_media``."""
    size = (await asyncio.to_thread(path.stat)).st_size
    if not 0 < size <= MAX_SOUND_BYTES:
        raise ValueError(f"a sound has 1 to {MAX_SOUND_BYTES} bytes, not {size}")

    def read(offset: int) -> bytes:
        with path.open("rb") as file:
            file.seek(offset)
            return file.read(CHUNK_BYTES)

    async def part(offset: int) -> bytes:
        return await asyncio.to_thread(read, offset)

    return await _put(bus, subject, part, size, mime=mime, name=name)


async def _put(
    bus: Bus, subject: str, part: Callable[[int], Awaitable[bytes]], total: int, *, mime: str, name: str
) -> Attachment:
    media_id = new_id()
    answer = b""
    offset, beginnings = 0, 1
    while offset < total:
        chunk = Chunk(media_id=media_id, offset=offset, total=total, mime=mime, name=name)
        try:
            answer = await bus.request(subject, Raw(await part(offset), chunk.headers()), reply=bytes)
        except RequestFailed as error:
            if error.code != UPLOAD_LOST or beginnings == MAX_BEGINNINGS:
                raise
            offset, beginnings = 0, beginnings + 1
        else:
            offset += CHUNK_BYTES
    try:
        return msgspec.json.decode(answer, type=Attachment)
    except msgspec.MsgspecError as error:
        raise RequestFailed("bad_answer", f"the last chunk was not answered with an attachment: {error}") from error


async def get_media(bus: Bus, subject: str, media_id: str) -> tuple[bytes, str]:
    """Return the bytes and MIME type of file ``media_id``."""
    parts: list[bytes] = []

    async def keep(part: bytes) -> None:
        parts.append(part)

    mime = await _get(bus, subject, media_id, keep, max_bytes=MAX_FILE_BYTES)
    return b"".join(parts), mime


async def get_file(bus: Bus, subject: str, media_id: str, path: Path) -> None:
    """Write the sound ``media_id``, of any length, to ``path``."""
    with await asyncio.to_thread(path.open, "wb") as file:
        await _get(bus, subject, media_id, lambda part: asyncio.to_thread(file.write, part), max_bytes=MAX_SOUND_BYTES)


async def _get(
    bus: Bus, subject: str, media_id: str, keep: Callable[[bytes], Awaitable[object]], *, max_bytes: int
) -> str:
    """Hand the file's parts to ``keep`` in order; return its MIME type."""
    received = 0
    while True:
        question = Raw(b"", {"Media-Id": media_id, "Offset": str(received)})
        answer = await bus.request(subject, question, reply=Raw)
        try:
            total, mime = int(answer.headers["Total"]), answer.headers["Mime"]
        except (KeyError, ValueError) as error:
            raise RequestFailed("bad_answer", f"chunk without usable headers: {error}") from error
        received += len(answer.payload)
        if received > min(total, max_bytes) or (not answer.payload and received < total):
            raise RequestFailed("bad_answer", f"{received} of {total} bytes")
        await keep(answer.payload)
        if received == total:
            return mime
