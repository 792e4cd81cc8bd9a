"""A hub of the test's own, and the channel it speaks to."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from core.testing.clock import VirtualClock
from core.testing.nats import NatsServer, nats_server, shared_nats_server
from tests.hub.support.channel import FakeChannel
from tests.hub.support.house import House

__all__ = ["nats_server", "shared_nats_server"]


@pytest.fixture(autouse=True)
def _quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make password hashes of tests cheap; each stored one says itself how it was made."""
    monkeypatch.setattr("hub.accounts.passwords._MEMORY_KIB", 64)


@pytest.fixture(scope="session")
def demo_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the data of a demo hub that never served anybody, to be copied: making it takes a second."""
    folder = tmp_path_factory.mktemp("demo")

    async def make() -> None:
        house = House(server, folder / "data", clock=VirtualClock())
        await house.start()
        await house.stop()

    server = NatsServer(folder)
    server.start()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("hub.accounts.passwords._MEMORY_KIB", 64)
        asyncio.run(make())
    server.kill()
    return folder / "data"


@pytest.fixture
def data(demo_data: Path, tmp_path: Path) -> Path:
    """Return a demo hub's data for this test alone."""
    return Path(shutil.copytree(demo_data, tmp_path / "data"))


@pytest.fixture
async def house(nats_server: NatsServer, data: Path) -> AsyncIterator[House]:
    """A demo hub on the machine's clock."""
    house = House(nats_server, data)
    await house.start()
    yield house
    await house.stop()


@pytest.fixture
async def still_house(nats_server: NatsServer, data: Path, clock: VirtualClock) -> AsyncIterator[House]:
    """A demo hub whose clock stands still until it is advanced."""
    house = House(nats_server, data, clock=clock)
    await house.start()
    yield house
    await house.stop()


@pytest.fixture
async def channel(house: House) -> AsyncIterator[FakeChannel]:
    """The demo's web chat, played."""
    async with house.channel() as channel:
        yield channel
