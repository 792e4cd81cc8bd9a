"""Serves the browser code: the desk's single page, the citizens' widget and the public page."""

from pathlib import Path
from typing import Final

from aiohttp import web

from hub.errors import not_found

YEAR: Final = "public, max-age=31536000, immutable"  # names carry a hash of the content
FRESH: Final = "no-cache"

PAGES: Final = ("/admin", "/desk", "/knowledge", "/login", "/orders", "/quality", "/team", "/wallboard")  # of router.ts


class BrowserCode:
    """The built front end in ``folder``; says so when it has not been built."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def mount(self, app: web.Application) -> None:
        """Add the static routes and, last, the page that every desk route answers with."""
        app.router.add_get("/assets/{name:.+}", self._asset)
        app.router.add_get("/widget/{name:.+}", self._widget)
        app.router.add_get("/public", self._public)
        app.router.add_get("/favicon.ico", self._icon)
        for path in ("/", *PAGES, *(f"{page}/{{rest:.*}}" for page in PAGES)):
            app.router.add_get(path, self._page)

    async def _page(self, _request: web.Request) -> web.StreamResponse:
        return self._file(self._folder / "app", "index.html", FRESH)

    async def _asset(self, request: web.Request) -> web.StreamResponse:
        return self._file(self._folder / "app" / "assets", request.match_info["name"], YEAR)

    async def _widget(self, request: web.Request) -> web.StreamResponse:
        response = self._file(self._folder / "widget", request.match_info["name"], FRESH)
        response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"  # other sites embed it
        return response

    async def _public(self, _request: web.Request) -> web.StreamResponse:
        return self._file(self._folder / "widget", "public.html", FRESH)

    async def _icon(self, _request: web.Request) -> web.StreamResponse:
        # browsers ask by themselves where a page names none; ours name theirs
        return web.Response(status=204, headers={"Cache-Control": YEAR})

    def _file(self, folder: Path, name: str, caching: str) -> web.FileResponse:
        try:
            path = (folder / name).resolve()
            is_there = path.is_relative_to(folder.resolve()) and path.is_file()
        except (OSError, ValueError) as error:  # a name too long, or with a NUL
            raise not_found("page") from error
        if not is_there:
            raise not_found("page")
        return web.FileResponse(path, headers={"Cache-Control": caching})
