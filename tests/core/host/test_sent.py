"""What was tried and answered is written once each, also when many orders write at once."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from core.bus import Bus, BusSettings
from core.host.sent import MIN_TOGETHER, SentLedger
from core.streams import BUCKETS, SENT
from core.testing.nats import NatsServer

ORDERS = 4 * MIN_TOGETHER


@pytest.fixture
async def bus(nats_server: NatsServer) -> AsyncIterator[Bus]:
    async with await Bus.connect(BusSettings(url=nats_server.url), source="hub") as bus:
        await bus.ensure((), BUCKETS, ())
        yield bus


async def test_many_orders_begin_and_finish_at_once_each_by_itself(bus: Bus) -> None:
    ledger = SentLedger(bus.bucket(SENT), "sms-main")
    begun = await asyncio.gather(*(ledger.begin(f"m{number}", f"k{number}") for number in range(ORDERS)))
    assert begun == [None] * ORDERS
    await asyncio.gather(*(ledger.finish(f"m{number}", f"x{number}") for number in range(ORDERS)))
    again = await asyncio.gather(*(ledger.begin(f"m{number}", "other") for number in range(ORDERS)))
    assert again == [f"x{number}" for number in range(ORDERS)]


async def test_an_order_in_doubt_among_many_is_found_and_the_others_begin(bus: Bus) -> None:
    ledger = SentLedger(bus.bucket(SENT), "sms-main")
    last = ORDERS - 1
    assert await ledger.begin(f"m{last}", "before the crash") is None
    begun = await asyncio.gather(*(ledger.begin(f"m{number}", f"k{number}") for number in range(ORDERS)))
    assert begun == [None] * last + [""]
    assert await ledger.begin("m0", "k0") is None  # its own mark is nobody else's


async def test_a_refused_order_begins_again_among_many(bus: Bus) -> None:
    ledger = SentLedger(bus.bucket(SENT), "sms-main")
    await ledger.begin("m0", "first")
    await ledger.forget("m0")
    begun = await asyncio.gather(*(ledger.begin(f"m{number}", f"k{number}") for number in range(ORDERS, -1, -1)))
    assert begun == [None] * (ORDERS + 1)
