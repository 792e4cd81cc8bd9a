"""Key-value buckets: read, write, create once, watch."""

import asyncio
from contextlib import aclosing

import pytest

from core.bus import Bus, Change
from core.events import DesiredInstance
from core.streams import DESIRED, SENT
from core.testing.nats import NatsServer


def desired(revision: int) -> DesiredInstance:
    return DesiredInstance(instance="sms", plugin="sms", is_enabled=True, revision=revision)


async def test_a_value_is_read_back_replaced_and_deleted(bus: Bus) -> None:
    values = bus.bucket(DESIRED, DesiredInstance)
    assert await values.get("sms") is None
    await values.put("sms", desired(1))
    await values.put("sms", desired(2))
    assert await values.get("sms") == desired(2)
    assert await values.all() == {"sms": desired(2)}
    await values.delete("sms")
    assert await values.get("sms") is None
    assert await values.all() == {}


async def test_a_key_is_created_once_and_again_after_it_was_deleted(bus: Bus) -> None:
    sent = bus.bucket(SENT, str)
    assert await sent.create("sms.m1", "")
    assert not await sent.create("sms.m1", "external")
    assert await sent.get("sms.m1") == ""
    await sent.delete("sms.m1")
    assert await sent.create("sms.m1", "external")
    assert await sent.get("sms.m1") == "external"


async def test_values_are_stored_together_or_not_at_all(bus: Bus) -> None:
    sent = bus.bucket(SENT, str)
    assert await sent.store_together([("sms.m1", "a", True), ("sms.m2", "b", False), ("sms.m3", "c", True)])
    assert await sent.all() == {"sms.m1": "a", "sms.m2": "b", "sms.m3": "c"}
    assert not await sent.store_together([("sms.m2", "d", False), ("sms.m1", "e", True)])
    assert await sent.get("sms.m2") == "b"


@pytest.mark.parametrize("key", ["", "a..b", ".a", "a.", "a b", "a.*", ">", "a\r\n", "连"])
async def test_a_key_that_is_no_subject_is_refused(bus: Bus, key: str) -> None:
    with pytest.raises(ValueError, match="not a key"):
        await bus.bucket(SENT, str).put(key, "x")


async def test_a_watcher_sees_what_is_there_what_comes_and_what_goes_even_over_a_restart(
    bus: Bus, nats_server: NatsServer
) -> None:
    values = bus.bucket(DESIRED, DesiredInstance)
    await values.put("sms", desired(1))
    async with aclosing(values.watch()) as changes:
        async with asyncio.timeout(20):
            assert await anext(changes) == Change("sms", desired(1))
            await values.put("sms", desired(2))
            assert await anext(changes) == Change("sms", desired(2))
            await nats_server.restart()
            await values.put("email", desired(3))
            after = {}
            while "email" not in after:
                change = await anext(changes)
                after[change.key] = change.value
            assert after["email"] == desired(3)
            await values.delete("email")
            assert await anext(changes) == Change("email", None)
