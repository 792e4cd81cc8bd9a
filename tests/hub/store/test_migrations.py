"""A filled database of an earlier program, brought up to a later one's shape."""

import shutil
import sqlite3
import stat
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tortoise.exceptions import IntegrityError

from core.errors import ConfigInvalid
from core.events import ContactChanged, ContactView
from core.ids import new_id
from hub.store import indexes, migrations, models
from hub.store.address import APP, locate
from hub.store.engine import Store
from hub.store.errors import StoreTooNew, StoreUnavailable
from hub.store.migrate import bring_up_to_date
from hub.store.migrations.__main__ import changes
from hub.store.models import Address, Contact, Conversation, Draft, Entry, Offer, Session, User, WorkItem
from tests.hub.store.shape import connected, migrate_first, shape_of

pytestmark = pytest.mark.may_block("migrations are planned in Python before anybody is served", limit_s=5)

NOW = datetime(2026, 11, 22, 8, 0, 0, 123456, tzinfo=UTC)
SHAPES = Path(__file__).with_name("shapes")
MIGRATIONS = Path(migrations.__file__).parent
TABLES = sorted(getattr(models, name)._meta.db_table for name in models.__all__)


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Store]:
    store = await Store.open(url)
    try:
        yield store
    finally:
        await store.close()


async def fill(store: Store) -> None:
    """Write a little of everything that refers to something."""
    async with store.work() as work:
        for number in range(3):
            contact = await Contact.create(contact_id=new_id(), name=f"王{number}", tags=["a", "老人"], created_at=NOW)
            await Address.create(address_id=new_id(), uri=f"tel:+86{number}", contact=contact, created_at=NOW)
            conversation = await Conversation.create(
                conversation_id=new_id(),
                contact=contact,
                instance="web-main",
                channel="web_chat",
                address=f"tel:+86{number}",
                state="active",
                flow_state={"step": "ask", "values": {"n": number}},
                opened_at=NOW,
                created_at=NOW,
            )
            for seq in range(4):
                await Entry.create(
                    entry_id=new_id(), conversation=conversation, kind="message", seq=seq, text="你好", created_at=NOW
                )
            item = await WorkItem.create(
                work_id=new_id(), conversation=conversation, queue_id="q", channel_class="chat", enqueued_at=NOW
            )
            user = await User.create(user_id=new_id(), username=f"u{number}", work_number=str(number), created_at=NOW)
            await Offer.create(
                offer_id=new_id(),
                work=item,
                conversation_id=conversation.conversation_id,
                agent_id=user.user_id,
                queue_id="q",
                made_at=NOW,
                expires_at=NOW,
            )
            await Draft.create(
                draft_id=new_id(), conversation=conversation, agent_id=user.user_id, text="…", saved_at=NOW
            )
            await Session.create(
                token_hash=str(number), user=user, created_at=NOW, expires_at=NOW, last_seen_at=NOW, csrf="c"
            )
        await work.first_times(["e1", "e2"])
        work.record(ContactChanged(contact=ContactView(contact_id="c1")), "c1")


async def everything(store: Store) -> dict[str, list[dict[str, Any]]]:
    """Return every row of every table, in no particular order of columns."""
    found: dict[str, list[dict[str, Any]]] = {}
    for table in TABLES:
        rows = [dict(row) for row in await store.fetch(f'SELECT * FROM "{table}"')]
        found[table] = sorted(rows, key=lambda row: str(sorted(row.items(), key=lambda item: item[0])))
    return found


@pytest.fixture
def newer(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """The migrations of a later program: the hub's own, and one more."""
    package = tmp_path / "newer_steps"
    package.mkdir()
    (package / "__init__.py").touch()
    own = sorted(path.stem for path in MIGRATIONS.glob("m[0-9]*.py"))
    for name in own:
        (package / f"{name}.py").write_text(f"from hub.store.migrations.{name} import Migration\n")
    step = (SHAPES / "newer_step.py").read_text("utf-8")
    (package / "m9999_newer.py").write_text(step.replace("the_last_before", own[-1]), "utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "newer_steps", raising=False)
    for name in [*own, "m9999_newer"]:
        monkeypatch.delitem(sys.modules, f"newer_steps.{name}", raising=False)
    return "newer_steps"


async def test_a_filled_database_is_upgraded_without_losing_anything(
    shaped_url: str, newer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(shaped_url) as store:
        await fill(store)
        before = await everything(store)
    said: list[str] = []
    await bring_up_to_date(locate(shaped_url, migrations=newer), said.append)
    monkeypatch.setattr("hub.store.address.MIGRATIONS", newer)
    monkeypatch.setattr("hub.store.engine.locate", lambda url: locate(url, migrations=newer))
    async with opened(shaped_url) as store:
        after = await everything(store)
        for entry in after["entry"]:
            assert entry.pop("weight") == 7
        for conversation in after["conversation"]:
            assert conversation.pop("nickname") is None
        assert after == before
        async with store.reading() as reading:
            assert await indexes.missing(reading.connection, [getattr(models, name) for name in models.__all__]) == []
        draft = (await Draft.all())[0]
        with pytest.raises(IntegrityError):
            await Draft.create(
                draft_id=new_id(), conversation_id=draft.conversation_id, agent_id=draft.agent_id, saved_at=NOW
            )
        with pytest.raises(IntegrityError):
            await Contact.all().delete()
        async with store.work() as work:
            assert await work.execute("UPDATE entry SET author_name = ?", "x" * 400) == 12
        assert await Contact.all().count() == 3
    assert "migrating: m9999_newer" in said


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True, scope="session")
async def test_the_file_is_copied_before_it_is_changed(shaped_url: str, newer: str) -> None:
    async with opened(shaped_url) as store:
        await fill(store)
        before = await everything(store)
    said: list[str] = []
    await bring_up_to_date(locate(shaped_url, migrations=newer), said.append)
    assert said[:2] == ["copying the database to hub.db.before-m9999_newer", "migrating: m9999_newer"]
    copy = Path(shaped_url.removeprefix("sqlite://")).with_name("hub.db.before-m9999_newer")
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    restored = copy.with_name("restored.db")
    shutil.copyfile(copy, restored)
    async with opened(f"sqlite://{restored}") as store:
        assert await everything(store) == before


async def test_a_database_of_a_newer_program_is_refused_by_name(shaped_url: str, newer: str) -> None:
    await bring_up_to_date(locate(shaped_url, migrations=newer))
    with pytest.raises(StoreTooNew, match="m9999_newer is unknown here"):
        await Store.open(shaped_url)


async def test_opening_twice_changes_nothing_the_second_time(url: str) -> None:
    said: list[str] = []
    await bring_up_to_date(locate(url), said.append)
    assert said == ["making the tables of a new database"]
    said.clear()
    await bring_up_to_date(locate(url), said.append)
    assert said == []


async def test_a_new_database_has_the_shape_that_all_migrations_lead_to(new_url: Callable[[], str]) -> None:
    made, migrated = locate(new_url()), locate(new_url())
    said: list[str] = []
    await bring_up_to_date(made)
    names = [path.stem for path in sorted(MIGRATIONS.glob("m[0-9]*.py"))]
    await migrate_first(migrated)
    await bring_up_to_date(migrated, said.append)
    assert [word for word in said if "migrating" in word] == [f"migrating: {name}" for name in names[1:]]
    shape = await shape_of(made)
    assert all(table in str(shape) for table in TABLES)
    assert shape == await shape_of(migrated)
    for database in (made, migrated):
        async with connected(database) as connection:
            rows = await connection.execute_query_dict("SELECT app, name FROM tortoise_migrations ORDER BY name")
            assert [(row["app"], row["name"]) for row in rows] == [(APP, name) for name in names]
            for table in TABLES:  # rows that a migration brought would be missing where the tables were just made
                assert await connection.execute_query_dict(f'SELECT * FROM "{table}"') == []


async def test_the_migrations_lead_to_what_the_models_declare() -> None:
    assert await changes() is None, "run: python -m hub.store.migrations NAME"


async def test_memory_holds_a_whole_store() -> None:
    async with opened("sqlite://:memory:") as store:
        await fill(store)
        assert await Entry.all().count() == 12


async def test_a_new_file_is_only_for_its_owner(tmp_path: Path) -> None:
    path = tmp_path / "data" / "hub.db"
    async with opened(f"sqlite://{path}") as store:
        await store.fetch("SELECT 1")
        assert {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()} == {
            "hub.db": 0o600,
            "hub.db-shm": 0o600,
            "hub.db-wal": 0o600,
        }


async def test_sqlite_is_set_up_to_survive_a_power_cut(tmp_path: Path) -> None:
    async with opened(f"sqlite://{tmp_path / 'hub.db'}") as store:
        pragmas = {
            name: next(iter((await store.fetch(f"PRAGMA {name}"))[0].values()))
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


@pytest.mark.parametrize(
    ("url", "fault"),
    [
        ("", "must begin with"),
        ("mysql://root@localhost/x", "must begin with"),
        ("sqlite://", "names no file"),
        ("sqlite:///var/lib/", "names no file"),
        ("postgresql://host:port/x", "ort"),
        ("postgresql://user@host", "names no database"),
    ],
)
async def test_a_url_that_leads_nowhere_is_explained(url: str, fault: str) -> None:
    with pytest.raises(ConfigInvalid, match=fault) as caught:
        await Store.open(url)
    assert list(caught.value.faults) == ["database.url"]


async def test_a_password_in_a_url_never_prints() -> None:
    assert "hunter2" not in repr(locate("postgresql://lianxin:hunter2@db/lianxin"))


async def test_a_database_that_is_away_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable):
        await Store.open(f"postgresql://lianxin@/x?host={tmp_path}")


async def test_a_file_that_is_no_database_is_unavailable_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "hub.db"
    path.write_bytes(b"not a database, but somebody's only copy of something" * 100)
    with pytest.raises(StoreUnavailable, match="not a database"):
        await Store.open(f"sqlite://{path}")
    assert path.read_bytes().startswith(b"not a database")


async def test_a_store_can_be_opened_after_one_that_failed(new_url: Callable[[], str], tmp_path: Path) -> None:
    (tmp_path / "hub.db").write_bytes(b"x" * 5000)
    with pytest.raises(StoreUnavailable):
        await Store.open(f"sqlite://{tmp_path / 'hub.db'}")
    async with opened(new_url()) as store:
        assert await store.fetch("SELECT 1 AS one") == [{"one": 1}]


async def test_times_come_back_aware_and_in_utc(store: Store) -> None:
    created = datetime.fromisoformat("2026-11-22T16:00:00+08:00")
    async with store.work():
        await Contact.create(contact_id=new_id(), created_at=created)
    contact = await Contact.all().get()
    assert contact.created_at == created
    assert contact.created_at.utcoffset().total_seconds() == 0


def test_the_sqlite_that_runs_knows_returning_and_upserts() -> None:
    with closing(sqlite3.connect(":memory:")):
        assert sqlite3.sqlite_version_info >= (3, 35)
