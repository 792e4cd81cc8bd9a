"""Events and waiting, for the tests of the bus."""

import asyncio
from collections.abc import Callable

from core.bus import Delivery
from core.events import MessageReceived

INSTANCE = "web-main"


def message(text: str) -> MessageReceived:
    return MessageReceived(external_id=text, sender="tel:+4930123456", text=text)


class Reader:
    """A handler that remembers what it was given, and can be told to fail."""

    def __init__(self) -> None:
        self.ids: list[str] = []
        self.batches: list[list[str]] = []
        self.fail: Callable[[str], Exception | None] = lambda msg_id: None
        self._changed = asyncio.Event()

    async def __call__(self, deliveries: list[Delivery]) -> None:
        ids = [delivery.envelope.id for delivery in deliveries]
        self.batches.append(ids)
        for msg_id in ids:
            error = self.fail(msg_id)
            if error is not None:
                self._changed.set()
                raise error
        self.ids += ids
        self._changed.set()

    async def until(self, is_reached: Callable[[], bool], *, within_s: float = 30.0) -> None:
        async with asyncio.timeout(within_s):
            while not is_reached():
                self._changed.clear()
                await self._changed.wait()
