"""Records of calls as a file. The body is no JSON, so this is no declared endpoint."""

from aiohttp import web

from hub.calls.call_records import CallQuery
from hub.http.server import authorize, query_of, remote_of
from hub.http.tables import TableQuery, table_response
from hub.services import Services


class CallTables:
    """``GET /api/v1/call-files``."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def mount(self, app: web.Application) -> None:
        """Add the route."""
        app.router.add_get("/api/v1/call-files", self.calls)

    async def calls(self, request: web.Request) -> web.StreamResponse:
        """Send every call that is found."""
        identity = await authorize(request, self._services, "recording.find")
        asked, query = query_of(TableQuery, request), query_of(CallQuery, request)
        remote = remote_of(request, self._services.settings.http.trusted_proxies)
        return table_response(
            await self._services.call_records.export(identity, query, asked.format, asked.language, remote=remote)
        )
