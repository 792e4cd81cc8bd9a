"""The embedded server as the supervisor would run it, with two plugin instances."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from subprocess import Popen

import pytest

from core.bus import Bus, BusSettings
from core.streams import BUCKETS, STREAMS, hub_consumer, orders_consumer
from core.testing.nats import free_port, nats_server  # noqa: F401
from hub.nats_server import ServerConfig, command, reload, write_config

Connect = Callable[[str], Awaitable[Bus]]


class Embedded:
    """A running embedded server."""

    def __init__(self, directory: Path) -> None:
        self.config = ServerConfig(directory / "nats", free_port())
        self.log = directory / "nats.log"
        write_config(self.config, dict.fromkeys(["sms", "email"], "channel"))
        with self.log.open("wb") as log:
            self.process = Popen(command(self.config), stderr=log)

    async def admit(self, *channels: str, **kinds: str) -> bool:
        """Let exactly these channels in, and others by their kind; tell whether that changed anything."""
        instances = {**dict.fromkeys(channels, "channel"), **kinds}
        changed = await asyncio.to_thread(write_config, self.config, instances)
        await reload(self.process.send_signal)
        return changed

    def end(self) -> None:
        self.process.kill()
        self.process.wait()


@pytest.fixture
def embedded(tmp_path: Path):
    server = Embedded(tmp_path)
    yield server
    server.end()


@pytest.fixture
async def connect(embedded: Embedded) -> AsyncIterator[Connect]:
    """Yield a function that connects one of the server's users."""
    async with AsyncExitStack() as stack:

        async def connect(user: str) -> Bus:
            settings = BusSettings(url=embedded.config.url, seed=embedded.config.keys.seed(user), connect_timeout_s=5)
            return await stack.enter_async_context(await Bus.connect(settings, source=user.removeprefix("plugin-")))

        yield connect


@pytest.fixture
async def hub(connect: Connect) -> Bus:
    bus = await connect("hub")
    await bus.ensure(STREAMS, BUCKETS, [hub_consumer(), orders_consumer("sms"), orders_consumer("email")])
    return bus


@pytest.fixture
async def sms(connect: Connect, hub: Bus) -> Bus:
    return await connect("plugin-sms")


@pytest.fixture
async def email(connect: Connect, hub: Bus) -> Bus:
    return await connect("plugin-email")
