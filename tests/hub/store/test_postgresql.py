"""What only a server can do to us: go away in the middle, and be asked by two hubs at once."""

import asyncio
from pathlib import Path

import pytest

from core.events import ContactChanged, ContactView
from hub.store import migrations
from hub.store.address import locate
from hub.store.engine import Store
from hub.store.errors import StoreUnavailable
from hub.store.migrate import bring_up_to_date
from hub.store.unit_of_work import Work
from tests.hub.store.shape import migrate_first

pytestmark = [
    pytest.mark.postgresql,
    pytest.mark.parametrize("engine", ["postgresql"], indirect=True, scope="session"),
    pytest.mark.may_block("migrations are planned in Python before anybody is served", limit_s=5),
]

CUT = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE pid <> pg_backend_pid() AND datname = current_database()"
)


async def test_a_connection_cut_inside_a_unit_undoes_it_and_the_next_one_works(store: Store) -> None:
    heard: list[object] = []
    store.on_commit(heard.append)

    async def unit(*, is_cut: bool) -> None:
        async with store.work() as work:
            assert await work.first_time("e1")
            work.record(ContactChanged(contact=ContactView(contact_id="c1")), "c1")
            if is_cut:
                await asyncio.create_task(store.fetch(CUT))

    with pytest.raises(StoreUnavailable):
        await unit(is_cut=True)
    assert heard == []
    await unit(is_cut=False)
    assert len(heard) == 1


async def test_idle_connections_that_were_cut_are_replaced(store: Store) -> None:
    async def one(work: Work) -> object:
        return (await work.fetch("SELECT 1 AS one"))[0]["one"]

    async with store.work() as work:
        assert await one(work) == 1
    async with store.reading() as reading:
        await reading.fetch(CUT)
    for _ in range(3):
        async with store.work() as work:
            assert await one(work) == 1


async def test_hubs_that_start_together_on_a_new_database_take_turns(url: str) -> None:
    said: list[str] = []
    await asyncio.gather(*(bring_up_to_date(locate(url), said.append) for _ in range(4)))
    assert said == ["making the tables of a new database"]


async def test_hubs_that_start_together_take_turns_at_migrating(url: str) -> None:
    said: list[str] = []
    await migrate_first(locate(url))
    await asyncio.gather(*(bring_up_to_date(locate(url), said.append) for _ in range(4)))
    _, *later = sorted(path.stem for path in Path(migrations.__file__).parent.glob("m[0-9]*.py"))
    assert said == [f"migrating: {name}" for name in later]
