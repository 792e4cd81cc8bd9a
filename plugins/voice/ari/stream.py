"""One ordered stream of what happens in the engine: after each connect first what is there, then every event."""

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import aiohttp
import msgspec

from core.backoff import Backoff
from plugins.voice.ari.errors import AriUnavailable, Replaced
from plugins.voice.ari.events import ApplicationReplaced, AriEvent, StasisStart, decode
from plugins.voice.ari.model import Application, Bridge, Channel, Endpoint

if TYPE_CHECKING:
    from plugins.voice.ari.client import Ari

log = logging.getLogger(__name__)

HEARTBEAT_S: Final = 5.0  # a connection without an answer to two pings is dead
MAX_EVENT_BYTES: Final = 1_048_576
MAX_WAITING: Final = 50_000  # events that nobody took yet; more, and taking stock anew is cheaper
FIRST_RETRY_S: Final = 0.2
LAST_RETRY_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What is there at one moment; an event that follows may already be part of it."""

    channels: tuple[Channel, ...]
    bridges: tuple[Bridge, ...]
    endpoints: tuple[Endpoint, ...]
    application: Application  # its ``channel_ids`` are the channels that are in our hands


@dataclass(frozen=True, slots=True)
class Lost:
    """The engine does not answer any more; a Snapshot follows when it is back."""

    reason: str


class EventStream:
    """Iterate it: Snapshot, events, and after a break Lost, Snapshot, events … It ends with Replaced only.

    ``skipped`` counts what could not be read.
    """

    def __init__(self, ari: "Ari") -> None:
        self._ari = ari
        self.skipped = 0

    async def __aiter__(self) -> AsyncGenerator[Snapshot | Lost | AriEvent]:
        backoff = Backoff(first_s=FIRST_RETRY_S, limit_s=LAST_RETRY_S)
        is_known_lost = False
        while True:
            try:
                async with aclosing(self._once()) as items:
                    async for item in items:
                        if isinstance(item, Snapshot):
                            backoff.reset()
                            is_known_lost = False
                        if isinstance(item, ApplicationReplaced):
                            raise Replaced(f"another client has taken the application {self._ari.app!r}")
                        yield item
            except AriUnavailable as error:
                if not is_known_lost:
                    is_known_lost = True
                    log.warning("engine lost: %s", error)
                    yield Lost(str(error))
            await asyncio.sleep(backoff.next_s())

    async def _once(self) -> AsyncGenerator[Snapshot | AriEvent]:
        """Yield from one connection; AriUnavailable at its end."""
        queue: asyncio.Queue[AriEvent | None] = asyncio.Queue(MAX_WAITING)
        async with self._ari.open_events(heartbeat_s=HEARTBEAT_S, max_bytes=MAX_EVENT_BYTES) as socket:
            # a task of its own: Asterisk drops a listener that does not read for a tenth of a second
            reading = asyncio.create_task(self._read(socket, queue))
            try:
                yield await self._take_stock()
                while (event := await queue.get()) is not None:
                    yield event
            finally:
                reading.cancel()
                await asyncio.wait({reading})
        raise AriUnavailable("the connection for events was closed")

    async def _take_stock(self) -> Snapshot:
        application, channels, bridges, endpoints = await asyncio.gather(
            self._ari.application(), self._ari.channels(), self._ari.bridges(), self._ari.endpoints()
        )
        return Snapshot(channels, bridges, endpoints, application)

    async def _read(self, socket: aiohttp.ClientWebSocketResponse, queue: "asyncio.Queue[AriEvent | None]") -> None:
        try:
            async for message in socket:
                if message.type is not aiohttp.WSMsgType.TEXT:
                    continue
                if (event := self._decode(message.data)) is not None:
                    queue.put_nowait(event)
        except asyncio.QueueFull:
            log.warning("more than %d events wait to be handled: taking stock anew", MAX_WAITING)
            while not queue.empty():
                queue.get_nowait()
        finally:
            if queue.full():
                queue.get_nowait()
            queue.put_nowait(None)

    def _decode(self, data: str) -> AriEvent | None:
        try:
            event = decode(data)
            if event is not None:
                _ = event.at
            if isinstance(event, StasisStart):
                _ = event.channel.created_at
        except (msgspec.MsgspecError, ValueError) as error:
            self.skipped += 1
            log.warning("an event of %d characters was skipped: %s", len(data), error)
            return None
        return event
