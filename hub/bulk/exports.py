"""A bulk send's results as a file. The body is no JSON, so this is no declared endpoint."""

from aiohttp import web

from hub.http.server import authorize, remote_of
from hub.services import Services


class Exports:
    """``GET /api/v1/bulk/{campaign_id}/results.csv``."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def mount(self, app: web.Application) -> None:
        """Add the route."""
        app.router.add_get("/api/v1/bulk/{campaign_id}/results.csv", self.results)

    async def results(self, request: web.Request) -> web.StreamResponse:
        """Send what became of each recipient, page by page."""
        identity = await authorize(request, self._services, "outreach.send")
        campaign_id = request.match_info["campaign_id"]
        await self._services.campaigns.view(campaign_id)
        remote = remote_of(request, self._services.settings.http.trusted_proxies)
        headers = {
            "Content-Type": "text/csv; charset=utf-8",
            "Content-Disposition": f'attachment; filename="bulk-{campaign_id[:8]}.csv"',
            "Cache-Control": "no-store",
        }
        response = web.StreamResponse(headers=headers)
        await response.prepare(request)
        async for lines in self._services.campaigns.export(identity, campaign_id, remote=remote):
            await response.write(lines)
        await response.write_eof()
        return response
