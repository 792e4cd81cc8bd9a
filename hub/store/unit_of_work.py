"""One transaction, the events it causes, and what runs when it is over."""

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import lru_cache
from typing import Any, Final

import msgspec
from tortoise.backends.base.client import TransactionalDBClient
from tortoise.models import Model

from core.clock import Clock
from core.events import Envelope, Event, seal
from core.ids import new_id
from core.subjects import subject
from hub.store.closing import Outgoing, Statement, end, run_all
from hub.store.fields import write_json
from hub.store.marks import with_marks

SOURCE: Final = "hub"
MAX_MARKS: Final = 500  # values in one statement; SQLite was built with 999 for long

Recorded = tuple[str, Envelope, Event]
Row = Mapping[str, Any]


class Reading:
    """A consistent look at the database; the ORM's models may be used inside too."""

    def __init__(self, connection: TransactionalDBClient) -> None:
        self.connection = connection

    async def fetch(self, query: str, *values: Any) -> Sequence[Row]:
        """Return the rows of ``query``, whose values stand as ``?`` on both engines.

        Times and JSON come as the engine has them; ``hub.store.views`` reads both.
        """
        return await self.connection.execute_query_dict(with_marks(query, self.connection), list(values))


class Work(Reading):
    """A unit of work: what is written and recorded here happens together, or not at all.

    Never wait for anything but the database inside, and start no task: on SQLite everybody waits for you.
    """

    def __init__(self, connection: TransactionalDBClient, clock: Clock) -> None:
        super().__init__(connection)
        self._clock = clock
        self._savepoints = 0
        self.is_committed = False
        self.recorded: list[Recorded] = []
        self.callbacks: list[Callable[[], Awaitable[None]]] = []
        self._last: list[Statement] = []

    def record(
        self,
        event: Event,
        id: str,  # noqa: A002 - the grammar's own word
        *,
        conversation_id: str | None = None,
        cause_id: str | None = None,
    ) -> Envelope:
        """Publish ``event`` about ``id`` when, and only when, this unit is committed; return its envelope."""
        envelope = seal(
            event,
            id=new_id(),
            source=SOURCE,
            time=self._clock.now(),
            conversation_id=conversation_id,
            cause_id=cause_id,
        )
        self.recorded.append((subject(type(event), id), envelope, event))
        return envelope

    def after(self, callback: Callable[[], Awaitable[None]]) -> None:
        """Await ``callback`` when this unit is committed and others may go on; its errors are only logged."""
        self.callbacks.append(callback)

    async def first_time(self, envelope_id: str) -> bool:
        """Return whether the envelope was never handled before, and remember that it is now."""
        return bool(await self.first_times([envelope_id]))

    async def first_times(self, envelope_ids: Collection[str]) -> set[str]:
        """Return those of ``envelope_ids`` that were never handled before, and remember that they are now."""
        now = self._clock.now()
        first: set[str] = set()
        for some in _chunks(list(dict.fromkeys(envelope_ids)), MAX_MARKS // 2):
            rows = await self.fetch(
                f"INSERT INTO inbox (envelope_id, received_at) VALUES {', '.join(['(?, ?)'] * len(some))}"  # noqa: S608
                " ON CONFLICT DO NOTHING RETURNING envelope_id",
                *(value for envelope_id in some for value in (envelope_id, now)),
            )
            first.update(row["envelope_id"] for row in rows)
        return first

    async def execute(self, query: str, *values: Any) -> int:
        """Run ``query``, whose values stand as ``?`` on both engines; return how many rows it changed."""
        changed, _ = await self.connection.execute_query(with_marks(query, self.connection), list(values))
        return changed

    async def execute_many(self, query: str, rows: Sequence[Sequence[Any]]) -> None:
        """Run ``query`` once for the values of each of ``rows``."""
        await run_all(self.connection, [(query, [list(row) for row in rows])])

    async def insert(self, model: type[Model], rows: Sequence[Row]) -> None:
        """Add ``rows``, which all have the same columns, past the ORM; columns left out take the model's defaults."""
        await self.write([insertion(model, rows)])

    async def upsert(self, model: type[Model], rows: Sequence[Row]) -> None:
        """Add ``rows``, which all have the same columns, or replace these columns where the key is known."""
        await self.write([upsertion(model, rows)])

    async def write(self, statements: Sequence[Statement]) -> None:
        """Run ``statements``, as ``insertion`` and ``upsertion`` make them, in one go."""
        await run_all(self.connection, [statement for statement in statements if statement[1]])

    def write_last(self, statements: Sequence[Statement]) -> None:
        """Run ``statements`` together with the commit; nothing read in this unit sees them."""
        self._last += [statement for statement in statements if statement[1]]

    async def commit(self, published: Sequence[int]) -> list[Outgoing]:
        """Commit, with ``published`` taken out of the outbox; return what was put in. For the store alone."""
        recorded = [(envelope.id, subject, payload(envelope)) for subject, envelope, _ in self.recorded]
        return await end(self.connection, self._last, published, recorded)

    @asynccontextmanager
    async def savepoint(self) -> AsyncIterator[None]:
        """Undo the body alone, with its events and callbacks, when it raises; the exception goes on."""
        self._savepoints += 1
        name = f"point_{self._savepoints}"
        recorded, callbacks = len(self.recorded), len(self.callbacks)
        await self.connection.execute_query(f"SAVEPOINT {name}")
        try:
            yield
        except Exception:
            del self.recorded[recorded:]
            del self.callbacks[callbacks:]
            await self.connection.execute_query(f"ROLLBACK TO SAVEPOINT {name}")
            await self.connection.execute_query(f"RELEASE SAVEPOINT {name}")
            raise
        await self.connection.execute_query(f"RELEASE SAVEPOINT {name}")


def payload(envelope: Envelope) -> bytes:
    """Return ``envelope`` as it travels."""
    return msgspec.json.encode(envelope)


def insertion(model: type[Model], rows: Sequence[Row]) -> Statement:
    """Return what adds ``rows``, which all have the same columns; columns left out take the model's defaults."""
    return _writing(model, rows, is_upsert=False)


def upsertion(model: type[Model], rows: Sequence[Row]) -> Statement:
    """Return what adds ``rows``, which all have the same columns, or replaces these columns where the key is known."""
    return _writing(model, rows, is_upsert=True)


def _writing(model: type[Model], rows: Sequence[Row], *, is_upsert: bool) -> Statement:
    if not rows:
        return "", []
    columns = tuple(rows[0])
    query, defaults = _query(model, columns, is_upsert)
    return query, [[*(_plain(row[column]) for column in columns), *defaults] for row in rows]


@lru_cache(maxsize=256)
def _query(model: type[Model], columns: tuple[str, ...], is_upsert: bool) -> tuple[str, tuple[Any, ...]]:
    """Return the query that writes ``columns``, and the values of the columns that are left out."""
    defaults = {column: default for column, default in _defaults(model).items() if column not in columns}
    named = ", ".join(f'"{column}"' for column in (*columns, *defaults))
    marks = ", ".join("?" * (len(columns) + len(defaults)))
    query = f'INSERT INTO "{model._meta.db_table}" ({named}) VALUES ({marks})'  # noqa: S608
    if is_upsert:
        key = model._meta.db_pk_column
        changes = ", ".join(f'"{column}" = excluded."{column}"' for column in columns if column != key)
        query += f' ON CONFLICT ("{key}") DO UPDATE SET {changes}'
    return query, tuple(defaults.values())


def _plain(value: Any) -> Any:
    return write_json(value) if isinstance(value, dict | list | tuple) else value


def _defaults(model: type[Model]) -> dict[str, Any]:
    """Return what the ORM would write into the columns of ``model`` that nobody gave a value."""
    fields = model._meta.fields_map
    return {
        column: _plain(default() if callable(default) else default)
        for name, column in model._meta.fields_db_projection.items()
        if (default := fields[name].default) is not None
    }


def _chunks(values: Sequence[str], size: int) -> Iterable[Sequence[str]]:
    return (values[start : start + size] for start in range(0, len(values), size))
