"""CMPP: long messages both ways, status reports, log-in, keeping the line."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from core.errors import ChannelAuthFailed, ChannelNotReady, SendDeferred, SendRejected, SendUnknown
from tests.plugins.sms.support.ismg import Ismg, Ismg3
from tests.plugins.sms.support.orders import CITIZEN, order
from tests.plugins.sms.support.stand import MemoryHub, running

LONG = "您好，您反映的问题已经转交有关部门。" * 12


@pytest_asyncio.fixture(params=[Ismg, Ismg3], ids=["2.0", "3.0"])
async def ismg(request: pytest.FixtureRequest) -> AsyncIterator[Ismg]:
    ismg: Ismg = request.param()
    yield ismg
    await ismg.stop()


async def test_a_long_message_goes_in_parts_and_is_delivered_when_all_are(hub: MemoryHub, ismg: Ismg) -> None:
    async with running(hub, await ismg.start()) as channel:
        assert await channel.send(order(LONG, seq=5)) == "0000000000000001"
        assert "".join(part["text"] for part in ismg.parts) == LONG
        assert [part["header"] for part in ismg.parts] == [f"0500030504{number:02}" for number in (1, 2, 3, 4)]
        assert {(part["total"], part["report"]) for part in ismg.parts} == {(4, 1)}
        for part in reversed(ismg.parts):
            await ismg.deliver(ismg.report(part["msg_id"]))
        await hub.status("m-1", "delivered")


async def test_a_gateway_that_drops_the_line_leaves_one_part_in_doubt_and_takes_the_rest_later(
    hub: MemoryHub, ismg: Ismg
) -> None:
    settings = await ismg.start()
    async with running(hub, settings) as channel:
        ismg.script({"drop": True})
        with pytest.raises(SendUnknown) as caught:
            await channel.send(order("第一条"))
        assert caught.value.code == "connection_lost"
        with pytest.raises(ChannelNotReady):
            await hub.end_of_run()
        with pytest.raises(SendDeferred):
            await channel.send(order("第二条", message_id="m-2"))
    async with running(hub, settings) as channel:
        await channel.send(order("第二条", message_id="m-2"))
        await ismg.deliver(ismg.report(ismg.parts[-1]["msg_id"]))
        await hub.status("m-2", "delivered")
    assert [part["text"] for part in ismg.parts] == ["第二条"]


async def test_a_gateway_that_is_full_is_asked_again(hub: MemoryHub, ismg: Ismg) -> None:
    async with running(hub, await ismg.start()) as channel:
        ismg.script({"result": 8})
        assert await channel.send(order())
        ismg.script({"result": 5})
        with pytest.raises(SendRejected, match="answered 5"):
            await channel.send(order("又一条", message_id="m-2"))
        ismg.script({"result": 3})
        with pytest.raises(SendDeferred, match="answered 3"):
            await channel.send(order("第三条", message_id="m-3"))


async def test_a_failed_part_says_why(hub: MemoryHub, ismg: Ismg) -> None:
    async with running(hub, await ismg.start()) as channel:
        await channel.send(order())
        await ismg.deliver(ismg.report(ismg.parts[0]["msg_id"], "MA:0001"))
        assert (await hub.status("m-1", "failed")).reason == "MA:0001"


async def test_parts_from_a_citizen_make_one_message(hub: MemoryHub, ismg: Ismg) -> None:
    async with running(hub, await ismg.start()):
        for number, text in ((2, "后半段"), (1, "前半段，")):
            content = bytes((5, 0, 3, 9, 2, number)) + text.encode("utf-16-be")
            await ismg.deliver({"content": content, "udhi": 1, "msg_id": number})
    assert hub.texts == [(CITIZEN, "前半段，后半段")]


async def test_texts_can_go_as_gb18030(hub: MemoryHub, ismg: Ismg) -> None:
    settings = await ismg.start()
    settings["backend"]["text_format"] = "gb18030"
    async with running(hub, settings) as channel:
        await channel.send(order("您好，已受理"))
    assert ismg.received[0]["fmt"] == 15
    assert ismg.received[0]["text"] == "您好，已受理"


async def test_a_wrong_secret_is_said_to_be_one(hub: MemoryHub, ismg: Ismg) -> None:
    settings = await ismg.start()
    settings["backend"]["secret"] = "wrong"
    with pytest.raises(ChannelAuthFailed, match="with 3"):
        async with running(hub, settings):
            pass


async def test_the_line_is_tried_while_it_is_silent(hub: MemoryHub, ismg: Ismg) -> None:
    settings = await ismg.start()
    settings["backend"]["active_test_s"] = 0.05
    async with running(hub, settings):
        async with asyncio.timeout(30):
            for _ in range(3):
                await ismg.active_tests.get()
        await ismg.stop()
        with pytest.raises(ChannelNotReady):
            await hub.end_of_run()


async def test_what_the_hub_cannot_take_is_left_for_the_gateway_to_repeat(hub: MemoryHub, ismg: Ismg) -> None:
    async with running(hub, await ismg.start()):
        hub.is_away = True
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.3):
                await ismg.deliver({"text": "喂", "msg_id": 3})
        hub.is_away = False
        await ismg.deliver({"text": "喂", "msg_id": 3})
    assert hub.texts == [(CITIZEN, "喂")]
