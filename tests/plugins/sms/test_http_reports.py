"""What HTTP gateways report, and what they may not."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from core.host.http import serve
from core.host.job import HttpPlace
from tests.plugins.sms.support.http_gateways import CALLBACK_KEY, Provider
from tests.plugins.sms.support.orders import CITIZEN, order
from tests.plugins.sms.support.stand import MemoryHub, running


@pytest_asyncio.fixture
async def provider() -> AsyncIterator[Provider]:
    provider = Provider()
    yield provider
    await provider.stop()


async def test_reports_come_one_by_one_or_in_lists_in_json_or_forms(hub: MemoryHub, provider: Provider) -> None:
    settings = await provider.start()
    states = [{"word": "0", "means": "delivered"}, {"word": "9", "means": "failed"}]
    settings["backend"] |= {"report_states": states, "report_id_field": "sms.id", "report_state_field": "sms.state"}
    async with (
        running(hub, settings) as channel,
        serve(channel.routes(), "sms-main", HttpPlace(), dict) as base,
    ):
        for number in (1, 2):
            await channel.send(order(message_id=f"m-{number}"))
        reports = [{"sms": {"id": "p-1", "state": 0}}, {"sms": {"id": "p-2", "state": "9"}}, {"sms": {}}]
        path, key = f"{base}/channels/sms-main/report", {"X-Callback-Key": CALLBACK_KEY}
        assert await provider.call("POST", path, json=reports, headers=key) == 200
        await hub.status("m-1", "delivered")
        assert (await hub.status("m-2", "failed")).reason == "9"


async def test_messages_may_come_as_forms_and_in_queries(hub: MemoryHub, provider: Provider) -> None:
    async with (
        running(hub, await provider.start()) as channel,
        serve(channel.routes(), "sms-main", HttpPlace(), dict) as base,
    ):
        path, fields = f"{base}/channels/sms-main/in", {"mobile": "13800138000", "content": "喂", "id": "1"}
        assert await provider.call("POST", path, params={"key": CALLBACK_KEY}, data=fields) == 200
        assert await provider.call("GET", path, params={**fields, "id": "2", "key": CALLBACK_KEY}) == 200
    assert hub.texts == [(CITIZEN, "喂")] * 2


@pytest.mark.parametrize("path", ["/in", "/report"])
@pytest.mark.parametrize("key", ["", "wrong", CALLBACK_KEY[:-1], "密钥"])
async def test_without_the_key_nothing_is_taken(hub: MemoryHub, provider: Provider, path: str, key: str) -> None:
    async with (
        running(hub, await provider.start()) as channel,
        serve(channel.routes(), "sms-main", HttpPlace(), dict) as base,
    ):
        message = {"mobile": "13800138000", "content": "喂", "id": "1"}
        url = f"{base}/channels/sms-main{path}"
        assert await provider.call("POST", url, params={"key": key}, json=message) == 403
    assert hub.texts == []


async def test_the_hub_being_away_is_answered_as_such(hub: MemoryHub, provider: Provider) -> None:
    async with (
        running(hub, await provider.start()) as channel,
        serve(channel.routes(), "sms-main", HttpPlace(), dict) as base,
    ):
        hub.is_away = True
        message = {"mobile": "13800138000", "content": "喂", "id": "1"}
        url = f"{base}/channels/sms-main/in"
        assert await provider.call("POST", url, params={"key": CALLBACK_KEY}, json=message) == 503
