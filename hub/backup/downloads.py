"""A backup as a file. The body is no JSON, so this is no declared endpoint."""

from aiohttp import web

from hub.http.server import authorize, remote_of
from hub.services import Services


class Downloads:
    """``GET /api/v1/backups/{name}``."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def mount(self, app: web.Application) -> None:
        """Add the route."""
        app.router.add_get("/api/v1/backups/{name}", self.download)

    async def download(self, request: web.Request) -> web.StreamResponse:
        """Send the file, and note who took it."""
        services = self._services
        identity = await authorize(request, services, "admin.backups")
        path = await services.backups.path(request.match_info["name"])
        remote = remote_of(request, services.settings.http.trusted_proxies)
        await services.audit.note(identity, "backup.download", "backup", path.name, remote=remote)
        headers = {
            "Content-Type": "application/gzip",
            "Content-Disposition": f'attachment; filename="{path.name}"',
            "Cache-Control": "no-store",
        }
        return web.FileResponse(path, headers=headers)
