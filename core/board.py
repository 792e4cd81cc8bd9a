"""Keeps the newest state of one thing and publishes it until the bus took it; older ones are skipped."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from core.backoff import Backoff
from core.errors import BusUnavailable

T = TypeVar("T")


class Board(Generic[T]):
    """Shows ``latest``; ``publish`` may raise BusUnavailable and is then called again."""

    def __init__(self, first: T, publish: Callable[[T], Awaitable[object]]) -> None:
        self.latest = first
        self._publish = publish
        self._changed = asyncio.Event()
        self._changed.set()
        self._listeners: list[Callable[[T], None]] = []

    def listen(self, listener: Callable[[T], None]) -> None:
        """Call ``listener`` at once with every new state."""
        self._listeners.append(listener)

    def show(self, state: T) -> None:
        """Make ``state`` the newest one; showing the same again changes nothing."""
        if state == self.latest:
            return
        self.latest = state
        self._changed.set()
        for listener in self._listeners:
            listener(state)

    async def run(self) -> None:
        """Publish until cancelled."""
        while True:
            await self._changed.wait()
            await self.flush()

    async def flush(self) -> None:
        """Return when the newest state is published."""
        backoff = Backoff(first_s=0.1, limit_s=5.0)
        while self._changed.is_set():
            state = self.latest
            try:
                await self._publish(state)
            except BusUnavailable:
                await asyncio.sleep(backoff.next_s())
            else:
                if state is self.latest:
                    self._changed.clear()
