"""Serves a channel's routes below ``/channels/<instance>``; the one place in core that knows the web server.

Order of things for each request: size, then the route's own ``verify``, then its handler.
"""

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from aiohttp import web

from core.connections import SilentConnections
from core.errors import TryLater
from core.host.job import HttpPlace
from core.webhooks import Refused, Route, Routes

log = logging.getLogger(__name__)

VERIFY_S: Final = 15.0  # a check reads the body; a peer that trickles it is cut off
KEEP_ALIVE_S: Final = 75.0

State = Callable[[], dict[str, str]]


@asynccontextmanager
async def serve(routes: Routes, instance: str, place: HttpPlace, state: State) -> AsyncIterator[str]:
    """Serve ``routes`` and ``/health`` while the context lasts; yields the address as ``unix:<path>`` or a URL."""
    app = web.Application()
    prefix = f"/channels/{instance}"

    async def health(_: web.Request) -> web.Response:
        return web.json_response(state())

    app.router.add_get(f"{prefix}/health", health)
    doorman = Doorman()
    for route in routes:
        app.router.add_route(route.method, prefix + route.path, doorman.guard(route))
    runner = web.AppRunner(app, access_log=None, keepalive_timeout=KEEP_ALIVE_S, shutdown_timeout=1.0)
    await runner.setup()
    make = runner.server
    assert make is not None
    listener, address = _listen(place)
    loop = asyncio.get_running_loop()
    create = loop.create_unix_server if listener.family == socket.AF_UNIX else loop.create_server
    server = await create(lambda: doorman.silent.watch(make()), sock=listener, backlog=1024)
    try:
        yield address
    finally:
        server.close()
        await runner.cleanup()


class Doorman:
    """Lets in what may pass: bounds silence and bodies, and asks each route's check first."""

    def __init__(self) -> None:
        self.silent = SilentConnections()

    def guard(self, route: Route) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        """Return the handler of ``route`` behind its limits and its check."""

        async def handle(request: web.Request) -> web.StreamResponse:
            self.silent.heard(request.protocol)
            try:
                return await _admit(route, request)
            except Refused as refused:
                log.warning("refused %s %s: %s", route.method, route.path, refused)
                return _refusal(refused.status, refused.code)
            except TryLater as error:
                return _refusal(503, error.code)
            except web.HTTPException:
                raise
            except Exception:
                log.exception("%s %s failed", route.method, route.path)
                return _refusal(500, "error")

        return handle


async def _admit(route: Route, request: web.Request) -> web.StreamResponse:
    if (request.content_length or 0) > route.max_bytes:
        raise Refused(413, "too_large")
    # a request without a body needs no limit, and a web socket would keep the copy as long as it lives
    bounded = request.clone(client_max_size=route.max_bytes) if request.can_read_body else request
    try:
        async with asyncio.timeout(VERIFY_S):
            await route.verify(bounded)
    except TimeoutError as error:
        raise Refused(408, "too_slow") from error
    except web.HTTPRequestEntityTooLarge as error:
        raise Refused(413, "too_large") from error
    answer: web.StreamResponse = await route.handler(bounded)
    return answer


def _refusal(status: int, code: str) -> web.Response:
    return web.json_response({"error": {"code": code}}, status=status)


def _listen(place: HttpPlace) -> tuple[socket.socket, str]:
    if place.path:
        Path(place.path).unlink(missing_ok=True)  # a killed predecessor leaves its socket behind
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(place.path)
        Path(place.path).chmod(0o600)
        return listener, f"unix:{place.path}"
    family = socket.AF_INET6 if ":" in place.host else socket.AF_INET
    listener = socket.create_server((place.host, place.port), family=family)
    host = f"[{place.host}]" if family == socket.AF_INET6 else place.host
    return listener, f"http://{host}:{listener.getsockname()[1]}"
