"""Passes /channels/<instance>/ on to the channel's own port, web sockets included, so that one TLS port serves all."""

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Final

import aiohttp
from aiohttp import WSMsgType, web
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from hub.errors import ApiError
from hub.http.server import COOKIE, remote_of

log = logging.getLogger(__name__)

PREFIX: Final = "/channels"
CONNECT_S: Final = 3.0
ANSWER_S: Final = 60.0
MAX_BODY: Final = 32 * 1_048_576  # a channel's own limits are tighter
TOO_LARGE: Final = web.RequestKey("too_large", bool)  # set on requests whose body was cut off
MAX_FRAME: Final = 1_048_576
SANDBOX: Final = "sandbox allow-scripts allow-forms"  # a page of a channel is of an origin of its own
SENDABLE: Final = frozenset({1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013})  # RFC 6455 section 7.4
# RFC 9110 section 7.6.1, and what only concerns the hub's own users
_NOT_PASSED: Final = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "host",
        "content-length",
        "x-forwarded-for",
        "x-forwarded-proto",
        "x-forwarded-host",
    }
)


class ChannelProxy:
    """Knows where each instance listens and carries requests there."""

    def __init__(self, trusted_proxies: tuple[str, ...]) -> None:
        self._trusted = trusted_proxies
        self._places: dict[str, tuple[str, aiohttp.ClientSession]] = {}
        self._closing: set[asyncio.Task[None]] = set()

    def place(self, instance: str, http: str) -> None:
        """Say where ``instance`` serves HTTP: ``unix:<path>``, a base URL, or nowhere when empty."""
        known = self._places.get(instance)
        if known is not None and known[0] == http:
            return
        if known is not None:
            del self._places[instance]
            self._close_later(known[1])
        if http:
            self._places[instance] = (http, _session(http))

    def mount(self, app: web.Application) -> None:
        """Add the proxy's route to ``app`` and tie its connections to the app's life."""
        app.router.add_route("*", PREFIX + "/{instance}/{rest:.*}", self.handle)
        app.on_cleanup.append(self._close)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer as the channel does; 502 ``channel_away`` when it is not there."""
        instance = request.match_info["instance"]
        if instance not in self._places:
            raise ApiError(502, "channel_away", "no such channel runs here", retry_after_s=2.0)
        place, http = self._places[instance]
        base = "http://channel" if place.startswith("unix:") else place.rstrip("/")
        url = URL(base + request.rel_url.raw_path_qs, encoded=True)
        try:
            if request.headers.get("Upgrade", "").lower() == "websocket":
                return await self._carry_socket(request, http, url)
            return await self._carry_request(request, http, url)
        except aiohttp.WSServerHandshakeError as error:
            status = error.status if 400 <= error.status < 600 else 502
            raise ApiError(status, "channel_refused", f"{instance} refused the socket") from error
        except (aiohttp.ClientConnectionError, TimeoutError) as error:
            if TOO_LARGE in request:
                raise ApiError(413, "too_large", f"at most {MAX_BODY} bytes") from error
            raise ApiError(502, "channel_away", f"{instance} does not answer", retry_after_s=2.0) from error

    async def _carry_request(self, request: web.Request, http: aiohttp.ClientSession, url: URL) -> web.StreamResponse:
        async with http.request(
            request.method,
            url,
            headers=self._headers(request),
            data=_limited(request) if request.body_exists else None,
            allow_redirects=False,
        ) as answer:
            response = web.StreamResponse(status=answer.status, headers=_defused(answer.headers))
            await response.prepare(request)
            try:
                async for chunk in answer.content.iter_any():
                    await response.write(chunk)
                await response.write_eof()
            except (aiohttp.ClientError, ConnectionError, TimeoutError):
                log.debug("an answer of a channel broke off")
                if request.transport is not None:
                    request.transport.abort()  # what is missing must not look like the end
            return response

    async def _carry_socket(self, request: web.Request, http: aiohttp.ClientSession, url: URL) -> web.StreamResponse:
        headers = self._headers(request)
        for name in [name for name in headers if name.lower().startswith("sec-websocket-")]:
            del headers[name]
        offered = [
            word.strip() for word in request.headers.get("Sec-WebSocket-Protocol", "").split(",") if word.strip()
        ]
        async with asyncio.timeout(CONNECT_S):
            far = await http.ws_connect(
                url, protocols=offered, headers=headers, max_msg_size=MAX_FRAME, compress=0, autoping=False
            )
        chosen = (far.protocol,) if far.protocol else ()  # browsers hang up when the one they asked for is not named
        near = web.WebSocketResponse(protocols=chosen, max_msg_size=MAX_FRAME, compress=False, autoping=False)
        try:
            await near.prepare(request)
            async with asyncio.TaskGroup() as group:
                group.create_task(_pump(near, far))
                group.create_task(_pump(far, near))
        finally:
            await far.close()
        return near

    def _headers(self, request: web.Request) -> CIMultiDict[str]:
        headers = _kept(request.headers)
        headers["X-Forwarded-For"] = remote_of(request, self._trusted)
        headers["X-Forwarded-Host"] = request.host
        headers["X-Forwarded-Proto"] = request.scheme
        cookies = [part.strip() for line in headers.popall("Cookie", []) for part in line.split(";")]
        if passed := [part for part in cookies if part and not _is_session(part)]:
            headers["Cookie"] = "; ".join(passed)
        return headers

    def _close_later(self, http: aiohttp.ClientSession) -> None:
        task = asyncio.create_task(http.close())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    async def _close(self, _app: web.Application) -> None:
        for instance in tuple(self._places):
            self.place(instance, "")
        await asyncio.gather(*self._closing)


def _session(http: str) -> aiohttp.ClientSession:
    path = http.removeprefix("unix:")
    connector = aiohttp.UnixConnector(path, limit=0) if path != http else aiohttp.TCPConnector(limit=0)
    timeout = aiohttp.ClientTimeout(total=None, connect=CONNECT_S, sock_read=ANSWER_S)
    return aiohttp.ClientSession(timeout=timeout, connector=connector, auto_decompress=False)


Socket = web.WebSocketResponse | aiohttp.ClientWebSocketResponse


async def _pump(source: Socket, target: Socket) -> None:
    """Carry frames until ``source`` closes, then close ``target`` the same way."""
    try:
        async for message in source:
            match message.type:
                case WSMsgType.TEXT:
                    await target.send_str(message.data)
                case WSMsgType.BINARY:
                    await target.send_bytes(message.data)
                case WSMsgType.PING:
                    await target.ping(message.data)
                case WSMsgType.PONG:
                    await target.pong(message.data)
    except (ConnectionResetError, aiohttp.ClientConnectionError):
        log.debug("a proxied socket's other side is gone")
    finally:
        code = source.close_code or 1001
        await target.close(code=code if code in SENDABLE or 3000 <= code < 5000 else 1001)


async def _limited(request: web.Request) -> AsyncIterator[bytes]:
    size = 0
    async for chunk in request.content.iter_any():
        size += len(chunk)
        if size > MAX_BODY:
            request[TOO_LARGE] = True
            raise ConnectionAbortedError("the body is too large")
        yield chunk


def _defused(headers: CIMultiDictProxy[str]) -> CIMultiDict[str]:
    """Return a channel's headers so that its answer can do nothing in the name of the hub's own pages."""
    kept = _kept(headers)
    cookies = [line for line in kept.popall("Set-Cookie", []) if not _is_session(line)]
    kept.extend(("Set-Cookie", line) for line in cookies)
    kept.add("Content-Security-Policy", SANDBOX)
    kept["X-Content-Type-Options"] = "nosniff"
    return kept


def _is_session(cookie: str) -> bool:
    return cookie.partition("=")[0].strip() == COOKIE


def _kept(headers: CIMultiDictProxy[str]) -> CIMultiDict[str]:
    kept: CIMultiDict[str] = CIMultiDict()
    for name, value in headers.items():
        if name.lower() not in _NOT_PASSED:
            kept.add(name, value)
    return kept
