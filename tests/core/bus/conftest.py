from collections.abc import AsyncIterator

import pytest

from core.bus import Bus, BusSettings
from core.streams import BUCKETS, STREAMS, hub_consumer, orders_consumer
from core.testing.nats import NatsServer, nats_server  # noqa: F401


def settings(server: NatsServer, **more) -> BusSettings:
    return BusSettings(url=server.url, **more)


@pytest.fixture
async def bus(nats_server: NatsServer) -> AsyncIterator[Bus]:  # noqa: F811
    async with await Bus.connect(settings(nats_server), source="hub") as bus:
        await bus.ensure(STREAMS, BUCKETS, [hub_consumer(), orders_consumer("web-main")])
        yield bus
