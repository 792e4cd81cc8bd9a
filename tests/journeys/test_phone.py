"""A citizen calls, an agent's telephone rings, they talk, and everything of ours may die meanwhile."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest

from hub.demo import PASSWORD
from hub.engine.binary import Asterisk
from hub.engine.layout import Layout
from hub.engine.process import find
from tests.journeys.support.clients import Agent
from tests.journeys.support.house import House, start_house, stop_house
from tests.plugins.voice.support.engine import asterisk, cache
from tests.plugins.voice.support.phone import Phone

__all__ = ["asterisk"]

CALLER_HZ, AGENT_HZ = 440.0, 620.0
ENGINE = """
[engine]
sip_host = "127.0.0.1"
sip_port = 0
rtp_first = 24_002
rtp_last = 25_000
prefix = "{prefix}"
"""


@pytest.fixture
async def phone_house(tmp_path: Path, asterisk: Asterisk) -> AsyncIterator[House]:
    """A demo house whose engine is fetched already."""
    data = tmp_path / "data"
    data.mkdir()
    (data / "lianxin.toml").write_text(ENGINE.format(prefix=cache()))
    running = await start_house(data, "--demo")
    yield running
    await stop_house(running)
    if (engine := find(Layout(data.resolve() / "engine"))) is not None:
        await engine.kill()


async def sip_port(house: House) -> int:
    """Return the engine's port once it runs."""
    note = house.data / "engine" / "engine.json"
    async with asyncio.timeout(60):
        while not note.exists():
            await asyncio.sleep(0.1)
    return int(json.loads(note.read_text())["sip_port"])


async def registered(phone: Phone) -> None:
    """Return when the phone is registered: engine, plugin and account are on their way, and UDP gets lost."""
    async with asyncio.timeout(60):
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(2):
                    if await phone.register() == 200:
                        return
            await asyncio.sleep(0.1)


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def test_a_call_reaches_the_agent_and_outlives_its_plugin_and_hub(phone_house: House) -> None:
    house, port = phone_house, free_port()
    async with Agent(house.url, "admin", house.first_password) as admin:
        await admin.call("PUT", "/session/password", current=house.first_password, new="correct-horse-77")
        trunk_settings = {"name": "trunk", "host": "127.0.0.1", "port": port, "codecs": ["ulaw"]}
        await admin.call(
            "PUT", "/instances/voice-main",
            plugin="voice", settings={"trunks": [trunk_settings]}, is_enabled=True, probe=False,
        )  # fmt: skip
        users = await admin.call("GET", "/users")
        user_id = next(user["user_id"] for user in users["items"] if user["username"] == "zhou")
        await admin.call("PATCH", f"/users/{user_id}", granted=["call.desk_phone"])
    server = ("127.0.0.1", await sip_port(house))
    trunk = Phone(server, "trunk")
    trunk.port = port
    async with trunk, Agent(house.url, "zhou", PASSWORD) as zhou:
        account = await zhou.call("POST", "/phone/sip")
        async with Phone(server, account["phone_id"], password=account["secret"]) as desk:
            await registered(desk)
            await zhou.sit_down()
            async with trunk.call("12345", caller="13800138000") as call:
                await call.answered(within_s=20)
                await call.press("0")
                ringing = await desk.rings(within_s=20)
                await ringing.answer()
                call.say(CALLER_HZ)
                ringing.say(AGENT_HZ)
                await call.hears(AGENT_HZ)
                await ringing.hears(CALLER_HZ)
                call.arrivals.clear()
                for victim in ("core.host", "-m hub", "nats-server"):
                    assert house.pids(victim), victim
                    house.kill(victim)
                await call.heard_for(4.0)
                assert call.missing_s < 0.2
                await call.hears(AGENT_HZ)
                await ringing.hears(CALLER_HZ)
                await call.hang_up()
                assert await ringing.ended(within_s=40) == "BYE"
            await zhou.until(
                lambda: any(row["state"] == "wrap_up" for row in zhou.tables["conversations"].values()), within_s=40
            )
            conversation_id = next(iter(zhou.tables["conversations"]))

            async def is_recorded() -> bool:
                thread = await zhou.call("GET", f"/conversations/{conversation_id}/entries")
                return any(entry.get("attachments") for entry in thread["items"])

            async with asyncio.timeout(20):
                while not await is_recorded():
                    await asyncio.sleep(0.2)
