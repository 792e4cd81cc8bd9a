"""Brings a database up to the program's shape without losing a row.

Tortoise's own migrations would (tried with 1.1.9): rebuilding a table on SQLite with foreign keys on deletes
the rows that refer to it, and drops its indexes. So: copy the file, switch foreign keys off, migrate in one
transaction, count the rows, check the references, mend the indexes, and commit only when all of it holds.

A database without any table gets the newest shape at once, which is what all migrations together would make of it.
"""

import asyncio
import os
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.context import TortoiseContext
from tortoise.migrations.executor import MigrationExecutor
from tortoise.migrations.recorder import MigrationRecorder
from tortoise.models import Model

from hub.store import indexes
from hub.store.address import APP, Database
from hub.store.errors import MigrationFailed, StoreTooNew, StoreUnavailable
from hub.store.transactions import FAULTS, transaction

Progress = Callable[[str], None]

RECORD: Final = "tortoise_migrations"
TAKE_TURN: Final = "SELECT pg_advisory_xact_lock(19544)"  # one number for all hubs: only one migrates at a time


def silent(_: str) -> None:
    """Report progress to nobody."""


async def bring_up_to_date(database: Database, progress: Progress = silent) -> None:
    """Apply every migration that ``database`` lacks and mend its indexes; all of it or nothing.

    A SQLite file is copied beside itself first. StoreUnavailable, StoreTooNew or MigrationFailed otherwise.
    """
    if database.file is not None:
        _prepare_file(database.file)
    credentials = {"foreign_keys": "OFF"} if database.is_sqlite else {}
    with TortoiseContext() as context:
        try:
            await context.init(config=database.config(**credentials))
            await _migrate(database, context, progress)
        except FAULTS as error:
            raise StoreUnavailable(f"the database cannot be opened: {error}") from error
        finally:
            await context.close_connections()


async def _migrate(database: Database, context: TortoiseContext, progress: Progress) -> None:
    connection = context.connections.get(database.name)
    assert context.apps is not None
    models = list(context.apps[APP].values())
    executor = MigrationExecutor(connection, database.config()["apps"])
    await _make_record(connection, context)
    steps = await executor.plan()
    applied = await executor.recorder.applied_migrations()
    unknown = [key.name for key in applied if key not in executor.loader.graph.nodes]
    if unknown:
        raise StoreTooNew(f"the database was changed by a newer program: {', '.join(sorted(unknown))} is unknown here")
    names = [step.migration.name for step in steps]
    if names and applied and database.file is not None:
        copy = database.file.with_name(f"{database.file.name}.before-{names[0]}")
        progress(f"copying the database to {copy.name}")
        await asyncio.to_thread(_copy, database.file, copy)
    if names or await indexes.missing(connection, models):
        async with transaction(connection, context.connections) as client:
            await _apply(client, database, models, progress)


async def _make_record(connection: BaseDBAsyncClient, context: TortoiseContext) -> None:
    """Make the table of applied migrations; on PostgreSQL hubs that start together do so in turn."""
    if connection.capabilities.dialect == "sqlite":
        await _ensure_record(connection)
        return
    async with transaction(connection, context.connections) as client:
        await client.execute_query(TAKE_TURN)
        await _ensure_record(client)


async def _ensure_record(client: BaseDBAsyncClient) -> None:
    executor = MigrationExecutor(client, {})
    await executor.recorder.ensure_schema(executor._schema_editor(atomic=False))


async def _apply(
    client: BaseDBAsyncClient, database: Database, models: Sequence[type[Model]], progress: Progress
) -> None:
    if not database.is_sqlite:
        await client.execute_query(TAKE_TURN)
    before = await _row_counts(client, database)
    executor = MigrationExecutor(client, database.config()["apps"])
    executor.recorder = executor.loader.recorder = _Recorder(client)

    def report(event: str, _: str, name: str) -> None:
        if event == "apply_start":
            progress(f"migrating: {name}")

    try:
        if before.keys() <= {RECORD}:
            progress("making the tables of a new database")
            await _make_tables(executor, models)
        else:
            await executor.migrate(progress=report)
        for index in await indexes.missing(client, models):
            progress(f"indexing {index.table} by {', '.join(index.columns)}")
            await indexes.create(client, index)
    except Exception as error:  # a step may run any code
        raise MigrationFailed(f"nothing was changed: {error}") from error
    await _check(client, database, models, before)


async def _make_tables(executor: MigrationExecutor, models: Sequence[type[Model]]) -> None:
    """Make what ``models`` declare, those referred to first, and record every migration as applied."""
    editor = executor._schema_editor()
    editor._get_table_comment_sql = lambda table, comment: ""  # type: ignore[method-assign]  # migrations write none
    waiting = {model._meta.db_table: editor._get_model_sql_data(model) for model in models}
    while waiting:
        ready = [table for table, sql in waiting.items() if not (sql.references & waiting.keys()) - {table}]
        if not ready:
            raise ValueError(f"these tables refer to each other in a circle: {', '.join(sorted(waiting))}")
        for table in ready:
            await editor._run_sql(waiting.pop(table).table_sql)
    for step in await executor.plan():
        await executor.recorder.record_applied(step.migration.app_label, step.migration.name)


async def _check(
    client: BaseDBAsyncClient, database: Database, models: Sequence[type[Model]], before: dict[str, int]
) -> None:
    after = await _row_counts(client, database)
    faults = [
        f"{table} had {count} rows and would have {after[table]}"
        for table, count in before.items()
        if table in after and after[table] < count
    ]
    if database.is_sqlite:
        rows = await client.execute_query_dict("PRAGMA foreign_key_check")
        faults += [f"a row of {row['table']} would refer to nothing in {row['parent']}" for row in rows[:10]]
    faults += [f"{index.table} lacks an index" for index in await indexes.missing(client, models)]
    for model in models:
        # qualified: SQLite takes an unknown "name" alone for a string
        columns = ", ".join(f't."{column}"' for column in model._meta.fields_db_projection.values())
        try:
            await client.execute_query(f'SELECT {columns} FROM "{model._meta.db_table}" t LIMIT 0')  # noqa: S608
        except FAULTS as error:
            faults.append(f"{model._meta.db_table} is not as the program knows it: {error}")
            break
    if faults:
        raise MigrationFailed(f"nothing was changed: {'; '.join(faults)}")


async def _row_counts(client: BaseDBAsyncClient, database: Database) -> dict[str, int]:
    tables = await client.execute_query_dict(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        if database.is_sqlite
        else "SELECT tablename AS name FROM pg_tables WHERE schemaname = current_schema()"
    )
    counts: dict[str, int] = {}
    for table in (row["name"] for row in tables):
        rows = await client.execute_query_dict(f'SELECT count(*) AS rows FROM "{table}"')  # noqa: S608
        counts[table] = rows[0]["rows"]
    return counts


class _Recorder(MigrationRecorder):
    """Leaves its table alone: making it again would commit the transaction on SQLite (``executescript``)."""

    async def ensure_schema(self, schema_editor: Any) -> None:
        return None


def _prepare_file(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))


def _copy(path: Path, copy: Path) -> None:
    unfinished = copy.with_name(copy.name + ".unfinished")
    unfinished.unlink(missing_ok=True)
    os.close(os.open(unfinished, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(unfinished)) as target:
        source.backup(target)
    unfinished.replace(copy)
