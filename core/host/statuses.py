"""Reports what became of messages, those that come at about the same time in one envelope.

Each envelope costs the server a wait for its disk, the hub a delivery and a place in a unit of work; and a message
that is sent is, on most channels, delivered a moment later.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from core.errors import BusUnavailable, LianxinError
from core.events import MessageStatus, MessageStatuses

LINGER_S: Final = 0.05  # how long a status waits for company; nobody sees it on a screen
MAX_TOGETHER: Final = 64

# (what to publish, the conversation it is about if it is one); BusUnavailable when it is not stored
Publish = Callable[[MessageStatus | MessageStatuses, str | None], Awaitable[None]]


@dataclass(slots=True)
class _Waiting:
    status: MessageStatus
    conversation_id: str | None
    stored: asyncio.Future[None]

    def settle(self, error: Exception | None) -> None:
        if self.stored.done():  # whoever reported it waits no more
            return
        if error is None:
            self.stored.set_result(None)
        else:
            self.stored.set_exception(error)


class Statuses:
    """The reports of one instance, in the order they come."""

    def __init__(self, publish: Publish) -> None:
        self._publish = publish
        self._waiting: list[_Waiting] = []
        self._sending: asyncio.Task[None] | None = None
        self._hurried = asyncio.Event()

    async def report(self, status: MessageStatus, conversation_id: str | None = None) -> None:
        """Return once ``status`` is stored; BusUnavailable when it may not be, so report it again."""
        waiting = _Waiting(status, conversation_id, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        if len(self._waiting) >= MAX_TOGETHER:
            self._hurried.set()  # no more would go along
        if self._sending is None or self._sending.done():
            self._sending = asyncio.create_task(self._send_all())
        await waiting.stored

    async def flush(self) -> None:
        """Return once what was reported before is stored, or its reporter has heard that it may not be."""
        if self._waiting:
            self._hurried.set()
            await asyncio.wait({one.stored for one in self._waiting})

    async def close(self) -> None:
        """Give up what is not stored yet."""
        if self._sending is not None:
            self._sending.cancel()
            await asyncio.wait({self._sending})
        for one in self._waiting:
            one.settle(BusUnavailable("the channel stops"))

    async def _send_all(self) -> None:
        while self._waiting:
            if len(self._waiting) < MAX_TOGETHER:
                with suppress(TimeoutError):
                    async with asyncio.timeout(LINGER_S):
                        await self._hurried.wait()
            self._hurried.clear()
            some = self._waiting[:MAX_TOGETHER]
            try:
                await self._send(some)
            except Exception as error:
                for one in some:
                    one.settle(error)
            del self._waiting[: len(some)]

    async def _send(self, some: list[_Waiting]) -> None:
        if len(some) > 1:
            try:
                await self._publish(MessageStatuses(statuses=tuple(one.status for one in some)), None)
            except BusUnavailable:
                raise
            except LianxinError:  # too large together: each alone, and whose fault it is comes out
                pass
            else:
                for one in some:
                    one.settle(None)
                return
        for one in some:
            try:
                await self._publish(one.status, one.conversation_id)
            except LianxinError as error:
                one.settle(error)
            else:
                one.settle(None)
