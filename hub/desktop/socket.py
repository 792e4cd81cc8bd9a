"""The one WebSocket of a desk: hello → resume or snapshot → deltas; pings tell both sides that the line lives."""

import asyncio
import logging
from contextlib import suppress
from datetime import datetime
from typing import Annotated, Final

import msgspec
from aiohttp import WSCloseCode, web

from core.sockets import WebSocket, upgrade
from core.tasks import Tasks
from hub.accounts.identity import Identity
from hub.conversing.access import may_open
from hub.desktop.company import Company
from hub.desktop.desk import Desk
from hub.desktop.feed import Connection, UserFeed
from hub.desktop.screens import Shown, screen_of
from hub.errors import ApiError
from hub.http.server import check_origin, identify
from hub.services import Services
from hub.store.models import Conversation

log = logging.getLogger(__name__)

HELLO_S: Final = 10.0
PING_S: Final = 5.0
PING: Final = b'{"type":"ping"}'
SILENCE_S: Final = 15.0  # no pong for three pings: the line is dead
SEND_S: Final = 10.0
STOP_S: Final = 3.0  # how long browsers may take to leave when the hub stops
MAX_FRAME: Final = 4_096  # a browser only says hello, pong, typing, look, watch and screen
MAX_SOCKETS: Final = 8  # by user


class Hello(msgspec.Struct, tag="hello", forbid_unknown_fields=True):
    """The first frame: what the browser has already."""

    epoch: str | None = None
    seq: int = 0


class Pong(msgspec.Struct, tag="pong"):
    """The answer to a ping."""


class Typing(msgspec.Struct, tag="typing"):
    """The agent began or ceased to type; not stored."""

    conversation_id: str
    is_typing: bool


class Look(msgspec.Struct, tag="look"):
    """The browser shows a conversation, or, without one, none."""

    conversation_id: Annotated[str, msgspec.Meta(max_length=36)] = ""


class Watch(msgspec.Struct, tag="watch"):
    """The browser shows the wallboard, or no longer."""

    is_on: bool


_frames = msgspec.json.Decoder(Hello | Pong | Typing | Look | Watch | Shown)


class DesktopSocket:
    """Serves ``GET /api/v1/desktop``."""

    def __init__(self, services: Services, desk: Desk) -> None:
        self._services = services
        self._desk = desk
        self._company = Company()
        self._serving = Tasks()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Begin to serve a browser, which lasts until it leaves, logs out or falls behind."""
        check_origin(request, self._services.settings.http.public_url)
        identity = await identify(request, self._services)
        if identity.must_change_password:
            raise ApiError(403, "password_change_required", "change the first password")
        identity.require("desk.use")
        socket, answer = await upgrade(request, max_bytes=MAX_FRAME)
        self._serving.start(self._serve(socket, identity))
        return answer

    async def close(self) -> None:
        """Send everybody away and return when they are gone: the hub stops."""
        self._desk.close()
        with suppress(TimeoutError):
            async with asyncio.timeout(STOP_S):
                await self._serving.done()
        await self._serving.close()

    async def _serve(self, socket: WebSocket, identity: Identity) -> None:
        try:
            feed = await self._desk.open(identity)
            if len(feed.connections) >= MAX_SOCKETS:
                await _bye(socket, "replaced")
                return
            if (hello := await _hello(socket)) is None:
                await _bye(socket, "no_hello")
                return
            connection = Connection(identity.session_id)
            await self._desk.attach(feed, connection, hello.epoch, hello.seq)
            writer = asyncio.create_task(self._write(socket, connection, identity.session_id))
            try:
                await self._read(socket, feed, connection)
            finally:
                self._company.look(feed, connection, "")
                connection.close("gone")
                await writer
                await self._desk.detach(feed, connection)
        finally:
            socket.abort()

    async def _read(self, socket: WebSocket, feed: UserFeed, connection: Connection) -> None:
        """Take frames until the browser is gone or silent; each browser frame proves that the line lives."""
        while True:
            try:
                async with asyncio.timeout(SILENCE_S):
                    message = await socket.receive()
            except TimeoutError:
                log.info("a desk of user %s fell silent", feed.viewer.identity.user_id)
                return
            if not isinstance(message, str):
                return
            try:
                frame = _frames.decode(message)
            except msgspec.MsgspecError:
                await _bye(socket, "bad_frame")
                return
            if isinstance(frame, Watch):
                connection.watches = frame.is_on and feed.viewer.identity.may("wallboard.view")
            elif isinstance(frame, Shown):
                screen_of(connection, self._now()).show(frame, self._now())
            elif isinstance(frame, Look):
                await self._look(feed, connection, frame.conversation_id)
            elif isinstance(frame, Typing):
                screen = screen_of(connection, self._now())
                screen.is_writing = frame.is_typing and frame.conversation_id == screen.conversation_id
                self._company.write(connection, frame.conversation_id, is_typing=frame.is_typing)
                await self._services.conversations.show_typing(
                    feed.viewer.identity, frame.conversation_id, is_typing=frame.is_typing
                )

    def _now(self) -> datetime:
        return self._services.clock.now()

    async def _look(self, feed: UserFeed, connection: Connection, conversation_id: str) -> None:
        if conversation_id:
            row = await Conversation.get_or_none(conversation_id=conversation_id)
            if row is None or not await may_open(feed.viewer.identity, row):
                conversation_id = ""
        screen_of(connection, self._now()).open(conversation_id, self._now())
        self._company.look(feed, connection, conversation_id)

    async def _write(self, socket: WebSocket, connection: Connection, session_id: str) -> None:
        """Send queued frames and a ping every ``PING_S``, busy or not; say bye when connection or session is over."""
        loop = asyncio.get_running_loop()
        ping_at = loop.time() + PING_S
        try:
            while True:
                try:
                    async with asyncio.timeout_at(ping_at):
                        frame = await connection.take()
                except TimeoutError:
                    frame, ping_at = PING, loop.time() + PING_S
                    if not await self._services.sessions.lasts(session_id):
                        connection.close("logged_out")
                        frame = None
                if frame is None:
                    await _bye(socket, connection.bye_code)
                    return
                async with asyncio.timeout(SEND_S):
                    await socket.send(frame)
        except (ConnectionResetError, TimeoutError):
            await socket.close(WSCloseCode.INTERNAL_ERROR)


async def _hello(socket: WebSocket) -> Hello | None:
    """Return the browser's first frame, None when it is another one or does not come."""
    try:
        async with asyncio.timeout(HELLO_S):
            message = await socket.receive()
        frame = _frames.decode(message or "")
    except (TimeoutError, msgspec.MsgspecError):
        return None
    return frame if isinstance(frame, Hello) else None


async def _bye(socket: WebSocket, code: str) -> None:
    with suppress(ConnectionResetError, TimeoutError):
        async with asyncio.timeout(SEND_S):
            await socket.send(msgspec.json.encode({"type": "bye", "code": code}))
    await socket.close()
