"""Files and sounds of articles. The bodies are no JSON, so these are no declared endpoints."""

import re
from typing import Final

from aiohttp import web

from hub.accounts.identity import Identity
from hub.errors import not_found
from hub.http.server import authorize
from hub.http.stored import send_attachment
from hub.services import Services

ARTICLE: Final = "/api/v1/knowledge/articles/{article_id:[0-9a-f-]{36}}"
_NUMBER: Final = re.compile("[1-9][0-9]{0,8}")


class ArticleFiles:
    """``GET …/files/{media_id}`` and ``GET …/sounds/{line}`` of an article, or of its ``version``."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def mount(self, app: web.Application) -> None:
        """Add both routes."""
        app.router.add_get(f"{ARTICLE}/files/{{media_id:[0-9a-f-]{{36}}}}", self.file)
        app.router.add_get(f"{ARTICLE}/sounds/{{line:[0-9]{{1,4}}}}", self.sound)

    async def file(self, request: web.Request) -> web.StreamResponse:
        """Send a file that belongs to a version the user may read."""
        article = await self._services.knowledge.articles.read(*await self._asked(request))
        media_id = request.match_info["media_id"]
        if media_id not in {file.media_id for file in article.content.attachments}:
            raise not_found("file")
        return await send_attachment(request, *await self._services.media.find(media_id))

    async def sound(self, request: web.Request) -> web.StreamResponse:
        """Send a line of a version the user may read, spoken."""
        line = int(request.match_info["line"])
        return await send_attachment(
            request, *await self._services.spoken_articles.sound(*await self._asked(request), line)
        )

    async def _asked(self, request: web.Request) -> tuple[Identity, str, int | None]:
        identity = await authorize(request, self._services, "desk.use")
        version = request.query.get("version", "")
        if version and not _NUMBER.fullmatch(version):
            raise not_found("version")
        return identity, request.match_info["article_id"], int(version) if version else None
