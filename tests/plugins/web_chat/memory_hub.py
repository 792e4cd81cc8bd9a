"""A hub in memory behind a real channel on a real port, and a client that speaks the widget's protocol."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
from aiohttp import web

from core.channel import Link
from core.errors import BusUnavailable, RequestFailed, TryLater
from core.events import (
    Attachment,
    ChannelState,
    Event,
    History,
    HistoryMessage,
    MessageReceived,
    SendMessage,
)
from core.ids import new_id
from core.webhooks import Refused, Route
from plugins.web_chat.adapter import WebChatChannel
from plugins.web_chat.config import WebChatConfig

INSTANCE = "web_chat-main"


class MemoryHub(Link):
    """Numbers what is exchanged as the hub does, drops repeated messages, and sends orders to the channel."""

    instance = INSTANCE

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.events: list[Event] = []
        self.logs: dict[str, list[HistoryMessage]] = {}
        self.files: dict[str, tuple[bytes, str]] = {}
        self.situation = "none"
        self.place: int | None = None
        self.is_down = False
        self.histories = 0
        self.channel: WebChatChannel | None = None
        self._arrived = asyncio.Event()
        self._known: set[tuple[str, str]] = set()

    async def emit(self, event: Event) -> None:
        await asyncio.sleep(0)
        if self.is_down:
            raise BusUnavailable("the test took the bus away")
        if isinstance(event, MessageReceived):
            if (event.sender, event.external_id) in self._known:
                return
            self._known.add((event.sender, event.external_id))
            self._append(
                event.sender,
                direction="in",
                text=event.text,
                attachments=event.attachments,
                external_id=event.external_id,
                sender_kind="contact",
            )
        self.events.append(event)
        self._arrived.set()

    async def history(self, address: str, *, after_seq: int = 0, limit: int = 50) -> History:
        await asyncio.sleep(0)
        self.histories += 1
        if self.is_down:
            raise RequestFailed("no_responders", "the test took the hub away")
        log = self.logs.get(address, [])
        newer = [message for message in log if message.seq > after_seq]
        page = newer[:limit] if after_seq else newer[-limit:]
        return History(
            messages=tuple(page),
            has_more=len(newer) > limit,
            situation=self.situation,  # type: ignore[arg-type]
            place=self.place,
        )

    async def put_media(self, data: bytes, *, mime: str, name: str = "") -> Attachment:
        if self.is_down:
            raise BusUnavailable("the test took the bus away")
        media_id = new_id()
        self.files[media_id] = (data, mime)
        return Attachment(media_id=media_id, mime=mime, name=name, size_bytes=len(data))

    async def get_media(self, media_id: str) -> tuple[bytes, str]:
        try:
            return self.files[media_id]
        except KeyError:
            raise RequestFailed("not_found", "no such file") from None

    async def say(self, address: str, text: str, *, is_sent: bool = True, **fields: Any) -> SendMessage:
        """Store an outgoing message and, unless ``is_sent`` is False, order the channel to send it."""
        message = self._append(address, direction="out", text=text, **fields)
        order = SendMessage(
            message_id=message.message_id,
            recipient=address,
            text=text,
            seq=message.seq,
            attachments=message.attachments,
            choices=message.choices,
            sender_name=message.sender_name,
            sender_kind=message.sender_kind,  # type: ignore[arg-type]
        )
        if is_sent:
            assert self.channel is not None
            await self.channel.send(order)
        return order

    def received(self, kind: type[Event] = MessageReceived) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]

    async def until(self, condition: Callable[[], object], timeout_s: float = 5.0) -> None:
        """Return once ``condition`` holds; it is looked at after every event."""
        async with asyncio.timeout(timeout_s):
            while not condition():
                self._arrived.clear()
                await self._arrived.wait()

    def _append(self, address: str, **fields: Any) -> HistoryMessage:
        log = self.logs.setdefault(address, [])
        message = HistoryMessage(seq=len(log) + 1, message_id=new_id(), **fields)
        log.append(message)
        return message


@dataclass
class Chat:
    """One raw connection to the channel; frames are dicts."""

    socket: aiohttp.ClientWebSocketResponse
    welcome: dict[str, Any] = field(default_factory=dict)

    async def send(self, kind: str, **fields: Any) -> None:
        await self.socket.send_str(json.dumps({"type": kind, **fields}))

    async def next(self, *kinds: str, timeout_s: float = 5.0) -> dict[str, Any]:
        """Return the next frame, or the next one of ``kinds``; ``{"type": "closed"}`` when the server left."""
        async with asyncio.timeout(timeout_s):
            while True:
                message = await self.socket.receive()
                if message.type is not aiohttp.WSMsgType.TEXT:
                    return {"type": "closed", "code": message.data}
                frame: dict[str, Any] = json.loads(message.data)
                if not kinds or frame["type"] in kinds:
                    return frame

    async def lines(self, count: int) -> list[dict[str, Any]]:
        return [await self.next("message") for _ in range(count)]


class House:
    """The channel as the host serves it, with a client's tools."""

    def __init__(self, url: str, hub: MemoryHub, channel: WebChatChannel, http: aiohttp.ClientSession) -> None:
        self.url = url
        self.hub = hub
        self.channel = channel
        self.http = http

    def path(self, rest: str) -> str:
        return f"{self.url}/channels/{INSTANCE}/{rest}"

    async def connect(self, **options: Any) -> Chat:
        return Chat(await self.http.ws_connect(self.path("ws"), **options))

    async def chat(self, visitor: str | None = None, **hello: Any) -> Chat:
        """Connect, say hello and return after the welcome."""
        chat = await self.connect()
        await chat.send("hello", visitor=visitor, **hello)
        chat.welcome = await chat.next()
        assert chat.welcome["type"] == "welcome", chat.welcome
        return chat


@asynccontextmanager
async def running(
    hub: MemoryHub, *, extend: Callable[[web.Application], None] = lambda _: None, **settings: Any
) -> AsyncIterator[House]:
    """Run a channel with ``settings`` on a port of its own."""
    generous = {"messages_per_min": 1_000_000, "messages_per_min_ip": 1_000_000, "connections_per_min_ip": 1_000_000}
    config = msgspec.convert({**generous, **settings}, type=WebChatConfig, dec_hook=_secret)
    channel = WebChatChannel(config, hub)
    hub.channel = channel
    async with _served(channel, extend) as url:
        task = asyncio.create_task(channel.run())
        try:
            await hub.until(lambda: hub.received(ChannelState))
            async with aiohttp.ClientSession() as http:
                yield House(url, hub, channel, http)
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


@asynccontextmanager
async def _served(channel: WebChatChannel, extend: Callable[[web.Application], None]) -> AsyncIterator[str]:
    """Serve the channel's routes as the host does: size, then the route's check, then its handler."""

    def guard(route: Route) -> Any:
        async def handle(request: web.Request) -> web.StreamResponse:
            bounded = request.clone(client_max_size=route.max_bytes)
            try:
                if (request.content_length or 0) > route.max_bytes:
                    raise Refused(413, "too_large")
                await route.verify(bounded)
                answer: web.StreamResponse = await route.handler(bounded)
            except Refused as refused:
                return web.json_response({"error": {"code": refused.code}}, status=refused.status)
            except TryLater as error:
                return web.json_response({"error": {"code": error.code}}, status=503)
            return answer

        return handle

    app = web.Application()
    for route in channel.routes():
        app.router.add_route(route.method, f"/channels/{INSTANCE}{route.path}", guard(route))
    extend(app)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        host, port = runner.addresses[0][:2]
        yield f"http://{host}:{port}"
    finally:
        await runner.cleanup()


def _secret(kind: type, value: Any) -> Any:
    return kind(value)
