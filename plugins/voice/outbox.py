"""Reports to the hub, in order and not lost while it is away."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from core.backoff import Backoff
from core.channel import Link
from core.errors import BusUnavailable
from core.events import Event

log = logging.getLogger(__name__)

MAX_WAITING: Final = 1_000  # one call's keys in an hour without a hub; the oldest give way


class Outbox:
    """One call's reports; ``run`` sends them until cancelled."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._waiting: asyncio.Queue[Event] = asyncio.Queue(MAX_WAITING)

    def put(self, event: Event) -> None:
        """Have ``event`` reported."""
        if self._waiting.full():
            self._waiting.get_nowait()
            self._waiting.task_done()
            log.warning("a report was given up: more than %d wait", MAX_WAITING)
        self._waiting.put_nowait(event)

    async def flushed(self) -> None:
        """Return when everything has been stored."""
        await self._waiting.join()

    async def run(self) -> None:
        """Send what is put in."""
        backoff = Backoff(first_s=0.1, limit_s=3.0)
        while True:
            event = await self._waiting.get()
            while True:
                try:
                    await self._link.emit(event)
                except BusUnavailable:
                    await asyncio.sleep(backoff.next_s())
                else:
                    backoff.reset()
                    break
            self._waiting.task_done()


@asynccontextmanager
async def sending(link: Link) -> AsyncIterator[Outbox]:
    """Yield an outbox that sends as long as the block lasts; wait for ``flushed`` in it."""
    outbox = Outbox(link)
    task = asyncio.create_task(outbox.run())
    try:
        yield outbox
    finally:
        task.cancel()
        await asyncio.wait({task})
