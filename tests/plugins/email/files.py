"""The hub's store of files, in memory, for channels on a bench."""

import hashlib
import re

import msgspec

from core.bus import Bus, Raw
from core.events import Attachment
from core.host.media import CHUNK_BYTES, Chunk, read_chunk
from core.subjects import ASK_MEDIA_GET, ASK_MEDIA_PUT


class Files:
    """Answers what channels put and get; a file's id is made from its bytes."""

    def __init__(self) -> None:
        self.kept: dict[str, tuple[bytes, str, str]] = {}
        self._coming: dict[str, bytearray] = {}

    async def open(self, bus: Bus) -> None:
        """Begin to answer."""
        await bus.respond(ASK_MEDIA_PUT, self._put, request=Raw)
        await bus.respond(ASK_MEDIA_GET, self._get, request=Raw)

    async def _put(self, _instance: str, question: Raw) -> bytes:
        chunk = read_chunk(question.headers)
        data = self._coming.setdefault(chunk.media_id, bytearray())
        data[chunk.offset :] = question.payload
        if len(data) < chunk.total:
            return b"{}"
        del self._coming[chunk.media_id]
        return msgspec.json.encode(self.keep(bytes(data), chunk.mime, chunk.name))

    async def _get(self, _instance: str, question: Raw) -> Raw:
        media_id, offset = question.headers["Media-Id"], int(question.headers["Offset"])
        data, mime, name = self.kept[media_id]
        chunk = Chunk(media_id=media_id, offset=offset, total=len(data), mime=mime, name=name)
        return Raw(data[offset : offset + CHUNK_BYTES], chunk.headers())

    def keep(self, data: bytes, mime: str, name: str) -> Attachment:
        """Keep a file."""
        media_id = media_id_of(data)
        self.kept[media_id] = (data, mime, name)
        return Attachment(media_id=media_id, mime=mime, name=name, size_bytes=len(data))


def media_id_of(data: bytes) -> str:
    """Return the id of a file: of a mail by its Message-ID, for servers add lines of their own; else by its bytes."""
    match = re.search(rb"(?im)^message-id:.*$", data)
    return hashlib.sha256(match[0].strip() if match else data).hexdigest()[:32]
