"""The shape of a database: its tables with everything that holds for their rows."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.context import TortoiseContext
from tortoise.migrations.executor import MigrationExecutor, MigrationTarget

from hub.store.address import APP, Database

_SQLITE = {
    "columns": 'SELECT name, type, "notnull", dflt_value, pk, hidden FROM pragma_table_xinfo(?)',
    "references": 'SELECT "from", "table", "to", on_delete, on_update FROM pragma_foreign_key_list(?)',
    "indexes": """
        SELECT i.origin, i."unique", i.partial, group_concat(c.name || c."desc" || c.coll) AS columns, m.name, m.sql
        FROM pragma_index_list(?) i JOIN pragma_index_xinfo(i.name) c
        LEFT JOIN sqlite_master m ON m.name = i.name AND m.sql IS NOT NULL
        GROUP BY i.name
    """,
    "options": "SELECT sql LIKE '%AUTOINCREMENT%' AS counts_on, sql LIKE '%CHECK%' AS checks FROM sqlite_master"
    " WHERE name = ?",
}
_POSTGRESQL = {
    "columns": """
        SELECT table_name, column_name, data_type, character_maximum_length, numeric_precision, datetime_precision,
               is_nullable, column_default, is_identity, collation_name
        FROM information_schema.columns WHERE table_schema = current_schema() ORDER BY table_name, column_name
    """,
    "constraints": """
        SELECT conrelid::regclass::text AS of_table, conname, pg_get_constraintdef(oid) AS definition
        FROM pg_constraint WHERE connamespace = current_schema()::regnamespace ORDER BY 1, 2
    """,
    "indexes": "SELECT tablename, indexdef FROM pg_indexes WHERE schemaname = current_schema() ORDER BY 1, 2",
    "comments": """
        SELECT c.relname, d.objsubid, d.description FROM pg_description d JOIN pg_class c ON c.oid = d.objoid
        WHERE d.classoid = 'pg_class'::regclass AND c.relnamespace = current_schema()::regnamespace ORDER BY 1, 2
    """,
}


@asynccontextmanager
async def connected(database: Database, **credentials: str) -> AsyncIterator[BaseDBAsyncClient]:
    """Open a connection of the ORM to ``database``, which need not exist."""
    if database.file is not None:
        database.file.parent.mkdir(exist_ok=True)
    with TortoiseContext() as context:
        await context.init(config=database.config(**credentials))
        try:
            yield context.connections.get(database.name)
        finally:
            await context.close_connections()


async def migrate_first(database: Database) -> None:
    """Leave an empty ``database`` in the shape of its first migration."""
    async with connected(database) as connection:
        executor = MigrationExecutor(connection, database.config()["apps"])
        await executor.migrate([MigrationTarget(APP, "m0001_initial")])


async def shape_of(database: Database) -> dict[str, object]:
    """Describe all tables: columns with types and defaults, keys with what deletion does, indexes, constraints."""
    async with connected(database) as connection:
        if not database.is_sqlite:
            return {what: await connection.execute_query_dict(query) for what, query in _POSTGRESQL.items()}
        tables = await connection.execute_query_dict("SELECT name FROM sqlite_master WHERE type = 'table'")
        found: dict[str, object] = {}
        for table in sorted(row["name"] for row in tables):
            for what, query in _SQLITE.items():
                rows = await connection.execute_query_dict(query, [table])
                found[f"{what} of {table}"] = sorted(map(str, map(dict, rows)))
        return found
