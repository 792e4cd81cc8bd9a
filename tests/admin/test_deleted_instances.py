"""What a deleted instance was still to send leaves the bus, and its conversation says so."""

import asyncio

import pytest

from core.streams import ORDERS
from hub import deleted_instances
from hub.accounts.identity import Identity
from hub.demo import PASSWORD
from hub.store.models import Entry
from tests.hub.support.house import INSTANCE, House
from tests.journeys.support.clients import Agent

WANG = "web:" + "a" * 32
WITHIN_S = 30.0
ADMIN = Identity(username="operator")


async def statuses(conversation_id: str) -> list[tuple[str, str | None, str]]:
    """Return text, status and code of what the agent wrote, oldest first."""
    rows = await Entry.filter(conversation_id=conversation_id, author_kind="agent", kind="message").order_by("entry_id")
    return [(row.text, row.status, row.code) for row in rows]


async def told(conversation_id: str, *texts: str) -> None:
    """Return when each of ``texts`` is said to have failed, as its channel is deleted."""
    wanted = [(text, "failed", "instance_deleted") for text in texts]
    async with asyncio.timeout(WITHIN_S):
        while await statuses(conversation_id) != wanted:
            await asyncio.sleep(0.01)


async def test_orders_of_a_deleted_instance_are_taken_back_late_ones_too(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deleted_instances, "LOOK_S", 0.1)
    async with Agent(house.url, "zhou", PASSWORD) as zhou:
        await zhou.sit_down()
        async with house.channel() as channel:
            await channel.write(WANG, "人工")
            conversation_id = await zhou.take_offer()
        await zhou.say(conversation_id, "请稍候")
        assert await statuses(conversation_id) == [("请稍候", "queued", "")]
        await house.services.plugin_instances.delete(ADMIN, INSTANCE)
        await told(conversation_id, "请稍候")
        await zhou.say(conversation_id, "还在吗")
        await told(conversation_id, "请稍候", "还在吗")
        bus = house.services.plugin_instances._bus
        state = await bus.inspect(ORDERS.name)
        assert state is not None
        assert (state.messages, [reader.name for reader in state.readers if reader.name == INSTANCE]) == (0, [])
