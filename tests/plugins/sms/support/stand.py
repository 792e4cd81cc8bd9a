"""A running channel with the hub in the test's hand."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from core.clock import Clock
from core.config import decode_settings
from core.errors import BusUnavailable
from core.events import ChannelState, Event, MessageReceived, MessageStatus
from core.host.inspect import NoLink
from plugins.sms.adapter import SmsChannel
from plugins.sms.config import SmsConfig


class MemoryHub(NoLink):
    """The hub's end: keeps what is emitted, refuses while it ``is_away``, and lets a test look in between."""

    def __init__(self, data_dir: Path) -> None:
        super().__init__(data_dir)
        self.events: list[Event] = []
        self.is_away = False
        self.on_emit: Callable[[Event], Awaitable[None]] | None = None
        self.run: asyncio.Task[None] | None = None
        self._news = asyncio.Condition()

    async def emit(self, event: Event) -> None:
        if self.is_away and not isinstance(event, ChannelState):
            raise BusUnavailable("away")
        async with self._news:
            self.events.append(event)
            self._news.notify_all()
        if self.on_emit is not None:
            await self.on_emit(event)

    @property
    def messages(self) -> list[MessageReceived]:
        """Return the received messages, repetitions under one id counted once."""
        found = [event for event in self.events if isinstance(event, MessageReceived)]
        return list({message.external_id: message for message in found}.values())

    @property
    def texts(self) -> list[tuple[str, str]]:
        """Return sender and text of each received message."""
        return [(message.sender, message.text) for message in self.messages]

    async def until(self, is_true: Callable[[], Any]) -> None:
        """Return when ``is_true`` of what was emitted."""
        async with asyncio.timeout(15), self._news:
            await self._news.wait_for(is_true)

    async def end_of_run(self) -> None:
        """Raise what the channel's ``run`` ended with."""
        assert self.run is not None
        async with asyncio.timeout(15):
            await asyncio.shield(self.run)

    async def status(self, message_id: str, status: str) -> MessageStatus:
        """Return the status of a message once it was emitted."""

        def found() -> list[MessageStatus]:
            reports = [event for event in self.events if isinstance(event, MessageStatus)]
            return [one for one in reports if (one.message_id, one.status) == (message_id, status)]

        await self.until(found)
        return found()[-1]


@asynccontextmanager
async def running(hub: MemoryHub, settings: dict[str, Any], *, clock: Clock | None = None) -> AsyncIterator[SmsChannel]:
    """Run a channel until the end of the context; at its end it is cancelled as by the host."""
    channel = SmsChannel(decode_settings(SmsConfig, settings), hub, clock=clock)
    seen = len(hub.events)
    task = hub.run = asyncio.create_task(channel.run())
    try:
        ready = asyncio.create_task(hub.until(lambda: any(isinstance(one, ChannelState) for one in hub.events[seen:])))
        await asyncio.wait({ready, task}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            ready.cancel()
            task.result()
        yield channel
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
