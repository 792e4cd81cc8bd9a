"""Kills what a talk does not need, one after the other, and measures what is noticed of it.

The whole house runs; a citizen and an agent with a desk phone talk and are recorded. The gap is the longest time in
which no RTP came to the citizen, by the kernel's clock; the desk has the call back when an order of the agent, hold, is
heard by the citizen. Exit status 1 when a gap is above 200 ms, the desk takes more than 3 s, or a recording is short.
"""

import asyncio
import contextlib
import sqlite3
import sys
import tempfile
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from hub.engine.install import install
from tests.journeys.support.house import House
from tests.journeys.support.phones import AGENT_HZ, CALLER_HZ, Office, enable_voice, running_office, running_phone_house
from tests.plugins.voice.support.engine import cache
from tests.plugins.voice.support.phone import free_port

VICTIMS = {"voice plugin": "core.host", "hub": "-m hub", "nats-server": "nats-server"}
MAX_GAP_S = 0.2
MAX_BACK_S = 3.0
MAX_MISSING_S = 1.0  # of a recording; it begins when the agent answers and ends with the call
WITHIN_S = 60.0


@dataclass(frozen=True)
class Outcome:
    """What was noticed of one death."""

    gap_s: float
    back_s: float
    missing_s: float


async def kill_in_talk(house: House, office: Office, victim: str) -> Outcome:
    """Kill ``victim`` in the middle of a talk."""
    zhou, recorded = office.zhou, lengths(house)
    async with office.talk() as (call, desk):
        call.say(CALLER_HZ)
        desk.say(AGENT_HZ)
        await call.hears(AGENT_HZ)
        await desk.hears(CALLER_HZ)
        talking = time.monotonic()
        await zhou.until(lambda: bool(active(office)))
        [conversation_id] = active(office)
        await call.heard_for(2.0)
        call.arrivals.clear()
        assert house.pids(VICTIMS[victim]), f"there is no {victim}"
        house.kill(VICTIMS[victim])
        died = time.monotonic()
        await hold(office, conversation_id, is_held=True)
        await call.hears_else(AGENT_HZ, within_s=WITHIN_S)
        back_s = time.monotonic() - died
        await hold(office, conversation_id, is_held=False)
        await call.hears(AGENT_HZ, within_s=WITHIN_S)
        await desk.hears(CALLER_HZ, within_s=WITHIN_S)
        await call.heard_for(2.0)
        gap_s = call.longest_gap_s
        talked_s = time.monotonic() - talking
        await call.hang_up()
        await desk.ended(within_s=WITHIN_S)
    async with asyncio.timeout(WITHIN_S):
        while len(now := lengths(house)) == len(recorded):
            await asyncio.sleep(0.2)
    await zhou.until(lambda: zhou.conversation(conversation_id).get("state") == "wrap_up", within_s=WITHIN_S)
    await zhou.call("POST", f"/conversations/{conversation_id}/wrap-up", code="answered", summary="", tags=[])
    return Outcome(gap_s, back_s, talked_s - now[-1])


def active(office: Office) -> list[str]:
    """Return the conversations that the agent is in."""
    return [key for key, row in office.zhou.tables["conversations"].items() if row["state"] == "active"]


async def hold(office: Office, conversation_id: str, *, is_held: bool) -> None:
    """Return when the hub has taken the order, which it is given again and again."""
    async with asyncio.timeout(WITHIN_S):
        while True:
            with contextlib.suppress(aiohttp.ClientError, TimeoutError):
                path = f"/conversations/{conversation_id}/call/hold"
                status, _ = await office.zhou.try_call("PUT", path, is_held=is_held)
                if status < 400:
                    return
            await asyncio.sleep(0.05)


def lengths(house: House) -> list[float]:
    """Return how long the recordings are, the newest last."""
    with closing(sqlite3.connect(f"file:{house.data / 'hub.db'}?mode=ro", uri=True)) as database:
        return [length_s for (length_s,) in database.execute("select length_s from recording order by started_at")]


async def run() -> bool:
    """Tell whether everything went as it should."""
    await install(cache(), lambda percent, text: None)
    port, is_good = free_port(), True
    with tempfile.TemporaryDirectory(prefix="lianxin-outages-") as name:
        async with running_phone_house(Path(name) / "data") as house:
            await enable_voice(house, port)
            async with running_office(house, port) as office:
                for victim in VICTIMS:
                    one = await kill_in_talk(house, office, victim)
                    is_good &= one.gap_s <= MAX_GAP_S and one.back_s <= MAX_BACK_S and one.missing_s <= MAX_MISSING_S
                    print(
                        f"{victim:<12} longest gap {1_000 * one.gap_s:.0f} ms, desk back after {one.back_s:.1f} s, "
                        f"recording without {max(0.0, one.missing_s):.1f} s",
                        flush=True,
                    )
    return is_good


if __name__ == "__main__":
    sys.exit(0 if asyncio.run(run()) else 1)
