"""Files: uploads made harmless before they are stored, downloads only by signed links."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Final

import msgspec
from aiohttp import BodyPartReader, MultipartReader, web
from msgspec import Meta

from core.errors import RequestFailed
from core.ids import check_token
from core.webhooks import Refused
from plugins.web_chat import wire
from plugins.web_chat.doors import remote_address
from plugins.web_chat.files import PICTURES, CleanFile, FileRefused, clean
from plugins.web_chat.identity import IdentityRefused
from plugins.web_chat.limits import Buckets, Slots, TooMany
from plugins.web_chat.reception import Reception
from plugins.web_chat.tickets import TicketRefused

OVERHEAD_BYTES: Final = 65_536  # of a multipart body around its file
MAX_OWNER_BYTES: Final = 8192
DECODERS: Final = 2  # a picture of 50 megapixels needs 150 MB while it is decoded
UPLOADS_AT_ONCE: Final = 16  # each is held in memory
UPLOADS_AT_ONCE_IP: Final = 6
FETCHES_AT_ONCE: Final = 32
FETCHES_AT_ONCE_IP: Final = 16  # a browser opens six connections, several people may share an address
IP_FACTOR: Final = 10  # how many people's uploads one address may send
UPLOAD_S: Final = 120.0
FETCH_S: Final = 60.0
CHUNK_BYTES: Final = 65_536


class Owner(msgspec.Struct, frozen=True):
    """First part of an upload, named ``owner``: who sends the file."""

    visitor: Annotated[str, Meta(pattern=r"\A[A-Za-z0-9_-]{43}\Z")] | None = None
    identity: Annotated[str, Meta(max_length=4096)] | None = None


class Uploaded(msgspec.Struct, frozen=True):
    """Answer to an upload: ``handle`` goes into a message, ``file`` can be shown."""

    handle: str
    file: wire.File


class Media:
    """Takes and hands out files."""

    def __init__(self, reception: Reception) -> None:
        self._reception = reception
        self._decoding = asyncio.Semaphore(DECODERS)
        self._uploads = Slots(max_total=UPLOADS_AT_ONCE, max_ip=UPLOADS_AT_ONCE_IP)
        self._fetches = Slots(max_total=FETCHES_AT_ONCE, max_ip=FETCHES_AT_ONCE_IP)
        limit = reception.config.uploads_per_min
        self._by_visitor = Buckets(per_min=limit, burst=limit, clock=reception.clock)
        self._by_ip = Buckets(per_min=IP_FACTOR * limit, burst=IP_FACTOR * limit, clock=reception.clock)

    async def upload(self, request: web.Request) -> web.StreamResponse:
        """Store the file of a multipart body: part ``owner`` (JSON of Owner), then part ``file``."""
        if request.content_type != "multipart/form-data":
            raise Refused(415, "multipart_expected")
        with self._slot(self._uploads, request) as ip:
            return await self._take(request, ip)

    async def _take(self, request: web.Request, ip: str) -> web.StreamResponse:
        try:
            async with asyncio.timeout(UPLOAD_S):
                parts = await request.multipart()
                address = self._address(await _part(parts, "owner", MAX_OWNER_BYTES))
                if self._by_ip.take(ip) or self._by_visitor.take(address):
                    raise Refused(429, "too_many_uploads")
                raw, name = await _part(parts, "file", self._reception.config.max_upload_bytes)
        except TimeoutError as error:
            raise Refused(408, "too_slow") from error
        except ValueError as error:  # aiohttp's word for a body that is no multipart
            raise Refused(400, "bad_upload") from error
        file = await self._clean(raw, name)
        stored = await self._reception.link.put_media(file.data, mime=file.mime, name=file.name)
        attachment = msgspec.structs.replace(stored, width=file.width, height=file.height)
        answer = Uploaded(self._reception.tickets.handle(attachment, address), self._reception.file(attachment))
        return web.Response(
            body=msgspec.json.encode(answer),
            content_type="application/json",
            headers=self._reception.headers(request),
        )

    async def fetch(self, request: web.Request) -> web.StreamResponse:
        """Answer a signed link; pictures are shown, all else is only ever downloaded."""
        media_id = request.match_info["media_id"]
        query = request.query
        try:
            check_token(media_id)
            now = self._reception.clock.now()
            self._reception.tickets.check_link(media_id, query.get("until", ""), query.get("sign", ""), now)
        except (TicketRefused, ValueError) as error:
            raise Refused(403, "bad_link") from error
        with self._slot(self._fetches, request):
            try:
                data, mime = await self._reception.link.get_media(media_id)
            except RequestFailed as error:
                raise Refused(404, "no_file") from error
            return await self._send(request, data, mime)

    async def _send(self, request: web.Request, data: bytes, mime: str) -> web.StreamResponse:
        is_picture = mime in PICTURES
        response = web.StreamResponse(
            headers={
                "Content-Type": mime if is_picture else "application/octet-stream",
                "Content-Length": str(len(data)),
                **self._reception.headers(request),
                "Cache-Control": "private, max-age=86400, immutable",
                "Content-Disposition": "inline" if is_picture else "attachment",
                "Content-Security-Policy": "default-src 'none'; sandbox",
                "Cross-Origin-Resource-Policy": "cross-origin",
                "X-Content-Type-Options": "nosniff",
            },
        )
        try:
            async with asyncio.timeout(FETCH_S):
                await response.prepare(request)
                for start in range(0, len(data), CHUNK_BYTES):
                    await response.write(data[start : start + CHUNK_BYTES])
        except TimeoutError:  # nobody may hold a file in memory by not reading it
            assert request.transport is not None
            request.transport.abort()
        return response

    @contextmanager
    def _slot(self, slots: Slots, request: web.Request) -> Iterator[str]:
        """Hold one of ``slots`` and tell whose address of the net it is for."""
        ip = remote_address(request)
        try:
            slots.enter(ip)
        except TooMany as error:
            raise Refused(503, "busy") from error
        try:
            yield ip
        finally:
            slots.leave(ip)

    def _address(self, part: tuple[bytes, str]) -> str:
        try:
            owner = wire.decode(part[0], Owner)
            return self._reception.identify(owner.visitor, owner.identity).address
        except (wire.FrameRefused, IdentityRefused) as error:
            raise Refused(401, "bad_identity") from error

    async def _clean(self, raw: bytes, name: str) -> CleanFile:
        try:
            async with self._decoding:
                return await asyncio.to_thread(clean, raw, name, self._reception.config.allowed_types)
        except FileRefused as error:
            raise Refused(415, error.code) from error


async def _part(parts: MultipartReader, name: str, limit: int) -> tuple[bytes, str]:
    """Return bytes and file name of the next part, which must be ``name`` and at most ``limit`` bytes."""
    part = await parts.next()
    if not isinstance(part, BodyPartReader) or part.name != name:
        raise Refused(400, "bad_upload")
    content = bytearray()
    while chunk := await part.read_chunk():
        content += chunk
        if len(content) > limit:
            raise Refused(413, "too_large")
    return bytes(content), part.filename or ""
