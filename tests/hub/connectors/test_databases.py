"""Looking into databases: parameters are data, nothing can be changed, time and rows are bounded."""

import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path

import pytest

from core.config import Secret
from core.errors import ConfigInvalid
from hub.connectors import postgresql, sqlite
from hub.connectors.answers import MAX_VALUE_CHARS, CannotLookUp, Values
from hub.connectors.parameters import numbered, parameters
from hub.connectors.settings import PostgresqlConnector, SqliteConnector, read_connector
from tests.hub.connectors.conftest import ROWS, SCHEMA
from tests.hub.store.conftest import Cluster

HOLDER = "SELECT holder, state, fee FROM permit WHERE number = CAST(:number AS INTEGER) ORDER BY holder"
NOBODY = "'; DROP TABLE permit; --"
ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
LIMIT_S = 30.0

Look = Callable[..., Awaitable[Values | None]]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("SELECT 1", ()),
        ("SELECT a FROM t WHERE b = :b AND c = :c OR d = :b", ("b", "c")),
        ("SELECT ':no', \"a:no\", 'it''s :no' || :yes", ("yes",)),
        ("SELECT a::text, :yes::int -- :no\n/* :no */", ("yes",)),
        ("SELECT $$ :no $$, $x$ :no $x$, t.a[1:2], :yes", ("yes",)),
    ],
)
def test_parameters_are_found_where_values_may_stand(query: str, names: tuple[str, ...]) -> None:
    assert parameters(query) == names


def test_parameters_become_numbers_and_keep_their_values_apart() -> None:
    query, values = numbered("SELECT :b, ':b', :a, :b::int", {"a": "1", "b": NOBODY, "c": "unused"})
    assert query == "SELECT $1::text, ':b', $2::text, $1::text::int"
    assert values == [NOBODY, "1"]


@pytest.mark.parametrize(
    ("settings", "faults"),
    [
        ({"kind": "sqlite", "file": "../hub.db", "query": "SELECT 1"}, {"settings.file"}),
        ({"kind": "sqlite", "file": "a.db", "query": "DELETE FROM t"}, {"settings.query"}),
        ({"kind": "sqlite", "file": "a.db", "query": "SELECT 1", "max_rows": 1000}, {"settings.max_rows"}),
        ({"kind": "sqlite", "file": "a.db", "query": "SELECT :a", "guarded_by": "b"}, {"settings.guarded_by"}),
        ({"kind": "postgresql", "url": "postgresql://a:b@c/d", "query": "SELECT 1"}, {"settings.url"}),
        ({"kind": "postgresql", "url": "mysql://a", "query": ""}, {"settings.url", "settings.query"}),
        ({"kind": "http", "url": "file:///etc/passwd"}, {"settings.url"}),
        ({"kind": "telnet"}, {"settings.kind"}),
    ],
)
def test_wrong_settings_name_every_bad_field(settings: dict[str, object], faults: set[str]) -> None:
    with pytest.raises(ConfigInvalid) as caught:
        read_connector(settings)
    assert set(caught.value.faults) == faults


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
async def look(request: pytest.FixtureRequest, folder: Path) -> Look:
    """Return what looks into the same rows in either engine."""
    if request.param == "sqlite":

        async def look_into_file(
            query: str, params: dict[str, str], *, max_rows: int = 1, limit_s: float = LIMIT_S
        ) -> Values | None:
            connector = SqliteConnector(file="permits.db", query=query, max_rows=max_rows)
            return sqlite.look(connector, folder, params, limit_s)

        return look_into_file
    asyncpg = pytest.importorskip("asyncpg")
    cluster: Cluster = request.getfixturevalue("cluster")
    url = cluster.new_database()
    connection = await asyncpg.connect(url)
    await connection.execute(f"{SCHEMA}; {ROWS}")
    await connection.close()

    async def look(query: str, params: dict[str, str], *, max_rows: int = 1, limit_s: float = LIMIT_S) -> Values | None:
        connector = PostgresqlConnector(url=url, password=Secret("unused"), query=query, max_rows=max_rows)
        return await postgresql.look(connector, params, limit_s)

    return look


async def test_one_row_is_answered_by_column(look: Look) -> None:
    assert await look(HOLDER, {"number": "8", "other": "x"}) == {
        "holder": "赵", "state": "已受理", "fee": "0", "row_count": "1",
    }  # fmt: skip


async def test_several_rows_become_lines(look: Look) -> None:
    found = await look("SELECT state FROM permit ORDER BY number, state", {}, max_rows=2)
    assert found == {"state": "办理中\n已办结", "row_count": "2"}


async def test_no_row_is_an_answer_too(look: Look) -> None:
    assert await look("SELECT state FROM permit WHERE holder = :holder", {"holder": NOBODY}) is None


@pytest.mark.parametrize(
    ("query", "params"),
    [
        ("WITH a AS (SELECT 1) INSERT INTO permit SELECT 9, '', '', 0 FROM a", {}),
        ("WITH a AS (INSERT INTO permit VALUES (9) RETURNING number) SELECT * FROM a", {}),
        ("SELECT 1; DELETE FROM permit", {}),
        ("SELECT nothing FROM nowhere", {}),
        (HOLDER, {}),
    ],
    ids=["writing", "writing inside", "two at once", "no such table", "parameter missing"],
)
async def test_whatever_only_reading_does_not_do_is_refused(look: Look, query: str, params: dict[str, str]) -> None:
    with pytest.raises(CannotLookUp):
        await look(query, params)
    assert await look("SELECT count(*) AS rows FROM permit", {}) == {"rows": "3", "row_count": "1"}


async def test_a_query_without_end_is_ended(look: Look) -> None:
    with pytest.raises((CannotLookUp, TimeoutError)):
        await look(ENDLESS, {}, limit_s=0.2)


async def test_long_values_are_cut(look: Look) -> None:
    many = ", ".join(["'" + "长" * 100 + "'"] * 50)
    found = await look(f"SELECT {many.replace(', ', ' || ')} AS long", {})
    assert found is not None
    assert len(found["long"]) == MAX_VALUE_CHARS


def test_a_file_keeps_its_secrets_from_pragmas_and_other_files(folder: Path) -> None:
    for query in (
        "SELECT * FROM pragma_database_list",
        "SELECT load_extension('x')",
        "SELECT length(zeroblob(100000000)) AS n",
    ):
        with pytest.raises(CannotLookUp):
            sqlite.look(SqliteConnector(file="permits.db", query=query), folder, {}, LIMIT_S)
    with pytest.raises(CannotLookUp, match="there is no"):
        sqlite.look(SqliteConnector(file="none.db", query="SELECT 1"), folder, {}, LIMIT_S)
    with closing(sqlite3.connect(folder / "permits.db")) as database:
        assert database.execute("SELECT count(*) FROM permit").fetchone() == (3,)


async def test_a_database_that_is_away_says_so_without_the_password(tmp_path: Path) -> None:
    pytest.importorskip("asyncpg")
    connector = PostgresqlConnector(
        url=f"postgresql://lianxin@/none?host={tmp_path}", password=Secret("open sesame"), query="SELECT 1"
    )
    with pytest.raises(CannotLookUp) as caught:
        await postgresql.look(connector, {}, LIMIT_S)
    assert "sesame" not in str(caught.value)
