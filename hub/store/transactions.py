"""Database transactions that begin, end and survive cancellation properly on both engines.

Tortoise's own ``in_transaction`` begins deferred on SQLite (a later write then fails with "database is
locked" at once, upstream issue 1675) and keeps its lock for ever when a task is cancelled while it begins.
"""

import asyncio
import logging
import sqlite3
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any, Final, TypeVar

from tortoise.backends.base.client import BaseDBAsyncClient, TransactionalDBClient
from tortoise.backends.sqlite.client import SqliteClient, SqliteTransactionWrapper
from tortoise.connection import ConnectionHandler
from tortoise.exceptions import BaseORMException

from hub.store.errors import StoreUnavailable

try:
    import asyncpg  # type: ignore[import-untyped]
    from tortoise.backends.asyncpg.client import TransactionWrapper
except ImportError:  # the extra "postgresql" is not installed
    _DRIVER_FAULTS: tuple[type[Exception], ...] = ()
else:
    _DRIVER_FAULTS = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)

# what a database may answer
FAULTS: Final[tuple[type[Exception], ...]] = (BaseORMException, sqlite3.Error, OSError, *_DRIVER_FAULTS)

T = TypeVar("T")

log = logging.getLogger(__name__)


async def uninterrupted(work: Coroutine[Any, Any, T]) -> T:
    """Run ``work`` to its end even when cancelled meanwhile; the cancellation is raised afterwards."""
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        while not task.done():
            try:
                await asyncio.wait({task})
            except asyncio.CancelledError:
                continue
        if not task.cancelled():
            task.exception()  # seen, the cancellation goes first
        raise


@asynccontextmanager
async def transaction(
    database: BaseDBAsyncClient, connections: ConnectionHandler, *, is_writing: bool = True
) -> AsyncIterator[TransactionalDBClient]:
    """Run the body in one transaction that the ORM uses too; commit at its end, roll back on any exception.

    StoreUnavailable when the database does not let it begin. A body that has committed by itself is left alone.
    """
    opened = _sqlite(database, is_writing) if isinstance(database, SqliteClient) else _postgresql(database, is_writing)
    async with opened as client:
        token = connections.set(database.connection_name, client)
        try:
            yield client
        except BaseException:
            await _roll_back(client)
            raise
        else:
            if not client._finalized:
                await uninterrupted(client.commit())
        finally:
            connections.reset(token)


async def _roll_back(client: TransactionalDBClient) -> None:
    if client._finalized:
        return
    try:
        await uninterrupted(client.rollback())
    except FAULTS as error:
        log.warning("the database did not roll back: %s", error)


@asynccontextmanager
async def _sqlite(database: SqliteClient, is_writing: bool) -> AsyncIterator[SqliteTransactionWrapper]:
    async with database._lock:
        try:
            if database._connection is None:
                await uninterrupted(database.create_connection(with_db=True))
            client = SqliteTransactionWrapper(database)
            await _begin(client, _begin_sqlite(client, is_writing))
        except FAULTS as error:
            raise StoreUnavailable(f"the database did not begin: {error}") from error
        yield client


async def _begin_sqlite(client: SqliteTransactionWrapper, is_writing: bool) -> None:
    # one hop to the connection's thread, where execute and close would be two
    await client._connection.execute_fetchall("BEGIN IMMEDIATE" if is_writing else "BEGIN")


async def _begin(client: TransactionalDBClient, begin: Coroutine[Any, Any, None]) -> None:
    try:
        await uninterrupted(begin)
    except asyncio.CancelledError:
        await _roll_back(client)
        raise


@asynccontextmanager
async def _postgresql(database: Any, is_writing: bool) -> AsyncIterator[Any]:
    try:
        async with database._pool_init_lock:
            if database._pool is None:
                await uninterrupted(database.create_connection(with_db=True))
        connection = await database._pool.acquire()
    except FAULTS as error:
        raise StoreUnavailable(f"the database is away: {error}") from error
    try:
        client = TransactionWrapper(database)
        client._connection = connection
        client.transaction = connection.transaction(
            isolation="read_committed" if is_writing else "repeatable_read", readonly=not is_writing
        )
        try:
            await _begin(client, client.transaction.start())
        except FAULTS as error:
            raise StoreUnavailable(f"the database is away: {error}") from error
        yield client
    finally:
        await uninterrupted(database._pool.release(connection))
