"""The WebSocket of a widget: one reader, one writer, nothing unbounded (RFC 6455)."""

import asyncio
import logging
from contextlib import aclosing, suppress
from enum import IntEnum
from typing import Final

from aiohttp import WSCloseCode, web

from core.sockets import WebSocket, upgrade
from core.tasks import Tasks
from plugins.web_chat import wire
from plugins.web_chat.identity import IdentityRefused
from plugins.web_chat.limits import TooMany
from plugins.web_chat.reception import Reception
from plugins.web_chat.session import Session

log = logging.getLogger(__name__)

HEARTBEAT_S: Final = 30.0  # protocol pings: finds peers that vanished without a word


class CloseCode(IntEnum):
    """Why we close (4000–4999 are free for applications); named in docs/plugins/web_chat.md."""

    BAD_FRAME = 4400
    BAD_IDENTITY = 4401
    NO_HELLO = 4408
    TOO_MANY = 4429


class _Goodbye(Exception):
    def __init__(self, close_code: CloseCode, code: str) -> None:
        super().__init__(code)
        self.close_code = close_code
        self.code = code


class Sockets:
    """All open WebSockets."""

    def __init__(self, reception: Reception) -> None:
        self._reception = reception
        self._open: set[WebSocket] = set()
        self._serving = Tasks()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Begin to serve a connection, which lasts until either side leaves."""
        ip = self._reception.enter(request)
        try:
            socket, answer = await upgrade(request, max_bytes=wire.MAX_FRAME_BYTES, heartbeat_s=HEARTBEAT_S)
        except BaseException:
            self._reception.leave(ip)
            raise
        self._serving.start(self._serve(socket, ip))
        return answer

    async def close(self) -> None:
        """Tell everybody that we go; their widgets come back by themselves."""
        goodbyes = (socket.close(WSCloseCode.GOING_AWAY) for socket in tuple(self._open))
        await asyncio.gather(*goodbyes)
        await self._serving.done()

    async def _serve(self, socket: WebSocket, ip: str) -> None:
        self._open.add(socket)
        try:
            await self._converse(socket, ip)
            await socket.close()
        except _Goodbye as goodbye:
            level = logging.WARNING if goodbye.close_code is CloseCode.BAD_FRAME else logging.DEBUG
            log.log(level, "closed a widget's connection: %s", goodbye.code)
            with suppress(ConnectionResetError):
                await socket.send(wire.encode(wire.Error(code=goodbye.code)))
            await socket.close(goodbye.close_code, goodbye.code)
        finally:
            socket.abort()
            self._open.discard(socket)
            self._reception.leave(ip)

    async def _converse(self, socket: WebSocket, ip: str) -> None:
        try:
            async with asyncio.timeout(self._reception.config.hello_timeout_s):
                hello = await _next(socket)
        except TimeoutError:
            raise _Goodbye(CloseCode.NO_HELLO, "no_hello") from None
        if hello is None:
            return
        if not isinstance(hello, wire.Hello):
            raise _Goodbye(CloseCode.BAD_FRAME, "hello_first")
        try:
            session, welcome = self._reception.admit(hello)
        except IdentityRefused as error:
            raise _Goodbye(CloseCode.BAD_IDENTITY, error.code) from error
        except TooMany as error:
            raise _Goodbye(CloseCode.TOO_MANY, error.code) from error
        session.push(welcome)
        writer = asyncio.create_task(self._write(socket, session))
        try:
            while (frame := await _next(socket)) is not None:
                answer = await self._reception.intake.take(frame, session, ip, self._reception.tickets)
                if isinstance(answer, wire.Error):
                    raise _Goodbye(CloseCode.BAD_FRAME, answer.code)
                if answer is not None:
                    session.push(answer)
        finally:
            self._reception.registry.remove(session)
            writer.cancel()
            await asyncio.gather(writer, return_exceptions=True)

    async def _write(self, socket: WebSocket, session: Session) -> None:
        """Write what the session has to say; a peer that does not read is cut off, its widget comes back."""
        try:
            async with aclosing(session.frames()) as frames:
                async for frame in frames:
                    async with asyncio.timeout(self._reception.config.send_timeout_s):
                        await socket.send(frame.data)
        except (TimeoutError, ConnectionResetError):
            log.debug("a widget does not read")
        except Exception:
            log.exception("writing to a widget failed")
        socket.abort()


async def _next(socket: WebSocket) -> wire.ClientFrame | None:
    """Return the peer's next frame, None when it left."""
    match await socket.receive():
        case str(text):
            try:
                return wire.decode_frame(text)
            except wire.FrameRefused as error:
                raise _Goodbye(CloseCode.BAD_FRAME, "bad_frame") from error
        case None:
            return None
        case _:
            raise _Goodbye(CloseCode.BAD_FRAME, "bad_frame")
