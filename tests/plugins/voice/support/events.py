"""Waiting for events of ARI in tests."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import TypeVar

from plugins.voice.ari import Ari, AriEvent, Lost, Snapshot

EventT = TypeVar("EventT")
WITHIN_S = 30.0


class Events:
    """Everything that came, in order; ``next`` looks on from the last one of that kind that it returned."""

    def __init__(self) -> None:
        self.seen: list[Snapshot | Lost | AriEvent] = []
        self._at: dict[type, int] = {}
        self._news = asyncio.Condition()

    async def next(self, kind: type[EventT], *, within_s: float = WITHIN_S, **wanted: object) -> EventT:
        """Return the next event of this kind whose fields are as ``wanted``."""

        def find() -> EventT | None:
            for index in range(self._at.get(kind, 0), len(self.seen)):
                event = self.seen[index]
                if isinstance(event, kind) and all(getattr(event, name) == value for name, value in wanted.items()):
                    self._at[kind] = index + 1
                    return event
            return None

        try:
            async with asyncio.timeout(within_s), self._news:
                while (event := find()) is None:
                    await self._news.wait()
                return event
        except TimeoutError:
            names = [type(event).__name__ for event in self.seen]
            raise AssertionError(f"no {kind.__name__} within {within_s:g} s, but {names}") from None

    async def first(self, kind: type[EventT]) -> EventT:
        """Return the first event of this kind that ever came."""
        self._at.pop(kind, None)
        return await self.next(kind)

    async def follow(self, ari: Ari) -> None:
        async with aclosing(aiter(ari.events())) as stream:
            async for event in stream:
                async with self._news:
                    self.seen.append(event)
                    self._news.notify_all()


@asynccontextmanager
async def listening(ari: Ari) -> AsyncIterator[Events]:
    """Yield the events from now on; the stock has been taken."""
    events = Events()
    following = asyncio.create_task(events.follow(ari))
    try:
        await events.next(Snapshot)
        yield events
    finally:
        following.cancel()
        await asyncio.wait({following})
