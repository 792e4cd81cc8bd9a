"""Files: agents send them, desks show them. Bodies are no JSON, so these two are not declared endpoints."""

import asyncio
from typing import Final

from aiohttp import BodyPartReader, web

from core.events import Attachment
from hub.conversing.access import may_fetch
from hub.errors import ApiError, not_found
from hub.http.answers import json_answer
from hub.http.server import admit_upload, authorize
from hub.http.stored import send_attachment
from hub.services import Services
from hub.store.fields import ID_LENGTH

UPLOAD_S: Final = 120.0
CHUNK_BYTES: Final = 65_536


class Files:
    """``POST /api/v1/media`` and ``GET /media/{media_id}/{name}``."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def mount(self, app: web.Application) -> None:
        """Add both routes."""
        app.router.add_post("/api/v1/media", self.upload)
        app.router.add_get("/media/{media_id}", self.download)
        app.router.add_get("/media/{media_id}/{name}", self.download)

    async def upload(self, request: web.Request) -> web.StreamResponse:
        """Keep a file that an agent will send."""
        identity = await admit_upload(request, self._services)
        if not request.content_type.startswith("multipart/"):
            raise ApiError(422, "bad_upload", "send multipart/form-data with a part named file")
        try:
            part = await (await request.multipart()).next()
        except (ValueError, AssertionError) as error:  # aiohttp's words for what is no multipart
            raise ApiError(422, "bad_upload", "not a multipart body") from error
        if not isinstance(part, BodyPartReader) or part.name != "file":
            raise ApiError(422, "bad_upload", "the first part must be named file", fields={"file": "missing"})
        limit = self._services.settings.limits.attachment_bytes
        data = bytearray()
        try:
            async with asyncio.timeout(UPLOAD_S):
                while chunk := await part.read_chunk(CHUNK_BYTES):
                    data += chunk
                    if len(data) > limit:
                        raise ApiError(413, "too_large", f"at most {limit} bytes")
        except TimeoutError as error:
            raise ApiError(408, "too_slow", f"the file did not come within {UPLOAD_S:g} s") from error
        except (ValueError, AssertionError) as error:
            raise ApiError(422, "bad_upload", "the body ends in the middle of the file") from error
        mime = part.headers.get("Content-Type", "application/octet-stream").partition(";")[0].strip()
        attachment: Attachment = await self._services.media.keep(
            bytes(data), mime=mime, name=part.filename or "", instance="", uploader_id=identity.user_id
        )
        return json_answer(attachment)

    async def download(self, request: web.Request) -> web.StreamResponse:
        """Return a file the user may see."""
        identity = await authorize(request, self._services, "desk.use")
        media_id = request.match_info["media_id"]
        if len(media_id) > ID_LENGTH:
            raise not_found("file")
        if not await may_fetch(identity, media_id):
            raise not_found("file")
        return await send_attachment(request, *await self._services.media.find(media_id))
