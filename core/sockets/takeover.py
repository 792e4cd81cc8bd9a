"""Takes a connection from the web server, which then forgets it."""

import asyncio
from typing import Any

from aiohttp import web

from core.sockets.websocket import WebSocket


class _TakenOver(web.StreamResponse):
    """What a handler returns whose connection is no longer the web server's: there is nothing to write."""

    async def prepare(self, request: web.BaseRequest) -> None:
        return None

    async def write_eof(self, data: Any = b"") -> None:
        return None


async def upgrade(
    request: web.Request, *, max_bytes: int, heartbeat_s: float | None = None
) -> tuple[WebSocket, web.StreamResponse]:
    """Answer the handshake of ``request``; return its socket and what the handler has to return at once.

    HTTPBadRequest when it is no handshake (RFC 6455 section 4.2.1), ConnectionResetError when the peer is gone.
    """
    handshake = web.WebSocketResponse(compress=False)
    await handshake.prepare(request)
    socket = WebSocket(max_bytes=max_bytes, heartbeat_s=heartbeat_s)
    return socket, take_over(request, socket)


def take_over(request: web.Request, protocol: asyncio.Protocol) -> web.StreamResponse:
    """Give the connection of ``request`` to ``protocol``; return what its handler has to return at once.

    ConnectionResetError when the peer is gone. What the peer sent before it was answered is lost: it has to wait.
    """
    server, transport = request.protocol, request.transport
    if transport is None:
        raise ConnectionResetError("the peer is gone")
    transport.set_protocol(protocol)
    server.transport = None  # it would close what is no longer its own
    server.connection_lost(None)
    transport.resume_reading()
    protocol.connection_made(transport)
    return _TakenOver()
