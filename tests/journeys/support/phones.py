"""A house with telephony: its engine, a carrier's line, a desk phone, and a talk between the two."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hub.demo import PASSWORD
from hub.engine.layout import Layout
from hub.engine.process import find
from tests.journeys.support.clients import Agent
from tests.journeys.support.house import House, start_house, stop_house
from tests.plugins.voice.support.call import Call
from tests.plugins.voice.support.engine import cache
from tests.plugins.voice.support.phone import Phone

CALLER_HZ, AGENT_HZ = 440.0, 620.0
NEW_PASSWORD = "correct-horse-77"
CALLER = "13800138000"
ENGINE = """
[engine]
sip_host = "127.0.0.1"
sip_port = 0
rtp_first = 24_002
rtp_last = 25_000
prefix = "{prefix}"
"""


@asynccontextmanager
async def running_phone_house(data: Path) -> AsyncIterator[House]:
    """Run a demo house whose engine is fetched already."""
    await asyncio.to_thread(_write_settings, data)
    running = await start_house(data, "--demo")
    try:
        yield running
    finally:
        await stop_house(running)
        if (engine := find(Layout(data.resolve() / "engine"))) is not None:
            await engine.kill()


def _write_settings(data: Path) -> None:
    data.mkdir()
    (data / "lianxin.toml").write_text(ENGINE.format(prefix=cache()))


async def enable_voice(house: House, port: int, *, others: dict[str, dict[str, Any]] | None = None) -> None:
    """Enable telephony with a trunk at ``port``, and ``others``, settings by plugin; zhou may have a desk phone."""
    trunk = {"name": "trunk", "host": "127.0.0.1", "port": port, "codecs": ["ulaw"]}
    wanted: dict[str, dict[str, Any]] = {**(others or {}), "voice": {"trunks": [trunk]}}
    async with Agent(house.url, "admin", house.first_password) as admin:
        await admin.call("PUT", "/session/password", current=house.first_password, new=NEW_PASSWORD)
        for plugin, settings in wanted.items():
            await admin.call(
                "PUT", f"/instances/{plugin}-main", plugin=plugin, settings=settings, is_enabled=True, probe=False
            )
        users = await admin.call("GET", "/users")
        user_id = next(user["user_id"] for user in users["items"] if user["username"] == "zhou")
        await admin.call("PATCH", f"/users/{user_id}", granted=["call.desk_phone"])


async def sip_server(house: House) -> tuple[str, int]:
    """Return where the engine speaks SIP once it runs."""
    note = house.data / "engine" / "engine.json"
    async with asyncio.timeout(60):
        while not note.exists():
            await asyncio.sleep(0.1)
    return "127.0.0.1", int(json.loads(note.read_text())["sip_port"])


async def registered(phone: Phone) -> None:
    """Return when the phone is registered: engine, plugin and account are on their way, and UDP gets lost."""
    async with asyncio.timeout(60):
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(2):
                    if await phone.register() == 200:
                        return
            await asyncio.sleep(0.1)


@dataclass
class Office:
    """An agent on shift at a desk with a telephone, and the carrier's line that citizens call over."""

    zhou: Agent
    desk: Phone
    trunk: Phone

    @asynccontextmanager
    async def talk(self) -> AsyncIterator[tuple[Call, Call]]:
        """Yield a citizen's and the agent's side of a call that was answered."""
        async with self.trunk.call("12345", caller=CALLER) as call:
            await call.answered(within_s=20)
            await call.press("0")
            ringing = await self.desk.rings(within_s=20)
            await ringing.answer()
            yield call, ringing


@asynccontextmanager
async def running_office(house: House, port: int) -> AsyncIterator[Office]:
    """Yield the people around a house whose telephony was enabled with a trunk at ``port``."""
    server = await sip_server(house)
    trunk = Phone(server, "trunk")
    trunk.port = port
    async with trunk, Agent(house.url, "zhou", PASSWORD) as zhou:
        account = await zhou.call("POST", "/phone/sip")
        async with Phone(server, account["phone_id"], password=account["secret"]) as desk:
            await registered(desk)
            await zhou.sit_down()
            yield Office(zhou, desk, trunk)
