"""Hands what units of work recorded to the bus, in commit order, until the bus has acknowledged it."""

import asyncio
import logging
import random
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Final

from core.errors import BusUnavailable
from hub.store.closing import Outgoing
from hub.store.engine import Store
from hub.store.errors import StoreUnavailable
from hub.store.transactions import uninterrupted

log = logging.getLogger(__name__)

# (subject, payload, msg_id); BusUnavailable when the bus did not acknowledge it. It must hand the message to its
# one connection before it waits for anything: then messages published together arrive in the order of the calls.
Publish = Callable[[str, bytes, str], Awaitable[None]]
# the same for many messages of one stream; False when they have to be published one by one
PublishTogether = Callable[[Sequence[tuple[str, bytes, str]]], Awaitable[bool]]

IN_FLIGHT: Final = 256
MAX_FRESH: Final = 1_024  # messages a lane keeps in memory, at most 2 KB each as a rule
MIN_TOGETHER: Final = 16  # below, a batch takes the server longer than its messages one by one
GATHER_S: Final = 0.05  # somebody waits for what is ordered; readers of events do not, so events wait for company
LINGER_S: Final = 0.2
BACK_OFF_S: Final = (0.1, 5.0)

ORDER: Final = ".cmd.send"
ORDERS: Final = f"subject LIKE '%{ORDER}'"
EVENTS: Final = f"subject NOT LIKE '%{ORDER}'"


class Relay:
    """Publishes the outbox; run one per database. Orders and events do not wait for each other.

    What was acknowledged is deleted with the next unit of work, or ``LINGER_S`` later when there is none; a hub
    killed in between publishes it again under the same ``msg_id``, by which readers know it.
    """

    def __init__(
        self,
        store: Store,
        publish: Publish,
        publish_together: PublishTogether | None = None,
        *,
        in_flight: int = IN_FLIGHT,
        back_off_s: tuple[float, float] = BACK_OFF_S,
    ) -> None:
        lane = partial(_Lane, store, publish, publish_together, in_flight=in_flight, back_off_s=back_off_s)
        self._orders = lane(ORDERS, gather_s=0.0)
        self._events = lane(EVENTS, gather_s=GATHER_S)
        store.on_outbox(self._note)

    async def run(self) -> None:
        """Publish until cancelled, beginning with what an earlier run left."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._orders.run())
            group.create_task(self._events.run())

    def _note(self, outgoing: Sequence[Outgoing]) -> None:
        self._orders.note([row for row in outgoing if row.subject.endswith(ORDER)])
        self._events.note([row for row in outgoing if not row.subject.endswith(ORDER)])


class _Lane:
    """The rows of the outbox for which ``condition`` holds, all for one stream, in their order."""

    def __init__(
        self,
        store: Store,
        publish: Publish,
        publish_together: PublishTogether | None,
        condition: str,
        *,
        gather_s: float,
        in_flight: int,
        back_off_s: tuple[float, float],
    ) -> None:
        self._store = store
        self._publish = publish
        self._publish_together = publish_together
        self._condition = condition
        self._gather_s = gather_s
        self._in_flight = in_flight
        self._back_off_s = back_off_s
        self._recorded = asyncio.Event()
        self._last = 0  # every row up to here was taken
        self._fresh: deque[Outgoing] = deque()  # what was committed since, unless ...
        self._is_behind = True  # ... the table holds rows that are not here

    async def run(self) -> None:
        """Publish until cancelled."""
        delay_s, longest_s = self._back_off_s
        while True:
            try:
                await self._follow()
            except StoreUnavailable as error:
                log.warning("the outbox cannot be read: %s", error)
                await asyncio.sleep(delay_s)
                delay_s = min(delay_s * 2, longest_s)

    def note(self, outgoing: Sequence[Outgoing]) -> None:
        """Take over what was just committed."""
        if not outgoing:
            return
        if not self._is_behind:
            self._fresh.extend(row for row in outgoing if row.outbox_id > self._last)
            if len(self._fresh) > MAX_FRESH:
                self._fresh.clear()
                self._is_behind = True
        self._recorded.set()

    async def _follow(self) -> None:
        self._look_back()
        try:
            while True:
                self._recorded.clear()
                await self._gather()
                if rows := await self._take():
                    await self._hand_over(rows)
                elif not await self._recorded_soon():
                    await self._store.sweep()
                    self._look_back()  # and so finds what another hub left, whatever its number
                    if rows := await self._take():
                        await self._hand_over(rows)
                    else:
                        await self._recorded.wait()
        finally:
            await self._store.sweep()

    def _look_back(self) -> None:
        """Begin at the first row of the table."""
        self._last = 0
        self._fresh.clear()
        self._is_behind = True

    async def _gather(self) -> None:
        if self._gather_s and 0 < len(self._fresh) < self._in_flight:
            await asyncio.sleep(self._gather_s)

    async def _take(self) -> Sequence[Outgoing]:
        """Return the next rows: from memory, or from the table when that holds more."""
        if self._is_behind:
            self._is_behind = False  # before reading, so that nothing committed meanwhile is missed
            try:
                rows = await self._rows_after(self._last)
            except BaseException:
                self._look_back()
                raise
            if len(rows) == self._in_flight:
                self._is_behind = True
                self._fresh.clear()
        else:
            rows = [self._fresh.popleft() for _ in range(min(self._in_flight, len(self._fresh)))]
        if rows:
            self._last = rows[-1].outbox_id
            while self._fresh and self._fresh[0].outbox_id <= self._last:
                self._fresh.popleft()
        return rows

    async def _rows_after(self, last: int) -> list[Outgoing]:
        rows = await self._store.fetch(
            "SELECT outbox_id, msg_id, subject, payload FROM outbox"  # noqa: S608 - a constant
            f" WHERE outbox_id > ? AND refusal IS NULL AND {self._condition} ORDER BY outbox_id LIMIT ?",
            last,
            self._in_flight,
        )
        return [Outgoing(row["outbox_id"], row["msg_id"], row["subject"], bytes(row["payload"])) for row in rows]

    async def _recorded_soon(self) -> bool:
        try:
            async with asyncio.timeout(LINGER_S):
                return await self._recorded.wait()
        except TimeoutError:
            return False

    async def _hand_over(self, rows: Sequence[Outgoing]) -> None:
        waiting = await uninterrupted(self._try(rows))
        if not waiting:
            return
        log.warning("the bus is away; %d messages or more wait in the outbox", len(waiting))
        delay_s, longest_s = self._back_off_s
        while waiting:
            await asyncio.sleep(delay_s * random.uniform(0.5, 1.0))  # noqa: S311 - spreads hubs, hides nothing
            delay_s = min(delay_s * 2, longest_s)
            if not await uninterrupted(self._try(waiting[:1])):
                waiting = await uninterrupted(self._try(waiting[1:]))
        log.info("the bus is back")

    async def _try(self, rows: Sequence[Outgoing]) -> list[Outgoing]:
        """Publish ``rows`` all at once; return those that the bus did not acknowledge."""
        answers = await self._publish_all(rows)
        waiting: list[Outgoing] = []
        done: list[int] = []
        for row, answer in zip(rows, answers, strict=True):
            if isinstance(answer, BusUnavailable):
                waiting.append(row)
            elif isinstance(answer, Exception):
                await self._refuse(row, answer)
            elif answer is None:
                done.append(row.outbox_id)
            else:
                raise answer
        self._store.forget(done)
        return waiting

    async def _publish_all(self, rows: Sequence[Outgoing]) -> Sequence[BaseException | None]:
        """Publish ``rows``; return for each what went wrong."""
        together = self._publish_together if len(rows) >= MIN_TOGETHER else None
        if together is not None and await together([(row.subject, row.payload, row.msg_id) for row in rows]):
            return [None] * len(rows)
        publishing = (self._publish(row.subject, row.payload, row.msg_id) for row in rows)
        return await asyncio.gather(*publishing, return_exceptions=True)

    async def _refuse(self, row: Outgoing, error: Exception) -> None:
        log.error("message %s for %s was refused for good: %s", row.msg_id, row.subject, error)
        async with self._store.work() as work:
            await work.execute(
                "UPDATE outbox SET refusal = ? WHERE outbox_id = ?",
                f"{type(error).__name__}: {error}",
                row.outbox_id,
            )
