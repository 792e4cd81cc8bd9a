"""Recordings and exports as files. The bodies are no JSON, so these are no declared endpoints."""

from aiohttp import web

from hub.calls.recording_exports import file_name
from hub.http.server import authorize, remote_of
from hub.http.stored import send_stored
from hub.services import Services


class RecordingFiles:
    """``GET /api/v1/recordings/{id}/file`` and ``GET /api/v1/recording-exports/{id}/file``."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def mount(self, app: web.Application) -> None:
        """Add both routes."""
        app.router.add_get("/api/v1/recordings/{recording_id}/file", self.recording)
        app.router.add_get("/api/v1/recording-exports/{export_id}/file", self.export)

    async def recording(self, request: web.Request) -> web.StreamResponse:
        """Send one recording, and note who took it."""
        identity = await authorize(request, self._services, "recording.download")
        file, view = await self._services.recording_exports.one(
            identity, request.match_info["recording_id"], remote=self._remote(request)
        )
        assert view.file is not None
        return await send_stored(request, file, view.file.size_bytes, _headers("audio/wav", file_name(view)))

    async def export(self, request: web.Request) -> web.StreamResponse:
        """Send a finished export, and note who took it."""
        identity = await authorize(request, self._services, "recording.download")
        export_id = request.match_info["export_id"]
        path = await self._services.recording_exports.file(identity, export_id, remote=self._remote(request))
        return web.FileResponse(path, headers=_headers("application/zip", f"recordings-{export_id[:8]}.zip"))

    def _remote(self, request: web.Request) -> str:
        return remote_of(request, self._services.settings.http.trusted_proxies)


def _headers(mime: str, name: str) -> dict[str, str]:
    return {
        "Content-Type": mime,
        "Content-Disposition": f'attachment; filename="{name}"',
        "Cache-Control": "no-store",
    }
