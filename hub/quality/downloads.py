"""Scores as files. The bodies are no JSON, so these are no declared endpoints."""

from typing import Literal

import msgspec
from aiohttp import web

from hub.http.server import authorize, query_of, remote_of
from hub.quality.exports import Download, FileFormat
from hub.quality.results import CasesQuery, ResultsQuery
from hub.services import Services

MANAGE = "quality.manage"


class FileQuery(msgspec.Struct, frozen=True, kw_only=True):
    """As what, in which words."""

    format: FileFormat = "xlsx"
    language: Literal["zh", "en"] = "zh"


class QualityFiles:
    """``GET /api/v1/quality-cases/{case_id}/file``, ``…/quality-files/cases`` and ``…/quality-files/results``."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._exports = services.quality.exports

    def mount(self, app: web.Application) -> None:
        """Add the routes."""
        app.router.add_get("/api/v1/quality-cases/{case_id:[0-9a-f-]{36}}/file", self.case)
        app.router.add_get("/api/v1/quality-files/cases", self.cases)
        app.router.add_get("/api/v1/quality-files/results", self.results)

    async def case(self, request: web.Request) -> web.StreamResponse:
        """Send one score sheet."""
        identity = await authorize(request, self._services, MANAGE)
        asked, case_id = query_of(FileQuery, request), request.match_info["case_id"]
        return _file(await self._exports.case(identity, case_id, asked.language, remote=self._remote(request)))

    async def cases(self, request: web.Request) -> web.StreamResponse:
        """Send every score that matches."""
        identity = await authorize(request, self._services, MANAGE)
        asked, query = query_of(FileQuery, request), query_of(CasesQuery, request)
        remote = self._remote(request)
        return _file(await self._exports.cases(identity, query, asked.format, asked.language, remote=remote))

    async def results(self, request: web.Request) -> web.StreamResponse:
        """Send the figures of a time."""
        identity = await authorize(request, self._services, MANAGE)
        asked, query = query_of(FileQuery, request), query_of(ResultsQuery, request)
        remote = self._remote(request)
        return _file(await self._exports.results(identity, query, asked.format, asked.language, remote=remote))

    def _remote(self, request: web.Request) -> str:
        return remote_of(request, self._services.settings.http.trusted_proxies)


def _file(download: Download) -> web.Response:
    headers = {
        "Content-Type": download.mime,
        "Content-Disposition": f'attachment; filename="{download.name}"',
        "Cache-Control": "no-store",
    }
    return web.Response(body=download.data, headers=headers)
