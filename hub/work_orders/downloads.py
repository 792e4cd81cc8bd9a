"""Work orders as files. The body is no JSON, so this is no declared endpoint."""

from aiohttp import web

from hub.http.server import authorize, query_of, remote_of
from hub.http.tables import TableQuery, table_response
from hub.services import Services
from hub.work_orders.finding import OrdersQuery


class OrderFiles:
    """``GET /api/v1/work-order-files``: what the list shows by the same filters."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def mount(self, app: web.Application) -> None:
        """Add the route."""
        app.router.add_get("/api/v1/work-order-files", self.handle)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Send every order that matches and that the user may see."""
        identity = await authorize(request, self._services, "desk.use")
        asked, query = query_of(TableQuery, request), query_of(OrdersQuery, request)
        remote = remote_of(request, self._services.settings.http.trusted_proxies)
        exports = self._services.work_orders.exports
        return table_response(await exports.write(identity, query, asked.format, asked.language, remote=remote))
