"""Opens the database and hands out its units of work, one at a time."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final, Self

from tortoise.backends.base.client import TransactionalDBClient
from tortoise.context import TortoiseContext

from core.clock import Clock, SystemClock
from hub.store.address import Database, locate
from hub.store.closing import Outgoing
from hub.store.errors import StoreUnavailable
from hub.store.marks import with_marks
from hub.store.migrate import Progress, bring_up_to_date, silent
from hub.store.transactions import FAULTS, transaction, uninterrupted
from hub.store.unit_of_work import Reading, Recorded, Row, Work

log = logging.getLogger(__name__)

SLOW_S: Final = 0.5

Listener = Callable[[Sequence[Recorded]], None]
OutboxListener = Callable[[Sequence[Outgoing]], None]


class Store:
    """The database, opened by ``Store.open``; a process has one at a time.

    Everything written goes through ``work``. Writers take turns, so what is committed, what listeners
    hear and what the outbox holds have the same order.
    """

    def __init__(self, database: Database, context: TortoiseContext, clock: Clock) -> None:
        self._context = context
        self._clock = clock
        self._connection = context.connections.get(database.name)
        self._turn = asyncio.Lock()
        self._owner: asyncio.Task[object] | None = None
        self._listeners: list[Listener] = []
        self._outbox_listeners: list[OutboxListener] = []
        self._published: list[int] = []
        self._is_closed = False

    @classmethod
    async def open(cls, url: str, *, clock: Clock | None = None, progress: Progress = silent) -> Self:
        """Return the database at ``url``, brought up to date first; ``progress`` hears each step.

        ``sqlite:///var/lib/lianxin/hub.db``, ``sqlite://:memory:`` or ``postgresql://user:password@host/name``.
        ConfigInvalid when ``url`` is none of these, StoreUnavailable when it does not answer, StoreTooNew
        when a newer program has changed it, MigrationFailed when it could not be brought up to date.
        """
        database = locate(url)
        if not database.is_in_memory:
            await bring_up_to_date(database, progress)
        with TortoiseContext() as context:
            await context.init(config=database.config(), _enable_global_fallback=True)
        store = cls(database, context, clock or SystemClock())
        try:
            if database.is_in_memory:
                with context:
                    await context.generate_schemas()
            async with store.reading() as reading:
                await reading.fetch("SELECT 1")
        except BaseException:
            await store.close()
            raise
        return store

    async def close(self) -> None:
        """Wait for the unit of work in progress, then let go of the database; who comes later is refused."""
        async with self._turn:
            self._is_closed = True
            await uninterrupted(self._context.close_connections())

    def on_commit(self, listener: Listener) -> None:
        """Call ``listener`` with the events of every unit, in commit order, before the next unit begins.

        It must not wait and should not raise: an error is logged, the unit stays committed.
        """
        self._listeners.append(listener)

    def on_outbox(self, listener: OutboxListener) -> None:
        """Call ``listener`` like those of ``on_commit``, with the same events as the outbox has them."""
        self._outbox_listeners.append(listener)

    @asynccontextmanager
    async def work(self) -> AsyncIterator[Work]:
        """Open a unit of work; nothing of it remains, and nothing is published, when the body raises."""
        work: Work | None = None
        try:
            async with self._exclusive(is_writing=True) as connection:
                work = Work(connection, self._clock)
                yield work
                await uninterrupted(self._commit(work))
        finally:  # also when cancelled just after the commit
            if work is not None and work.is_committed:
                await uninterrupted(_call_back(work))

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Reading]:
        """Open a consistent look; until it is closed nothing is committed and no listener is called."""
        async with self._exclusive(is_writing=False) as connection:
            yield Reading(connection)

    async def fetch(self, query: str, *values: Any) -> Sequence[Row]:
        """Return the rows of one ``query`` outside of any unit; its values stand as ``?`` on both engines."""
        self._refuse_nesting()
        self._refuse_when_closed()
        try:
            return await self._connection.execute_query_dict(with_marks(query, self._connection), list(values))
        except FAULTS as error:
            raise StoreUnavailable(f"the database did not answer: {error}") from error

    def forget(self, outbox_ids: Sequence[int]) -> None:
        """Delete what was published, together with the next unit of work."""
        self._published.extend(outbox_ids)

    async def sweep(self) -> None:
        """Delete now what was told to ``forget``."""
        if self._published:
            async with self.work():
                pass

    @asynccontextmanager
    async def _exclusive(self, *, is_writing: bool) -> AsyncIterator[TransactionalDBClient]:
        self._refuse_nesting()
        task = asyncio.current_task()
        async with self._turn:
            self._refuse_when_closed()
            self._owner = task
            began = self._clock.monotonic()
            try:
                async with transaction(self._connection, self._context.connections, is_writing=is_writing) as client:
                    yield client
            finally:
                self._owner = None
                held_s = self._clock.monotonic() - began
                if held_s > SLOW_S:
                    log.warning("task %s kept everybody from the database for %.2f s", _name(task), held_s)

    def _refuse_nesting(self) -> None:
        if self._owner is not None and self._owner is asyncio.current_task():
            raise RuntimeError("already inside a unit of work: use what it offers, or wait until it is over")

    def _refuse_when_closed(self) -> None:
        if self._is_closed:  # the ORM would open the database again, and nobody would close it
            raise StoreUnavailable("the database is closed")

    async def _commit(self, work: Work) -> None:
        published = list(self._published)
        outgoing = await work.commit(published)
        work.is_committed = True
        del self._published[: len(published)]
        if not work.recorded:
            return
        _tell(self._outbox_listeners, outgoing)
        _tell(self._listeners, work.recorded)


def _tell(listeners: Sequence[Callable[[Any], None]], news: Sequence[Any]) -> None:
    for listener in listeners:
        try:
            listener(news)
        except Exception:
            log.exception("a listener failed on committed events")


def _name(task: asyncio.Task[object] | None) -> str:
    return task.get_name() if task else "-"


async def _call_back(work: Work) -> None:
    for callback in work.callbacks:
        try:
            await callback()
        except Exception:
            log.exception("a callback after a commit failed")
