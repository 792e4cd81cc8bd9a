"""Which indexes the models want, which the database has, and how to make the missing ones.

Tortoise 1.1.9 loses every index and unique constraint of a SQLite table that it rebuilds, and makes none for
``AddField(db_index=True)``; this module finds and mends both.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.indexes import Index
from tortoise.models import Model

_SQLITE = """
SELECT m.name AS table_name, i."unique" AS is_unique, group_concat(c.name, ',') AS columns
FROM sqlite_master m JOIN pragma_index_list(m.name) i JOIN pragma_index_info(i.name) c
WHERE m.type = 'table' GROUP BY m.name, i.name, i."unique" ORDER BY c.seqno
"""
_POSTGRESQL = """
SELECT t.relname AS table_name, x.indisunique AS is_unique, string_agg(a.attname, ',' ORDER BY k.position) AS columns
FROM pg_index x
JOIN pg_class t ON t.oid = x.indrelid
JOIN pg_namespace n ON n.oid = t.relnamespace AND n.nspname = current_schema()
CROSS JOIN LATERAL unnest(x.indkey::int[]) WITH ORDINALITY AS k(number, position)
JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.number
WHERE x.indisvalid
GROUP BY t.relname, x.indexrelid, x.indisunique
"""


@dataclass(frozen=True, slots=True)
class WantedIndex:
    """An index over ``columns``, in that order."""

    table: str
    columns: tuple[str, ...]
    is_unique: bool


def wanted(models: Iterable[type[Model]]) -> set[WantedIndex]:
    """Return every index that ``models`` declare, primary keys left out."""
    found: set[WantedIndex] = set()
    for model in models:
        meta = model._meta
        for index in meta.indexes:
            fields = index.fields if isinstance(index, Index) else index
            found.add(WantedIndex(meta.db_table, _columns(model, fields), is_unique=False))
        for together in meta.unique_together:
            found.add(WantedIndex(meta.db_table, _columns(model, together), is_unique=True))
        for name, column in meta.fields_db_projection.items():
            field = meta.fields_map[name]
            if (field.unique or field.index) and not field.pk:
                found.add(WantedIndex(meta.db_table, (column,), is_unique=bool(field.unique)))
    return found


async def missing(connection: BaseDBAsyncClient, models: Iterable[type[Model]]) -> list[WantedIndex]:
    """Return what ``models`` declare and the database lacks."""
    is_sqlite = connection.capabilities.dialect == "sqlite"
    rows = await connection.execute_query_dict(_SQLITE if is_sqlite else _POSTGRESQL)
    present = {WantedIndex(row["table_name"], tuple(row["columns"].split(",")), bool(row["is_unique"])) for row in rows}
    return sorted(wanted(models) - present, key=lambda index: (index.table, index.columns))


async def create(connection: BaseDBAsyncClient, index: WantedIndex) -> None:
    """Make ``index`` under the name that later migrations know it by."""
    generator = connection.schema_generator(connection)
    name = generator._get_index_name("uid" if index.is_unique else "idx", index.table, index.columns)
    columns = ", ".join(f'"{column}"' for column in index.columns)
    unique = "UNIQUE " if index.is_unique else ""
    await connection.execute_query(f'CREATE {unique}INDEX IF NOT EXISTS "{name}" ON "{index.table}" ({columns})')


def _columns(model: type[Model], fields: Iterable[str]) -> tuple[str, ...]:
    known = model._meta.fields_map
    return tuple(known[name].source_field or name if name in known else name for name in fields)
