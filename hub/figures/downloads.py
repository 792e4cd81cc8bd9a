"""Filled forms and reports as files. The bodies are no JSON, so these are no declared endpoints."""

from aiohttp import web

from hub.figures.form_figures import FormFiguresQuery
from hub.figures.report_sums import ReportQuery
from hub.http.server import authorize, query_of, remote_of
from hub.http.tables import TableQuery, table_response
from hub.services import Services


class FormFiles:
    """``GET /api/v1/form-files``."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def mount(self, app: web.Application) -> None:
        """Add the route."""
        app.router.add_get("/api/v1/form-files", self.forms)

    async def forms(self, request: web.Request) -> web.StreamResponse:
        """Send every form of the time."""
        identity = await authorize(request, self._services, "wallboard.view")
        asked, query = query_of(TableQuery, request), query_of(FormFiguresQuery, request)
        remote = remote_of(request, self._services.settings.http.trusted_proxies)
        return table_response(
            await self._services.form_reports.export(identity, query, asked.format, asked.language, remote=remote)
        )


class ReportFiles:
    """``GET /api/v1/report-files``."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def mount(self, app: web.Application) -> None:
        """Add the route."""
        app.router.add_get("/api/v1/report-files", self.report)

    async def report(self, request: web.Request) -> web.StreamResponse:
        """Send the report that is asked for."""
        identity = await authorize(request, self._services, "wallboard.view")
        asked, query = query_of(TableQuery, request), query_of(ReportQuery, request)
        remote = remote_of(request, self._services.settings.http.trusted_proxies)
        return table_response(
            await self._services.reports.export(identity, query, asked.format, asked.language, remote=remote)
        )
