"""Writes many rows at once, and ends a unit of work: its last rows, the outbox and the commit in one go.

On SQLite every call is a hop to the connection's thread and back: about 60 µs, several times what the statement
itself takes. So whatever can be written together goes there together.
"""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from tortoise.backends.base.client import TransactionalDBClient
from tortoise.backends.sqlite.client import SqliteTransactionWrapper, translate_exceptions

from hub.store.errors import StoreUnavailable
from hub.store.marks import with_marks
from hub.store.transactions import FAULTS

Statement = tuple[str, list[list[Any]]]  # a query and, for each time it is run, its values

FORGET: Final = "DELETE FROM outbox WHERE outbox_id = ?"
MAX_OUTGOING: Final = 300  # rows in one statement; SQLite was built with 999 values for long


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A row of the outbox."""

    outbox_id: int
    msg_id: str
    subject: str
    payload: bytes


async def run_all(client: TransactionalDBClient, statements: Sequence[Statement]) -> None:
    """Run ``statements``, whose values stand as ``?`` on both engines."""
    if isinstance(client, SqliteTransactionWrapper):
        await _hop(client, statements)
        return
    for query, rows in statements:
        await client.execute_many(with_marks(query, client), rows)


async def end(
    client: TransactionalDBClient,
    statements: Sequence[Statement],
    published: Sequence[int],
    recorded: Sequence[tuple[str, str, bytes]],
) -> list[Outgoing]:
    """Run ``statements``, take ``published`` out of the outbox, put ``recorded`` in, commit; return what was put in.

    ``recorded`` are message ids, subjects and payloads. StoreUnavailable when outbox or commit failed.
    """
    forgetting: list[Statement] = [(FORGET, [[outbox_id] for outbox_id in published])] if published else []
    parts = [recorded[start : start + MAX_OUTGOING] for start in range(0, len(recorded), MAX_OUTGOING)]
    inserts = [(_insertion(len(part)), [value for row in part for value in row]) for part in parts]
    if isinstance(client, SqliteTransactionWrapper):
        ids = await _last_hop(client, statements, forgetting, inserts)
        client._finalized = True
    else:
        await run_all(client, statements)
        try:
            await run_all(client, forgetting)
            ids = {}
            for query, values in inserts:
                rows = await client.execute_query_dict(with_marks(query, client), values)
                ids.update((row["msg_id"], row["outbox_id"]) for row in rows)
            await client.commit()
        except FAULTS as error:
            raise _not_committed(error) from error
    return [Outgoing(ids[msg_id], msg_id, subject, payload) for msg_id, subject, payload in recorded]


def _insertion(count: int) -> str:
    marks = ", ".join(["(?, ?, ?)"] * count)
    return f"INSERT INTO outbox (msg_id, subject, payload) VALUES {marks} RETURNING msg_id, outbox_id"  # noqa: S608


@translate_exceptions
async def _hop(client: SqliteTransactionWrapper, statements: Sequence[Statement]) -> None:
    connection = client._connection
    await connection._execute(_run_all, connection._conn, statements)  # type: ignore[no-untyped-call]


@translate_exceptions
async def _last_hop(
    client: SqliteTransactionWrapper,
    statements: Sequence[Statement],
    forgetting: Sequence[Statement],
    inserts: Sequence[tuple[str, list[Any]]],
) -> dict[str, int]:
    connection = client._connection
    call = connection._execute(_end, connection._conn, statements, forgetting, inserts)  # type: ignore[no-untyped-call]
    ids: dict[str, int] = await call
    return ids


# from here on in the connection's thread


def _end(
    connection: sqlite3.Connection,
    statements: Sequence[Statement],
    forgetting: Sequence[Statement],
    inserts: Sequence[tuple[str, list[Any]]],
) -> dict[str, int]:
    _run_all(connection, statements)
    try:
        _run_all(connection, forgetting)
        ids = dict(tuple(row) for query, values in inserts for row in connection.execute(query, values).fetchall())
        connection.commit()
    except sqlite3.Error as error:
        raise _not_committed(error) from error
    return ids


def _run_all(connection: sqlite3.Connection, statements: Sequence[Statement]) -> None:
    for query, rows in statements:
        connection.executemany(query, rows)


def _not_committed(error: Exception) -> StoreUnavailable:
    return StoreUnavailable(f"the database did not commit: {error}")
