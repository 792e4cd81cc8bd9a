"""The page of a public article that anybody may read: what a link in an SMS leads to."""

import base64
import hashlib
from html import escape
from typing import Final

from aiohttp import web

from hub.errors import ApiError, not_found
from hub.http.stored import send_attachment
from hub.i18n import LANGUAGES, text
from hub.knowledge.marks import plain_text
from hub.knowledge.sending import PUBLIC_PAGE
from hub.knowledge.views import ArticleContent
from hub.services import Services

_STYLE: Final = (
    ":root{color-scheme:light dark}body{max-width:42rem;margin:0 auto;padding:1.5rem;"
    "font:1.06rem/1.8 system-ui,sans-serif;overflow-wrap:anywhere}h1{font-size:1.45rem;line-height:1.4}"
    ".facts{opacity:.75}.text{white-space:pre-line}"
)
_HASH: Final = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_HEADERS: Final = {
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_HASH}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cache-Control": "no-cache",
}


class PublicArticles:
    """``GET /public/articles/{article_id}`` and the files that belong to it; nobody has to log in."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def mount(self, app: web.Application) -> None:
        """Add both routes."""
        article = f"{PUBLIC_PAGE}{{article_id:[0-9a-f-]{{36}}}}"
        app.router.add_get(article, self.page)
        app.router.add_get(f"{article}/files/{{media_id:[0-9a-f-]{{36}}}}", self.file)

    async def page(self, request: web.Request) -> web.StreamResponse:
        """Show an article that is public and holds today; a page that says so for any other."""
        language = _language(request)
        article_id = request.match_info["article_id"]
        try:
            content = await self._content(article_id)
        except ApiError as error:
            gone = f"<h1>{escape(text('article.gone', language))}</h1>"
            return _page(language, text("article.gone", language), gone, status=error.status)
        return _page(language, content.title, _body(article_id, content, language))

    async def file(self, request: web.Request) -> web.StreamResponse:
        """Send a file of such an article."""
        content = await self._content(request.match_info["article_id"])
        media_id = request.match_info["media_id"]
        if media_id not in {file.media_id for file in content.attachments}:
            raise not_found("file")
        return await send_attachment(request, *await self._services.media.find(media_id))

    async def _content(self, article_id: str) -> ArticleContent:
        found = await self._services.knowledge.articles.published([article_id])
        if article_id not in found or found[article_id][0].level != "public":
            raise not_found("article")
        return found[article_id][1]


def _body(article_id: str, content: ArticleContent, language: str) -> str:
    facts = [content.region, content.owner]
    if content.valid_to is not None:
        facts.append(text("article.valid_to", language, date=content.valid_to.isoformat()))
    files = "".join(
        f'<li><a download="{escape(file.name)}" href="{PUBLIC_PAGE}{article_id}/files/{escape(file.media_id)}">'
        f"{escape(file.name or file.media_id)}</a></li>"
        for file in content.attachments
    )
    return (
        f"<h1>{escape(content.title)}</h1>"
        f'<p class="facts">{escape(" · ".join(filter(None, facts)))}</p>'
        f'<div class="text">{escape(plain_text(content.body))}</div>'
        f"{f'<ul>{files}</ul>' if files else ''}"
    )


def _page(language: str, title: str, body: str, *, status: int = 200) -> web.Response:
    page = (
        f'<!DOCTYPE html><html lang="{language}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width"><title>{escape(title)}</title>'
        f"<style>{_STYLE}</style></head><body><main>{body}</main></body></html>"
    )
    return web.Response(text=page, status=status, content_type="text/html", charset="utf-8", headers=_HEADERS)


def _language(request: web.Request) -> str:
    wanted = request.headers.get("Accept-Language", "").lower().partition(",")[0].partition("-")[0].strip()
    return wanted if wanted in LANGUAGES else LANGUAGES[0]
