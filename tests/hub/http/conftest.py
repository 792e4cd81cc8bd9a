"""One demo hub for a module of tests that only make calls, a supervisor process played at its far end."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import pytest_asyncio

from core.bus import Bus, BusSettings
from core.errors import RequestFailed
from core.events import (
    DescribeRequest,
    Description,
    PluginList,
    PluginsRequest,
    PluginView,
    ProbeAnswer,
    ProbeRequest,
)
from core.subjects import ASK_DESCRIBE, ASK_PLUGINS, ASK_PROBE
from core.testing.nats import NatsServer
from tests.hub.support.house import House

SCHEMA = {"type": "object", "properties": {"token": {"type": "string", "x-secret": True}}}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def served(
    shared_nats_server: NatsServer, demo_data: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[House]:
    import shutil

    folder = Path(shutil.copytree(demo_data, tmp_path_factory.mktemp("served") / "data"))
    house = House(shared_nats_server, folder)
    await house.start()
    async with AsyncExitStack() as stack:
        bus = await stack.enter_async_context(
            await Bus.connect(BusSettings(url=shared_nats_server.url), source="supervisor")
        )
        await play_supervisor(bus)
        yield house
    await house.stop()


async def play_supervisor(bus: Bus) -> None:
    async def plugins(_: str, __: PluginsRequest) -> PluginList:
        return PluginList(plugins=(PluginView(module="plugins.web_chat", name="web_chat", kind="channel"),))

    async def describe(_: str, question: DescribeRequest) -> Description:
        if question.plugin != "web_chat":
            raise RequestFailed("no_such_plugin", question.plugin)
        return Description(manifest={"name": "web_chat"}, schema=SCHEMA)

    async def probe(_: str, __: ProbeRequest) -> ProbeAnswer:
        return ProbeAnswer(ok=True)

    await bus.respond(ASK_PLUGINS, plugins, request=PluginsRequest)
    await bus.respond(ASK_DESCRIBE, describe, request=DescribeRequest)
    await bus.respond(ASK_PROBE, probe, request=ProbeRequest)
