"""Hands what units of work recorded to the bus, in commit order, until the bus has acknowledged it."""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from core.errors import BusUnavailable
from hub.store.engine import Store
from hub.store.errors import StoreUnavailable
from hub.store.transactions import uninterrupted
from hub.store.unit_of_work import Row

log = logging.getLogger(__name__)

# (subject, payload, msg_id); BusUnavailable when the bus did not acknowledge it. It must hand the message to its
# one connection before it waits for anything: then messages published together arrive in the order of the calls.
Publish = Callable[[str, bytes, str], Awaitable[None]]

IN_FLIGHT: Final = 256
ORDER: Final = ".cmd.send"
LINGER_S: Final = 0.2
BACK_OFF_S: Final = (0.1, 5.0)


class Relay:
    """Publishes the outbox; run one per database.

    What was acknowledged is deleted with the next unit of work, or ``LINGER_S`` later when there is none; a hub
    killed in between publishes it again under the same ``msg_id``, by which readers know it.
    """

    def __init__(
        self,
        store: Store,
        publish: Publish,
        *,
        in_flight: int = IN_FLIGHT,
        back_off_s: tuple[float, float] = BACK_OFF_S,
    ) -> None:
        self._store = store
        self._publish = publish
        self._in_flight = in_flight
        self._back_off_s = back_off_s
        self._recorded = asyncio.Event()
        store.on_commit(lambda _: self._recorded.set())

    async def run(self) -> None:
        """Publish until cancelled, beginning with what an earlier run left."""
        delay_s, longest_s = self._back_off_s
        while True:
            try:
                await self._follow()
            except StoreUnavailable as error:
                log.warning("the outbox cannot be read: %s", error)
                await asyncio.sleep(delay_s)
                delay_s = min(delay_s * 2, longest_s)

    async def _follow(self) -> None:
        last = 0
        try:
            while True:
                self._recorded.clear()
                rows = await self._rows_after(last)
                if rows:
                    await self._hand_over(rows)
                    last = rows[-1]["outbox_id"]
                elif not await self._recorded_soon():
                    await self._store.sweep()
                    last = 0  # and so finds what another hub left, whatever its number
                    if not await self._rows_after(last):
                        await self._recorded.wait()
        finally:
            await self._store.sweep()

    async def _rows_after(self, last: int) -> Sequence[Row]:
        return await self._store.fetch(
            "SELECT outbox_id, msg_id, subject, payload FROM outbox"
            " WHERE outbox_id > ? AND refusal IS NULL ORDER BY outbox_id LIMIT ?",
            last,
            self._in_flight,
        )

    async def _recorded_soon(self) -> bool:
        try:
            async with asyncio.timeout(LINGER_S):
                return await self._recorded.wait()
        except TimeoutError:
            return False

    async def _hand_over(self, rows: Sequence[Row]) -> None:
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

    async def _try(self, rows: Sequence[Row]) -> list[Row]:
        """Publish ``rows`` all at once; return those that the bus did not acknowledge."""
        # somebody waits for what is ordered, readers of events do not; each subject keeps its order
        rows = sorted(rows, key=lambda row: not row["subject"].endswith(ORDER))
        answers = await asyncio.gather(
            *(self._publish(row["subject"], bytes(row["payload"]), row["msg_id"]) for row in rows),
            return_exceptions=True,
        )
        waiting: list[Row] = []
        done: list[int] = []
        for row, answer in zip(rows, answers, strict=True):
            if isinstance(answer, BusUnavailable):
                waiting.append(row)
            elif isinstance(answer, Exception):
                await self._refuse(row, answer)
            elif answer is None:
                done.append(row["outbox_id"])
            else:
                raise answer
        self._store.forget(done)
        return waiting

    async def _refuse(self, row: Row, error: Exception) -> None:
        log.error("message %s for %s was refused for good: %s", row["msg_id"], row["subject"], error)
        async with self._store.work() as work:
            await work.execute(
                "UPDATE outbox SET refusal = ? WHERE outbox_id = ?",
                f"{type(error).__name__}: {error}",
                row["outbox_id"],
            )
