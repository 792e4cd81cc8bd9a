"""Scores as files. The bodies are no JSON, so these are no declared endpoints."""

from aiohttp import web

from hub.http.server import authorize, query_of, remote_of
from hub.http.tables import TableQuery, table_response
from hub.quality.results import CasesQuery, ResultsQuery
from hub.services import Services

MANAGE = "quality.manage"


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
        asked, case_id = query_of(TableQuery, request), request.match_info["case_id"]
        return table_response(await self._exports.case(identity, case_id, asked.language, remote=self._remote(request)))

    async def cases(self, request: web.Request) -> web.StreamResponse:
        """Send every score that matches."""
        identity = await authorize(request, self._services, MANAGE)
        asked, query = query_of(TableQuery, request), query_of(CasesQuery, request)
        remote = self._remote(request)
        return table_response(await self._exports.cases(identity, query, asked.format, asked.language, remote=remote))

    async def results(self, request: web.Request) -> web.StreamResponse:
        """Send the figures of a time."""
        identity = await authorize(request, self._services, MANAGE)
        asked, query = query_of(TableQuery, request), query_of(ResultsQuery, request)
        remote = self._remote(request)
        return table_response(await self._exports.results(identity, query, asked.format, asked.language, remote=remote))

    def _remote(self, request: web.Request) -> str:
        return remote_of(request, self._services.settings.http.trusted_proxies)
