"""Joins a browser's connection to a channel's, once the channel has answered the handshake of a web socket (RFC 6455).

Frames pass unread, as fast as the other side takes them: their limits are the channel's to keep.
"""

import asyncio
import re
from typing import Final, cast

from aiohttp import web
from multidict import CIMultiDict
from yarl import URL

from core.sockets import take_over

MAX_HEAD: Final = 16_384
CLOSE_S: Final = 10.0  # how long one side may take what the other said before it left
_STATUS: Final = re.compile(rb"HTTP/1\.1 (\d{3})[ \r]")
_ANSWERED: Final = re.compile(rb"(?im)^(sec-websocket-[a-z]+:[ \t]*[\x21-\x7e][\x20-\x7e]*)\r$")


class Refused(Exception):
    """The channel wants no socket; ``status`` says why."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class Splices:
    """All web sockets that pass."""

    def __init__(self) -> None:
        self._ends: set[_End] = set()

    async def open(
        self, request: web.Request, place: str, path: str, headers: CIMultiDict[str], limit_s: float
    ) -> web.StreamResponse:
        """Ask the channel at ``place`` for a socket and join the browser's connection to it.

        Refused when the channel wants none; TimeoutError or OSError when it does not answer.
        """
        far = _FarEnd(self._ends)
        try:
            async with asyncio.timeout(limit_s):
                await _connect(far, place)
                far.write(_head(path, headers))
                await far.answered
            status, answer, first_words = far.answer()
            if status != 101:
                raise Refused(status)
            near = _End(self._ends)
            response = take_over(request, near)
        except BaseException:
            far.abort()
            raise
        near.write(answer + first_words)
        far.join(near)
        return response

    def close(self) -> None:
        """Close all of them."""
        for end in tuple(self._ends):
            end.abort()


class _End(asyncio.Protocol):
    __slots__ = ("_ends", "_other", "_transport")

    def __init__(self, ends: "set[_End]") -> None:
        self._ends = ends
        self._other: _End | None = None
        self._transport: asyncio.Transport | None = None

    def write(self, data: bytes) -> None:
        if self._transport is not None:
            self._transport.write(data)

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's are none by class
        self._ends.add(self)

    def data_received(self, data: bytes) -> None:
        if self._other is not None:
            self._other.write(data)

    def pause_writing(self) -> None:
        if self._other is not None and self._other._transport is not None:
            self._other._transport.pause_reading()

    def resume_writing(self) -> None:
        if self._other is not None and self._other._transport is not None:
            self._other._transport.resume_reading()

    def connection_lost(self, error: BaseException | None) -> None:
        self._transport = None
        self._ends.discard(self)
        if self._other is not None and self._other._transport is not None:
            self._other._transport.close()
            asyncio.get_running_loop().call_later(CLOSE_S, self._other.abort)


class _FarEnd(_End):
    __slots__ = ("_head", "answered")

    def __init__(self, ends: set[_End]) -> None:
        super().__init__(ends)
        self._head = bytearray()
        self.answered: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def answer(self) -> tuple[int, bytes, bytes]:
        """Return the answer's status, as the browser shall have it, and what the channel said right after it."""
        head, _, first_words = bytes(self._head).partition(b"\r\n\r\n")
        self._head.clear()
        status = _STATUS.match(head)
        lines = [b"HTTP/1.1 101 Switching Protocols", b"Upgrade: websocket", b"Connection: Upgrade"]
        lines += _ANSWERED.findall(head + b"\r")
        return int(status[1]) if status else 502, b"\r\n".join(lines) + b"\r\n\r\n", first_words

    def join(self, near: _End) -> None:
        """Let both sides hear each other."""
        self._other, near._other = near, self
        if self._transport is None:  # it left with its answer
            near.abort()
        else:
            self._transport.resume_reading()

    def data_received(self, data: bytes) -> None:
        if self._other is not None:
            self._other.write(data)
            return
        self._head += data
        if (b"\r\n\r\n" in self._head or len(self._head) > MAX_HEAD) and not self.answered.done():
            assert self._transport is not None
            self._transport.pause_reading()
            self.answered.set_result(None)

    def connection_lost(self, error: BaseException | None) -> None:
        if not self.answered.done():
            self.answered.set_exception(ConnectionResetError("the channel closed the connection"))
        super().connection_lost(error)


async def _connect(far: _FarEnd, place: str) -> None:
    loop = asyncio.get_running_loop()
    path = place.removeprefix("unix:")
    if path != place:
        await loop.create_unix_connection(lambda: far, path)
        return
    url = URL(place)
    await loop.create_connection(lambda: far, url.host or "", url.port or 80, ssl=url.scheme == "https" or None)


def _head(path: str, headers: CIMultiDict[str]) -> bytes:
    lines = [f"GET {path} HTTP/1.1", "Host: channel", "Connection: Upgrade", "Upgrade: websocket"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("utf-8", "surrogateescape")
