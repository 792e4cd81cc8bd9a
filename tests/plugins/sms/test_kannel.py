"""The real Kannel (bearerbox and smsbox) between the channel and the real SMSC: all the way to a phone and back."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest_asyncio

from core.host.http import serve
from core.host.job import HttpPlace
from tests.plugins.sms.support.kannel import running_kannel
from tests.plugins.sms.support.orders import CITIZEN, order
from tests.plugins.sms.support.smsc import Smsc, part, receipt
from tests.plugins.sms.support.stand import MemoryHub, running

LONG = "您好，您反映的问题已经转交有关部门。" * 12


@pytest_asyncio.fixture
async def kannel(tmp_path: Path, smsc: Smsc) -> AsyncIterator[dict[str, Any]]:
    """Yield what leads to a Kannel, and where it calls back."""
    async with running_kannel(tmp_path, smsc) as kannel:
        yield kannel


async def test_a_long_message_goes_through_and_its_receipts_come_back(
    hub: MemoryHub, smsc: Smsc, kannel: dict[str, Any]
) -> None:
    async with running(hub, kannel["settings"]) as channel, served(channel, kannel["port"]):
        assert await channel.send(order(LONG)) == "m-1"
        await smsc.until(lambda: len(smsc.received) == 4)
        assert "".join(submitted["text"] for submitted in smsc.received) == LONG
        assert {submitted["destination"] for submitted in smsc.received} == {"8613800138000"}
        for event in [event for event in smsc.events if event["event"] == "submitted"]:
            await smsc.offer(**{**receipt(event["id"]), "destination": event["source"]})
        await hub.status("m-1", "delivered")


async def test_what_citizens_write_comes_in_whole(hub: MemoryHub, smsc: Smsc, kannel: dict[str, Any]) -> None:
    async with running(hub, kannel["settings"]) as channel, served(channel, kannel["port"]):
        for number in (3, 1, 2):
            await smsc.offer(**part(f"第{number}段🚒", 7, 3, number))
        await hub.until(lambda: hub.texts)
    assert hub.texts == [(CITIZEN, "第1段🚒第2段🚒第3段🚒")]


async def test_what_the_hub_cannot_take_kannel_brings_again(hub: MemoryHub, smsc: Smsc, kannel: dict[str, Any]) -> None:
    async with running(hub, kannel["settings"]) as channel, served(channel, kannel["port"]) as refused:
        hub.is_away = True
        await smsc.offer(source="8613800138000", coding=8, data="喂".encode("utf-16-be").hex())
        await refused.wait()
        hub.is_away = False
        await hub.until(lambda: hub.texts)
    assert hub.texts == [(CITIZEN, "喂")]


async def test_a_stranger_cannot_report(hub: MemoryHub, kannel: dict[str, Any]) -> None:
    async with (
        running(hub, kannel["settings"]) as channel,
        served(channel, kannel["port"]),
        aiohttp.ClientSession(f"http://127.0.0.1:{kannel['port']}") as http,
    ):
        for path in ("/dlr?id=m-1&type=1", "/dlr?id=m-1&type=1&sig=00", "/mo?from=1&text=x", "/mo?key=wrong"):
            async with http.get("/channels/sms-main" + path) as answer:
                assert answer.status == 403
    assert len(hub.events) == 1


@contextlib.asynccontextmanager
async def served(channel: Any, port: int) -> AsyncIterator[asyncio.Event]:
    """Serve the channel's routes as the host does; the event tells that a message was turned away."""
    refused = asyncio.Event()
    emit = channel.link.emit

    async def watch(event: Any) -> None:
        try:
            await emit(event)
        except Exception:
            refused.set()
            raise

    channel.link.emit = watch
    async with serve(channel.routes(), "sms-main", HttpPlace(port=port), dict):
        yield refused
