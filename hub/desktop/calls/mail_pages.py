"""The HTML of mails, for a frame of its own: no script, no form, and pictures of other servers only when asked for."""

import asyncio
import base64
import re
from typing import Final

from aiohttp import web

from hub.conversing.access import may_fetch
from hub.errors import not_found
from hub.http.server import authorize
from hub.media import INLINE, StoredFile
from hub.services import Services
from hub.store.fields import ID_LENGTH
from hub.store.models import Media

MAX_PICTURES_BYTES: Final = 10_000_000  # of a mail's own pictures, which stand in the page itself
_PICTURE: Final = re.compile(r'(<img\b[^<>]{0,2000}?\bsrc=")media:([0-9a-f-]{36})"')
_POLICY: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:{remote}; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox"
)
_STYLE: Final = "body{margin:8px;font:15px/1.6 sans-serif;overflow-wrap:anywhere}img{max-width:100%;height:auto}"


class MailPages:
    """``GET /mail/{media_id}``; with ``?images=1`` other servers' pictures are loaded, and so learn of it."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def mount(self, app: web.Application) -> None:
        """Add the route."""
        app.router.add_get("/mail/{media_id}", self.show)

    async def show(self, request: web.Request) -> web.StreamResponse:
        """Return the page of a mail in a conversation that the user may open."""
        identity = await authorize(request, self._services, "desk.use")
        media_id = request.match_info["media_id"]
        if len(media_id) > ID_LENGTH or not await may_fetch(identity, media_id):
            raise not_found("mail")
        row = await Media.get_or_none(media_id=media_id)
        if row is None or row.mime != "text/html" or not row.instance:
            raise not_found("mail")
        file, _ = await self._services.media.find(media_id)
        page = (await asyncio.to_thread(file.read_bytes)).decode("utf-8", "replace")
        remote = " https: http:" if request.query.get("images") == "1" else ""
        return web.Response(
            text=f'<!DOCTYPE html><meta charset="utf-8"><style>{_STYLE}</style>{await self._with_pictures(page, row)}',
            content_type="text/html",
            charset="utf-8",
            headers={
                "Content-Security-Policy": _POLICY.format(remote=remote),
                "Referrer-Policy": "no-referrer",
                "X-DNS-Prefetch-Control": "off",
                "Cache-Control": "private, no-store",
            },
        )

    async def _with_pictures(self, page: str, mail: Media) -> str:
        """Return ``page`` with the mail's own pictures in it: the frame has no session to fetch them with."""
        rows = await Media.filter(media_id__in={match[2] for match in _PICTURE.finditer(page)}, instance=mail.instance)
        pictures: dict[str, str] = {}
        left = MAX_PICTURES_BYTES
        for row in rows:
            left -= row.size_bytes
            if row.mime in INLINE and left >= 0:
                file, _ = await self._services.media.find(row.media_id)
                pictures[row.media_id] = await asyncio.to_thread(_data_url, file, row.mime)
        return _PICTURE.sub(lambda match: f'{match[1]}{pictures.get(match[2], "data:,")}"', page)


def _data_url(file: StoredFile, mime: str) -> str:
    return f"data:{mime};base64,{base64.b64encode(file.read_bytes()).decode()}"
