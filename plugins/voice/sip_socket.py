"""Passes browsers' SIP over WebSocket (RFC 7118) on to the engine, which listens on the loopback only."""

import asyncio
import logging
from typing import Final

import aiohttp
from aiohttp import web

from core.webhooks import Refused

log = logging.getLogger(__name__)

PROTOCOL: Final = "sip"
MAX_FRAME_BYTES: Final = 65_536  # an INVITE with all candidates of a browser has 5,000
MAX_SOCKETS: Final = 4_000
HEARTBEAT_S: Final = 20.0
CONNECT_S: Final = 5.0


class SipSockets:
    """The browsers' connections; SIP itself asks each phone for its password."""

    def __init__(self, engine_url: str) -> None:
        self._url = f"{engine_url.rstrip('/')}/ws"
        self._open = 0

    async def verify(self, request: web.Request) -> None:
        """Let WebSockets of SIP through, which the hub passes on for users who are logged in."""
        if request.headers.get("Upgrade", "").lower() != "websocket":
            raise Refused(426, "websocket_only")
        offered = {word.strip() for word in request.headers.get("Sec-WebSocket-Protocol", "").split(",")}
        if PROTOCOL not in offered:
            raise Refused(400, "no_sip", "the subprotocol sip is not offered")
        if self._open >= MAX_SOCKETS:
            raise Refused(503, "too_many")

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Connect a browser until either side is gone."""
        self._open += 1
        try:
            return await self._connect(request)
        finally:
            self._open -= 1

    async def _connect(self, request: web.Request) -> web.StreamResponse:
        browser = web.WebSocketResponse(protocols=(PROTOCOL,), heartbeat=HEARTBEAT_S, max_msg_size=MAX_FRAME_BYTES)
        async with aiohttp.ClientSession() as session:
            try:
                async with asyncio.timeout(CONNECT_S):
                    engine = await session.ws_connect(
                        self._url, protocols=(PROTOCOL,), max_msg_size=MAX_FRAME_BYTES, autoping=True
                    )
            except (aiohttp.ClientError, TimeoutError) as error:
                raise Refused(503, "engine_away", f"the engine takes no connection: {error}") from error
            async with engine:
                await browser.prepare(request)
                ways = {asyncio.create_task(_pass(browser, engine)), asyncio.create_task(_pass(engine, browser))}
                try:
                    await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    for way in ways:
                        way.cancel()
                    await asyncio.gather(*ways, return_exceptions=True)
                    await browser.close()
        return browser


Socket = web.WebSocketResponse | aiohttp.ClientWebSocketResponse


async def _pass(source: Socket, target: Socket) -> None:
    async for message in source:
        if message.type is aiohttp.WSMsgType.TEXT:
            await target.send_str(message.data)
        elif message.type is aiohttp.WSMsgType.BINARY:
            await target.send_bytes(message.data)
        else:
            return
