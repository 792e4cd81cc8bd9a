"""The seven traps of Tortoise 1.1.9, each shown to be out of our way on both engines."""

import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from tortoise import fields
from tortoise.exceptions import IntegrityError
from tortoise.fields.relational import ForeignKeyFieldInstance
from tortoise.migrations import operations as ops
from tortoise.migrations.executor import MigrationExecutor
from tortoise.models import Model

from core.testing.clock import VirtualClock
from hub.store import indexes, models
from hub.store.address import Database, locate
from hub.store.engine import Store
from hub.store.errors import MigrationFailed
from hub.store.migrate import bring_up_to_date
from tests.hub.store.shape import connected, migrate_first

pytestmark = pytest.mark.may_block("migrations are planned in Python before anybody is served", limit_s=5)

MODELS: list[type[Model]] = [getattr(models, name) for name in models.__all__]
SHAPES = Path(__file__).with_name("shapes")
OLDEST = "m0001_initial"


@pytest.fixture(autouse=True)
def shapes(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.syspath_prepend(SHAPES)
    yield
    for name in [name for name in sys.modules if name.startswith("shapes_")]:
        del sys.modules[name]


@pytest.fixture
def database(url: str) -> Database:
    return locate(url, models="shapes_models", migrations="shapes_steps")


async def fill(database: Database) -> None:
    """Leave the database in its first shape, with a parent, three children and its indexes."""
    await migrate_first(database)
    async with connected(database) as connection:
        await connection.execute_script("INSERT INTO parent (parent_id, name, region) VALUES ('p', 'one', 'north')")
        for number in range(3):
            await connection.execute_script(
                f"INSERT INTO child (child_id, parent_id, text) VALUES ('{number}', 'p', '')"
            )


async def rows(database: Database, query: str) -> list[dict[str, object]]:
    async with connected(database) as connection:
        return await connection.execute_query_dict(query)


async def columns_indexed(database: Database, table: str) -> set[tuple[tuple[str, ...], bool]]:
    async with connected(database) as connection:
        every = {index for index in indexes.wanted(shape_models()) if index.table == table}
        lacking = set(await indexes.missing(connection, shape_models()))
    return {(index.columns, index.is_unique) for index in every - lacking}


def shape_models() -> list[type[Model]]:
    import shapes_models

    return [shapes_models.Parent, shapes_models.Child]


# 1: on SQLite whoever waits inside a transaction makes everybody wait
async def test_a_unit_that_waits_for_something_else_is_named_in_the_log(
    shaped_url: str, clock: VirtualClock, caplog: pytest.LogCaptureFixture
) -> None:
    store = await Store.open(shaped_url, clock=clock)
    async with store.work():
        clock.advance(0.4)
    assert caplog.text == ""
    async with store.work():
        clock.advance(0.6)
    assert "kept everybody from the database for 0.60 s" in caplog.text
    await store.close()


# 2: a deferred transaction that writes after reading fails at once when another process has written
@pytest.mark.parametrize("engine", ["sqlite"], indirect=True, scope="session")
async def test_a_unit_of_work_holds_the_write_lock_before_it_reads(shaped_url: str) -> None:
    store = await Store.open(shaped_url)
    with closing(sqlite3.connect(shaped_url.removeprefix("sqlite://"), timeout=0, isolation_level=None)) as other:
        async with store.work():
            with pytest.raises(sqlite3.OperationalError, match="locked"):
                other.execute("BEGIN IMMEDIATE")
        async with store.reading() as reading:
            await reading.fetch("SELECT 1 FROM role")
            other.execute("INSERT INTO role VALUES ('r', '{}', '[]')")
    await store.close()


# 3: rebuilding a parent on SQLite with foreign keys on deletes its children
async def test_children_survive_the_rebuilding_of_their_parent(database: Database) -> None:
    await fill(database)
    await bring_up_to_date(database)
    assert len(await rows(database, "SELECT * FROM child")) == 3
    assert await rows(database, "SELECT name, rank FROM parent") == [{"name": "one", "rank": 0}]
    async with connected(database) as connection:
        with pytest.raises(IntegrityError):
            await connection.execute_query("INSERT INTO child (child_id, parent_id, text) VALUES ('9', 'nobody', '')")


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True, scope="session")
async def test_tortoise_alone_would_delete_the_children(database: Database) -> None:
    await fill(database)
    async with connected(database) as connection:
        await MigrationExecutor(connection, database.config()["apps"]).migrate()
    assert await rows(database, "SELECT * FROM child") == []


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True, scope="session")
async def test_a_loss_of_rows_is_noticed_and_undone(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    await fill(database)
    original = Database.config
    monkeypatch.setattr(Database, "config", lambda self, **_: original(self))  # foreign keys stay on
    with pytest.raises(MigrationFailed, match="child had 3 rows and would have 0"):
        await bring_up_to_date(database)
    assert len(await rows(database, "SELECT * FROM child")) == 3


# 4: a rebuilt SQLite table has lost its indexes and unique constraints; 5: AddField(db_index=True) makes no index
async def test_a_rebuilt_table_has_every_index_again_and_new_columns_have_theirs(database: Database) -> None:
    await fill(database)
    await bring_up_to_date(database)
    assert await columns_indexed(database, "parent") == {
        (("name", "region"), True),
        (("region",), False),
        (("rank",), False),
    }
    async with connected(database) as connection:
        with pytest.raises(IntegrityError):
            await connection.execute_query("INSERT INTO parent (parent_id, name, region) VALUES ('q', 'one', 'north')")


async def test_an_index_lost_some_other_way_is_made_again(database: Database) -> None:
    await bring_up_to_date(database)
    (row,) = await rows(
        database,
        "SELECT name FROM sqlite_master WHERE type = 'index' AND name LIKE 'idx_child%'"
        if database.is_sqlite
        else "SELECT indexname AS name FROM pg_indexes WHERE indexname LIKE 'idx_child%'",
    )
    async with connected(database) as connection:
        await connection.execute_script(f'DROP INDEX "{row["name"]}"')
    assert await columns_indexed(database, "child") == set()
    await bring_up_to_date(database)
    assert await columns_indexed(database, "child") == {(("parent_id",), False)}


def test_no_column_of_ours_asks_for_an_index_that_migrations_would_not_make() -> None:
    indexed = {
        f"{model.__name__}.{name}"
        for model in MODELS
        for name, field in model._meta.fields_map.items()
        if field.index and not field.pk
    }
    assert indexed == set()


# 6: AddField(default=...) makes a NOT NULL column without a default
async def test_a_step_that_fails_leaves_everything_as_it_was(new_url: Callable[[], str]) -> None:
    url = new_url()
    await fill(locate(url, models="shapes_models", migrations="shapes_steps"))
    broken = locate(url, models="shapes_models", migrations="shapes_broken_step")
    with pytest.raises(MigrationFailed, match="nothing was changed"):
        await bring_up_to_date(broken)
    assert len(await rows(broken, "SELECT * FROM child")) == 3
    assert await rows(broken, "SELECT * FROM parent") == [{"parent_id": "p", "name": "one", "region": "north"}]
    assert await rows(broken, "SELECT name FROM tortoise_migrations") == [{"name": OLDEST}]


def unsafe_additions(operations: list[ops.Operation]) -> list[str]:
    """Name the columns that would be added without a value for the rows that are there."""
    return [
        f"{operation.model_name}.{operation.name}"
        for operation in operations
        if isinstance(operation, ops.AddField) and not (operation.field.null or operation.field.has_db_default())
    ]


def test_a_column_added_with_a_default_alone_is_found() -> None:
    safe = ops.AddField("Entry", "weight", fields.IntField(db_default=0))
    unsafe = ops.AddField("Entry", "rank", fields.IntField(default=0))
    assert unsafe_additions([safe, unsafe]) == ["Entry.rank"]


async def test_no_migration_of_ours_adds_a_column_with_a_default_alone() -> None:
    async with connected(locate("sqlite://:memory:")) as connection:
        executor = MigrationExecutor(connection, locate("sqlite://:memory:").config()["apps"])
        steps = await executor.plan()
    assert [name for step in steps for name in unsafe_additions(step.migration.operations)] == []


# 7: Meta.indexes takes columns, not the names of foreign keys, which have no index of their own
def test_every_index_of_ours_names_columns() -> None:
    for model in MODELS:
        columns = set(model._meta.fields_db_projection.values())
        for index in (*model._meta.indexes, *model._meta.unique_together):
            assert set(index) <= columns, model.__name__


def test_every_foreign_key_of_ours_has_an_index() -> None:
    wanted = {(index.table, index.columns[0]) for index in indexes.wanted(MODELS)}
    lacking = [
        f"{model.__name__}.{name}"
        for model in MODELS
        for name, field in model._meta.fields_map.items()
        if isinstance(field, ForeignKeyFieldInstance)
        and not field.pk
        and (model._meta.db_table, field.source_field) not in wanted
    ]
    assert lacking == []


def test_no_foreign_key_deletes_what_was_said() -> None:
    cascading = {
        model.__name__
        for model in MODELS
        for field in model._meta.fields_map.values()
        if isinstance(field, ForeignKeyFieldInstance) and field.on_delete is fields.OnDelete.CASCADE
    }
    assert cascading == {"Session", "AgentStatus", "Phone", "Preferences"}
