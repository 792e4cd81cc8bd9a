"""A hub in memory for one channel: keeps what it is told, goes away when the test says so."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from core.channel import Channel, Link, ServesHttp
from core.errors import BusUnavailable, RequestFailed
from core.events import Attachment, ChannelState, Event, History, MessageReceived
from core.host.http import serve
from core.host.job import HttpPlace
from core.ids import new_id


class MemoryLink(Link):
    """``events`` holds what was emitted, repetitions included; ``is_down`` takes the bus away, but for files."""

    def __init__(self, data_dir: Path, instance: str = "the-instance") -> None:
        self.instance = instance
        self.data_dir = data_dir
        self.events: list[Event] = []
        self.files: dict[str, tuple[bytes, str]] = {}
        self.is_down = False
        self.refusals = 0
        self.file_faults: list[Exception] = []  # what the next files are answered with
        self._news = asyncio.Condition()

    async def emit(self, event: Event) -> None:
        async with self._news:
            self._news.notify_all()
            if self.is_down:
                self.refusals += 1
                raise BusUnavailable("the test took the bus away")
            self.events.append(event)

    async def history(self, address: str, *, after_seq: int = 0, limit: int = 50) -> History:
        return History()

    async def put_media(self, data: bytes, *, mime: str, name: str = "") -> Attachment:
        if not data:
            raise ValueError("empty")
        if self.file_faults:
            raise self.file_faults.pop(0)
        media_id = new_id()
        self.files[media_id] = (data, mime)
        return Attachment(media_id=media_id, mime=mime, name=name, size_bytes=len(data))

    async def put_file(self, path: Path, *, mime: str, name: str = "") -> Attachment:
        return await self.put_media(path.read_bytes(), mime=mime, name=name)

    async def get_media(self, media_id: str) -> tuple[bytes, str]:
        try:
            return self.files[media_id]
        except KeyError:
            raise RequestFailed("not_found", "no such file") from None

    @property
    def messages(self) -> list[MessageReceived]:
        return [event for event in self.events if isinstance(event, MessageReceived)]

    @property
    def states(self) -> list[str]:
        return [event.state for event in self.events if isinstance(event, ChannelState)]

    async def until(self, is_true: Callable[[], object], *, within_s: float = 30.0) -> None:
        """Return once ``is_true``; it is looked at after every event."""
        async with asyncio.timeout(within_s), self._news:
            await self._news.wait_for(is_true)


@asynccontextmanager
async def running(channel: Channel[Any], link: MemoryLink) -> AsyncIterator[str]:
    """Run ``channel`` until it is ready, serve its routes, and yield their address."""
    routes = channel.routes() if isinstance(channel, ServesHttp) else ()
    async with serve(routes, link.instance, HttpPlace(), dict) as address:
        task = asyncio.create_task(channel.run())
        ready = asyncio.create_task(link.until(lambda: "ready" in link.states))
        try:
            await asyncio.wait({task, ready}, return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                await task
            yield address
        finally:
            ready.cancel()
            task.cancel()
            await asyncio.gather(task, ready, return_exceptions=True)
