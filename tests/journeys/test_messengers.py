"""Citizens write by WeChat, Telegram and SMS, an agent answers at the desk: real processes, the networks played."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from hub.demo import PASSWORD
from tests.hub.support.house import until
from tests.journeys.support.clients import Agent
from tests.journeys.support.house import House
from tests.plugins.sms.support.smsc import PASSWORD as SMSC_PASSWORD
from tests.plugins.sms.support.smsc import Smsc, part, receipt, whole
from tests.plugins.telegram.bot_api import ANNA, BotApi, message, written
from tests.plugins.wechat import platform as wechat

NEW_PASSWORD = "correct-horse-battery-staple-9"


@asynccontextmanager
async def serving(house: House, plugin: str, settings: dict[str, Any]) -> AsyncIterator[Agent]:
    """Enable ``plugin`` in the running house and yield an agent at their desk."""
    async with Agent(house.url, "admin", house.first_password) as admin, Agent(house.url, "zhou", PASSWORD) as zhou:
        await admin.call("PUT", "/session/password", current=house.first_password, new=NEW_PASSWORD)
        await zhou.sit_down()
        body = {"plugin": plugin, "settings": settings, "is_enabled": True, "probe": True}
        made = await admin.call("PUT", f"/instances/{plugin}-main", **body)
        assert made["instance"] == f"{plugin}-main"
        shown = await admin.call("GET", f"/instances/{plugin}-main")
        assert all(secret not in str(shown) for secret in (wechat.APP_SECRET, wechat.AES_KEY, SMSC_PASSWORD))
        yield zhou


@pytest.fixture
async def official(house: House) -> AsyncIterator[wechat.OfficialPlatform]:
    peer = wechat.OfficialPlatform()
    peer.instance = "wechat-main"
    await peer.meet(house.url)
    yield peer
    await peer.stop()


@pytest.fixture
async def telegram() -> AsyncIterator[BotApi]:
    peer = BotApi()
    yield peer
    await peer.stop()
    assert peer.violations == []


@pytest.fixture
async def smsc() -> AsyncIterator[Smsc]:
    peer = Smsc()
    yield peer
    await peer.stop()


async def test_a_citizen_texts_and_is_answered_in_parts(house: House, smsc: Smsc) -> None:
    answer = "您好，您反映的问题已经转交有关部门。" * 8
    async with serving(house, "sms", await smsc.start()) as zhou:
        await smsc.deliver(whole("人工"))
        conversation_id = await zhou.take_offer()
        for number in (2, 1):
            await smsc.deliver(part(f"第{number}段，", 7, 2, number))
        await zhou.until(lambda: "第1段，第2段，" in zhou.read("in"))
        entry = await zhou.say(conversation_id, answer)
        await until(lambda: answer in "".join(one["text"] for one in smsc.received), 20)
        for number in range(len(smsc.received)):
            await smsc.deliver(receipt(str(number + 1)))
        await zhou.until(
            lambda: [one["status"] for one in zhou.entries if one["entry_id"] == entry["entry_id"]][-1] == "delivered"
        )


async def test_a_citizen_of_wechat_is_greeted_and_served(house: House, official: wechat.OfficialPlatform) -> None:
    peer = official

    def said() -> list[str]:
        return [one["text"]["content"] for one in peer.received if one["msgtype"] == "text"]

    async with serving(house, "wechat", await peer.start()) as zhou:
        await until_delivered(peer, wechat.written("event", Event="subscribe"))
        await until(lambda: any(one["msgtype"] == "msgmenu" for one in peer.received), 20)
        assert "12345" in str(peer.received)
        await peer.deliver(wechat.written(Content="转人工", bizmsgmenuid="0", number=1))
        conversation_id = await zhou.take_offer()
        await until(lambda: any("3021" in text for text in said()), 20)
        await peer.deliver(wechat.written(Content="我家暖气不热，只有十四度", number=2))
        await zhou.until(lambda: "我家暖气不热，只有十四度" in zhou.read("in"))
        await zhou.say(conversation_id, "您好，请告诉我您的地址。")
        await until(lambda: "您好，请告诉我您的地址。" in said(), 20)
        peer.left = {}
        entry = await zhou.say(conversation_id, "还在吗？")
        await zhou.until(lambda: any(one["entry_id"] == entry["entry_id"] and one.get("code") for one in zhou.entries))
        assert zhou.entries[-1]["code"] == "window_closed"


async def test_a_citizen_of_telegram_is_served_and_corrects_herself(house: House, telegram: BotApi) -> None:
    peer = telegram
    async with serving(house, "telegram", await peer.start()) as zhou:
        await peer.deliver(message("/start", number=1))
        await until(lambda: any("buttons" in one for one in peer.received), 20)
        await peer.deliver(message("人工", number=2))
        conversation_id = await zhou.take_offer()
        await peer.deliver(message("我住在江南路", number=3))
        await peer.deliver({"edited_message": written("我住在江北路", number=3, edit_date=1_760_000_060)})
        await zhou.until(lambda: "我住在江北路" in zhou.read("in"))
        (corrected,) = [entry for entry in zhou.entries if entry.get("text") == "我住在江北路"]
        assert corrected["code"] == "edited"
        assert zhou.conversation(conversation_id)["contact_name"] == "Anna Li"
        await zhou.say(conversation_id, "您好，江北路对吗？")
        await until(lambda: peer.received[-1].get("text") == "您好，江北路对吗？", 20)
        assert peer.received[-1]["chat_id"] == ANNA


async def until_delivered(peer: wechat.OfficialPlatform, raw: Any) -> None:
    """Deliver the first callback once the channel listens; until then the hub answers in its place."""
    while not await peer.insist(wechat.xml(raw)):
        pass
