"""Answers what channels ask: the history of an address, and files in chunks (core/host/media.py says how)."""

import asyncio
import logging
from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, cast

import msgspec

from core.bus import Bus, Raw
from core.events import Attachment, Choice, History, HistoryMessage, HistoryRequest
from core.events.conversations import AuthorKind
from core.events.messages import MessageState
from core.host.media import CHUNK_BYTES, MAX_FILE_BYTES, UPLOAD_LOST, Chunk, read_chunk
from core.subjects import ASK_HISTORY, ASK_MEDIA_GET, ASK_MEDIA_PUT
from hub.dispatch.dispatcher import Dispatcher
from hub.errors import ApiError, not_found
from hub.media import MediaStore
from hub.store.models import Address, Conversation, Entry

log = logging.getLogger(__name__)

MAX_UPLOADS: Final = 64  # begun and not finished; the oldest gives way
MAX_HISTORY: Final = 200


@dataclass(slots=True)
class _Upload:
    """A file that is coming in: in memory, or with more than ``MAX_FILE_BYTES`` in a draft on disk."""

    total: int
    data: bytearray = field(default_factory=bytearray)
    draft: Path | None = None
    written: int = 0

    @property
    def received(self) -> int:
        return len(self.data) if self.draft is None else self.written

    async def add(self, offset: int, payload: bytes) -> None:
        """Put a chunk in its place; a repeated one replaces itself."""
        if self.draft is None:
            self.data[offset:] = payload
            return
        await asyncio.to_thread(_write_part, self.draft, offset, payload)
        self.written = offset + len(payload)

    def forget(self) -> None:
        """Remove what there is of it."""
        if self.draft is not None:
            self.draft.unlink(missing_ok=True)


class ChannelRequests:
    """The hub's side of ``core.channel.Link``."""

    def __init__(self, bus: Bus, media: MediaStore, dispatcher: Dispatcher) -> None:
        self._bus = bus
        self._media = media
        self._dispatcher = dispatcher
        self._uploads: OrderedDict[tuple[str, str], _Upload] = OrderedDict()

    async def run(self) -> None:
        """Answer until cancelled."""
        subscriptions = [
            await self._bus.respond(ASK_HISTORY, self.history, request=HistoryRequest),
            await self._bus.respond(ASK_MEDIA_PUT, self._put, request=Raw),
            await self._bus.respond(ASK_MEDIA_GET, self._get, request=Raw),
        ]
        try:
            await asyncio.Event().wait()
        finally:
            for subscription in subscriptions:
                await subscription.close()

    async def history(self, instance: str, question: HistoryRequest) -> History:
        """Return what was exchanged with an address of this instance, as the person may see it."""
        address = await Address.get_or_none(uri=question.address)
        if address is None or address.instance != instance:
            return History()
        limit = min(max(question.limit, 1), MAX_HISTORY)
        rows = Entry.filter(address=question.address, kind="message", instance=instance)
        if question.after_seq:
            entries = await rows.filter(seq__gt=question.after_seq).order_by("seq").limit(limit + 1)
            has_more = len(entries) > limit
            entries = entries[:limit]
        else:
            entries = await rows.order_by("-seq").limit(limit + 1)
            has_more = len(entries) > limit
            entries = entries[:limit][::-1]
        return msgspec.structs.replace(
            await self._situation(question.address),
            messages=tuple(_history_message(entry) for entry in entries),
            has_more=has_more,
        )

    async def _situation(self, uri: str) -> History:
        conversation = await Conversation.filter(address=uri).order_by("-conversation_id").first()
        if conversation is None:
            return History()
        if conversation.state == "queued":
            place, wait_s = await self._dispatcher.place(conversation)
            return History(situation="queued", place=place, wait_s=wait_s)
        state: Any = "closed" if conversation.state == "wrap_up" else conversation.state
        return History(situation=state)

    async def _put(self, instance: str, question: Raw) -> bytes:
        chunk = _read(question)
        key = (instance, chunk.media_id)
        upload = self._uploads.get(key)
        if chunk.offset == 0:
            if upload is not None:
                upload.forget()
            draft = await asyncio.to_thread(self._media.draft) if chunk.total > MAX_FILE_BYTES else None
            upload = self._uploads[key] = _Upload(chunk.total, draft=draft)
            if len(self._uploads) > MAX_UPLOADS:
                self._uploads.popitem(last=False)[1].forget()
        if upload is None or upload.total != chunk.total or chunk.offset > upload.received:
            raise ApiError(409, UPLOAD_LOST, "begin again with the first chunk")
        if chunk.offset + len(question.payload) > chunk.total:
            self._uploads.pop(key).forget()
            raise ApiError(422, "bad_upload", "more bytes than announced")
        await upload.add(chunk.offset, question.payload)
        if upload.received < chunk.total:
            return b"{}"
        del self._uploads[key]
        names = {"mime": chunk.mime, "name": chunk.name, "instance": instance, "media_id": chunk.media_id}
        if upload.draft is None:
            return msgspec.json.encode(await self._media.keep(bytes(upload.data), **names))
        try:
            return msgspec.json.encode(await self._media.keep_sound(upload.draft, **names))
        finally:
            upload.forget()

    async def _get(self, instance: str, question: Raw) -> Raw:
        file, attachment = await self._media.find(question.headers.get("Media-Id", ""))
        if not await self._media.is_for(attachment.media_id, instance):
            raise not_found("file")
        offset = int(question.headers.get("Offset", "0"))
        data = await asyncio.to_thread(file.read_part, offset, CHUNK_BYTES)
        chunk = Chunk(
            media_id=attachment.media_id,
            offset=offset,
            total=attachment.size_bytes,
            mime=attachment.mime,
            name=attachment.name,
        )
        return Raw(data, chunk.headers())


def _read(question: Raw) -> Chunk:
    try:
        return read_chunk(question.headers)
    except ValueError as error:
        raise ApiError(422, "bad_upload", str(error)) from error


def _write_part(path: Path, offset: int, data: bytes) -> None:
    with path.open("rb+") as file:
        file.seek(offset)
        file.write(data)
        file.truncate()


def _history_message(entry: Entry) -> HistoryMessage:
    return HistoryMessage(
        seq=entry.seq,
        message_id=entry.entry_id,
        direction="in" if entry.direction == "in" else "out",
        text=entry.text,
        attachments=msgspec.convert(entry.attachments, tuple[Attachment, ...]),
        choices=msgspec.convert(entry.choices, tuple[Choice, ...]),
        external_id=entry.external_id,
        sender_name=entry.sender_name,
        sender_kind=cast("AuthorKind", entry.author_kind),
        sent_at=entry.created_at,
        status=cast("MessageState", entry.status or "delivered"),
    )
