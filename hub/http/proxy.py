"""Passes /channels/<instance>/ on to the channel's own port, web sockets included, so that one TLS port serves all."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Final

import aiohttp
from aiohttp import web
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from core.tasks import Tasks
from hub.errors import ApiError
from hub.http.server import COOKIE, remote_of
from hub.http.splice import Refused, Splices

log = logging.getLogger(__name__)

PREFIX: Final = "/channels"
CONNECT_S: Final = 3.0
COMING_S: Final = 5.0  # for a channel that is starting
ANSWER_S: Final = 60.0
MAX_BODY: Final = 32 * 1_048_576  # a channel's own limits are tighter
TOO_LARGE: Final = web.RequestKey("too_large", bool)  # set on requests whose body was cut off
SANDBOX: Final = "sandbox allow-scripts allow-forms"  # a page of a channel is of an origin of its own
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
        self._coming: dict[str, asyncio.Event] = {}
        self._closing = Tasks()
        self._splices = Splices()

    def place(self, instance: str, http: str) -> None:
        """Say where ``instance`` serves HTTP: ``unix:<path>``, a base URL, or nowhere when empty."""
        if coming := self._coming.pop(instance, None):
            coming.set()
        known = self._places.get(instance)
        if known is not None and known[0] == http:
            return
        if known is not None:
            del self._places[instance]
            self._closing.start(known[1].close())
        if http:
            self._places[instance] = (http, _session(http))

    def expect(self, instance: str) -> None:
        """Say that ``instance`` is starting: whoever asks for it waits a moment for its ``place``."""
        if instance not in self._coming:
            self.place(instance, "")
            self._coming[instance] = asyncio.Event()

    def mount(self, app: web.Application) -> None:
        """Add the proxy's route to ``app`` and tie its connections to the app's life."""
        app.router.add_route("*", PREFIX + "/{instance}/{rest:.*}", self.handle)
        app.on_cleanup.append(self._close)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer as the channel does; 502 ``channel_away`` when it is not there."""
        instance = request.match_info["instance"]
        if coming := self._coming.get(instance):
            with suppress(TimeoutError):
                async with asyncio.timeout(COMING_S):
                    await coming.wait()
        if instance not in self._places:
            raise ApiError(502, "channel_away", "no such channel runs here", retry_after_s=2.0)
        place, http = self._places[instance]
        base = "http://channel" if place.startswith("unix:") else place.rstrip("/")
        path, headers = request.rel_url.raw_path_qs, self._headers(request)
        try:
            if request.headers.get("Upgrade", "").lower() == "websocket":
                return await self._splices.open(request, place, path, headers, CONNECT_S)
            return await self._carry_request(request, http, URL(base + path, encoded=True), headers)
        except Refused as error:
            status = error.status if 400 <= error.status < 600 else 502
            raise ApiError(status, "channel_refused", f"{instance} refused the socket") from error
        except (aiohttp.ClientConnectionError, OSError) as error:  # TimeoutError is one
            if TOO_LARGE in request:
                raise ApiError(413, "too_large", f"at most {MAX_BODY} bytes") from error
            raise ApiError(502, "channel_away", f"{instance} does not answer", retry_after_s=2.0) from error

    async def _carry_request(
        self, request: web.Request, http: aiohttp.ClientSession, url: URL, headers: CIMultiDict[str]
    ) -> web.StreamResponse:
        async with http.request(
            request.method,
            url,
            headers=headers,
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

    def _headers(self, request: web.Request) -> CIMultiDict[str]:
        headers = _kept(request.headers)
        headers["X-Forwarded-For"] = remote_of(request, self._trusted)
        headers["X-Forwarded-Host"] = request.host
        headers["X-Forwarded-Proto"] = request.scheme
        cookies = [part.strip() for line in headers.popall("Cookie", []) for part in line.split(";")]
        if passed := [part for part in cookies if part and not _is_session(part)]:
            headers["Cookie"] = "; ".join(passed)
        return headers

    async def _close(self, _app: web.Application) -> None:
        for instance in tuple(self._places):
            self.place(instance, "")
        self._splices.close()
        await self._closing.done()


def _session(http: str) -> aiohttp.ClientSession:
    path = http.removeprefix("unix:")
    connector = aiohttp.UnixConnector(path, limit=0) if path != http else aiohttp.TCPConnector(limit=0)
    timeout = aiohttp.ClientTimeout(total=None, connect=CONNECT_S, sock_read=ANSWER_S)
    return aiohttp.ClientSession(timeout=timeout, connector=connector, auto_decompress=False)


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
