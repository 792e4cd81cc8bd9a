"""What the hub and a channel hold in memory: 60 agents at their desks, 5,000 open conversations, idle sockets.

``python -m benchmarks.memory [--agents 60] [--conversations 5000] [--idle 1000]``. Starts a whole house, as
``lianxin run --demo`` would, and reads the resident memory of its processes from /proc. Targets: hub 200 MB,
an idle channel 50 MB, 14 KB for an idle web socket.
"""

import argparse
import asyncio
import contextlib
import gc
import tempfile
from pathlib import Path
from typing import Any, Final

import aiohttp

from tests.journeys.support.clients import Agent, Citizen
from tests.journeys.support.house import House, start_house, stop_house
from tests.journeys.support.storm import lift_limits

PASSWORD: Final = "benchmark-of-77-agents"
ADMIN_PASSWORD: Final = "a whole new sentence"  # lift_limits sets it
SOCKETS_EACH: Final = 8  # the most one user may open
AT_ONCE: Final = 50
RESTART_S: Final = 60.0
SETTLE_S: Final = 3.0  # until buffers of what just happened are given back


def resident_kb(house: House, name: str) -> int:
    """Return the resident memory of the house's process whose command line has ``name``."""
    (pid,) = house.pids(name)
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    raise ValueError(f"process {pid} has no resident memory")


async def settled_kb(house: House, name: str) -> int:
    """Return the resident memory once things have calmed down."""
    await asyncio.sleep(SETTLE_S)
    gc.collect()
    return resident_kb(house, name)


async def restart_hub(house: House) -> None:
    """Kill the hub and return when another serves: the very first one keeps what migrating a new database took."""
    (old,) = house.pids("-m hub")
    house.kill("-m hub")
    async with asyncio.timeout(RESTART_S), aiohttp.ClientSession() as http:
        while old in house.pids("-m hub") or not await _serves(http, house.url):
            await asyncio.sleep(0.2)


async def _serves(http: aiohttp.ClientSession, url: str) -> bool:
    try:
        async with http.get(f"{url}/api/v1/openapi.json") as response:
            return response.status < 500
    except aiohttp.ClientError:
        return False


async def make_agents(house: House, count: int) -> list[Agent]:
    """Make accounts, log in and sit down at the desk, busy."""
    agents: list[Agent] = []
    async with Agent(house.url, "admin", ADMIN_PASSWORD) as admin:
        for number in range(count):
            made = await admin.call(
                "POST",
                "/users",
                username=f"agent-{number}",
                display_name=f"坐席{number}",
                work_number=f"7{number:03}",
                queue_ids=["general"],
            )
            agent = Agent(house.url, f"agent-{number}", made["password"])
            await agent.__aenter__()
            await agent.call("PUT", "/session/password", current=made["password"], new=PASSWORD)
            await agent.open_desk()
            agents.append(agent)
    return agents


async def ask(house: House, number: int) -> None:
    """Let one citizen ask for a person, and go."""
    async with Citizen(house.url) as citizen:
        await citizen.say("人工")
        await citizen.until(lambda: citizen.situation == "queued", 120)


async def open_conversations(house: House, count: int) -> None:
    """Let ``count`` citizens wait for a person."""
    slots = asyncio.Semaphore(AT_ONCE)

    async def one(number: int) -> None:
        async with slots:
            await ask(house, number)

    await asyncio.gather(*(one(number) for number in range(count)))


async def idle_widgets(house: House, http: aiohttp.ClientSession, count: int) -> list[Any]:
    """Open widget sockets that say hello and then nothing."""
    url = f"{house.url}/channels/web_chat-main/ws"
    sockets = []
    for _ in range(count):
        socket = await http.ws_connect(url, headers={"Origin": house.url})
        await socket.send_json({"type": "hello", "last": 0, "language": "zh-CN"})
        await socket.receive()
        sockets.append(socket)
    return sockets


async def idle_desks(agents: list[Agent]) -> list[Any]:
    """Open as many further desks as every agent may."""
    sockets = []
    for agent in agents:
        for _ in range(SOCKETS_EACH - 1):
            socket = await agent.http.ws_connect(f"{agent.url}/api/v1/desktop", headers={"Origin": agent.url})
            await socket.send_json({"type": "hello", "epoch": None, "seq": 0})
            await socket.receive()
            sockets.append(socket)
    return sockets


async def measure(folder: Path, agents: int, conversations: int, idle: int) -> None:
    """Print everything."""
    data = folder / "house"
    data.mkdir()
    (data / "lianxin.toml").write_text("[limits]\ncalls_per_second = 100000\nlogins_per_minute = 100000\n")
    house = await start_house(data, "--demo")
    try:
        await lift_limits(house)
        fresh_hub, fresh_plugin = await settled_kb(house, "-m hub"), await settled_kb(house, "core.host")
        print(f"first run  hub {fresh_hub / 1024:6.1f} MB   web_chat {fresh_plugin / 1024:6.1f} MB (target 50)")
        await restart_hub(house)
        print(f"restarted  hub {await settled_kb(house, '-m hub') / 1024:6.1f} MB", flush=True)
        people = await make_agents(house, agents)
        seated = await settled_kb(house, "-m hub")
        print(f"{agents} desks   hub {seated / 1024:6.1f} MB")
        desks = await idle_desks(people)
        per_desk = (await settled_kb(house, "-m hub") - seated) / len(desks)
        print(f"an idle desk socket {per_desk:6.1f} KB (target 14)")
        for socket in desks:
            await socket.close()
        before_hub, before_plugin = await settled_kb(house, "-m hub"), await settled_kb(house, "core.host")
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http:
            widgets = await idle_widgets(house, http, idle)
            hub, plugin = await settled_kb(house, "-m hub"), await settled_kb(house, "core.host")
            print(
                f"an idle widget socket {(plugin - before_plugin) / idle:6.1f} KB in web_chat (target 14), "
                f"{(hub - before_hub) / idle:6.1f} KB in the hub that passes it on"
            )
            for widget in widgets:
                await widget.close()
        await open_conversations(house, conversations)
        full_hub, full_plugin = await settled_kb(house, "-m hub"), await settled_kb(house, "core.host")
        print(
            f"{agents} desks, {conversations} conversations   hub {full_hub / 1024:6.1f} MB (target 200)   "
            f"web_chat {full_plugin / 1024:6.1f} MB"
        )
        for person in people:
            with contextlib.suppress(aiohttp.ClientError):
                await person.__aexit__(None, None, None)
    finally:
        await stop_house(house)


def main() -> None:
    """Measure with the sizes of the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--agents", type=int, default=60)
    parser.add_argument("--conversations", type=int, default=5_000)
    parser.add_argument("--idle", type=int, default=1_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(measure(Path(folder), options.agents, options.conversations, options.idle))


if __name__ == "__main__":
    main()
