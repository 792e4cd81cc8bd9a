"""What the hub and a channel hold in memory: 60 agents at their desks, 5,000 open conversations, idle sockets.

``python -m benchmarks.memory [--agents 60] [--conversations 5000] [--idle 500]``. Starts a whole house, as
``lianxin run --demo`` would, and reads the resident memory of its processes from /proc. Targets: hub 200 MB,
an idle channel 50 MB, 14 KB for an idle web socket.

An idle socket costs what one more of them makes its process grow, whatever holds it: connection, framing, tasks,
session; the kernel's buffers are not counted. Sockets are opened in rounds; the first fills what the process keeps
for reuse, the median of the others counts. Beside it stands a bare aiohttp server that does nothing but answer,
measured in the same way in the same run.
"""

import argparse
import asyncio
import contextlib
import statistics
import sys
import tempfile
from collections.abc import Awaitable, Callable
from itertools import pairwise
from pathlib import Path
from typing import Final

import aiohttp
import uvloop
from aiohttp import ClientWebSocketResponse, web

from tests.journeys.support.clients import Agent, Citizen
from tests.journeys.support.house import House, start_house, stop_house
from tests.journeys.support.storm import lift_limits

PASSWORD: Final = "benchmark-of-77-agents"
ADMIN_PASSWORD: Final = "a whole new sentence"  # lift_limits sets it
SOCKETS_EACH: Final = 8  # the most one user may open
WIDGET_ROUNDS: Final = 6
AT_ONCE: Final = 50
RESTART_S: Final = 60.0
SETTLE_S: Final = 3.0  # until buffers of what just happened are given back
CHROME: Final = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36"
BROWSER: Final = {"User-Agent": CHROME, "Accept-Language": "zh-CN,zh;q=0.9", "Cache-Control": "no-cache"}

Add = Callable[[int], Awaitable[ClientWebSocketResponse]]


def resident_kb(pid: int) -> int:
    """Return the resident memory of a process."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    raise ValueError(f"process {pid} has no resident memory")


def pid_of(house: House, name: str) -> int:
    """Return the house's process whose command line has ``name``."""
    (pid,) = house.pids(name)
    return pid


async def settled_kb(house: House, name: str) -> int:
    """Return the resident memory once things have calmed down."""
    await asyncio.sleep(SETTLE_S)
    return resident_kb(pid_of(house, name))


async def growth_kb(pids: list[int], add: Add, *, rounds: int, size: int) -> list[float]:
    """Return by how much each process grew for one more idle socket; ``add`` opens the nth of a round."""
    sockets: list[ClientWebSocketResponse] = []
    seen: list[list[int]] = []
    for _ in range(rounds + 1):
        sockets += [await add(number) for number in range(size)]
        await asyncio.sleep(SETTLE_S)
        seen.append([resident_kb(pid) for pid in pids])
    await asyncio.gather(*(socket.close() for socket in sockets))
    steps = [[(after - before) / size for before, after in zip(*pair, strict=True)] for pair in pairwise(seen)]
    return [statistics.median(step[at] for step in steps) for at in range(len(pids))]


async def serve_bare() -> None:
    """Serve sockets that do nothing but answer, and print where."""

    async def answer(request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse(compress=False)
        await socket.prepare(request)
        async for message in socket:
            await socket.send_str(message.data)
        return socket

    app = web.Application()
    app.router.add_get("/", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    print(f"http://127.0.0.1:{runner.addresses[0][1]}/", flush=True)
    await asyncio.Event().wait()


async def bare_kb(size: int) -> float:
    """Return what an idle socket of a bare aiohttp server takes."""
    words = [sys.executable, "-m", "benchmarks.memory", "--serve-bare"]
    process = await asyncio.create_subprocess_exec(*words, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    try:
        url = (await process.stdout.readline()).decode().strip()
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0), headers=BROWSER) as http:

            async def add(_: int) -> ClientWebSocketResponse:
                socket = await http.ws_connect(url, headers={"Origin": url})
                await socket.send_json({"type": "hello", "last": 0, "language": "zh-CN"})
                await socket.receive()
                return socket

            (bare,) = await growth_kb([process.pid], add, rounds=WIDGET_ROUNDS, size=size)
            return bare
    finally:
        process.kill()
        await process.wait()


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


async def widgets_kb(house: House, size: int) -> list[float]:
    """Return what an idle widget's socket takes in web_chat, and in the hub that passes it on."""
    url = f"{house.url}/channels/web_chat-main/ws"
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0), headers=BROWSER) as http:

        async def add(_: int) -> ClientWebSocketResponse:
            socket = await http.ws_connect(url, headers={"Origin": house.url})
            await socket.send_json({"type": "hello", "last": 0, "language": "zh-CN"})
            await socket.receive()
            return socket

        pids = [pid_of(house, "core.host"), pid_of(house, "-m hub")]
        return await growth_kb(pids, add, rounds=WIDGET_ROUNDS, size=size)


async def desks_kb(house: House, agents: list[Agent]) -> float:
    """Return what one more desk takes, every agent opening as many as they may."""

    async def add(number: int) -> ClientWebSocketResponse:
        agent = agents[number]
        url = f"{agent.url}/api/v1/desktop"
        socket = await agent.http.ws_connect(url, headers={**BROWSER, "Origin": agent.url})
        await socket.send_json({"type": "hello", "epoch": None, "seq": 0})
        await socket.receive()
        return socket

    (desk,) = await growth_kb([pid_of(house, "-m hub")], add, rounds=SOCKETS_EACH - 2, size=len(agents))
    return desk


async def measure(folder: Path, agents: int, conversations: int, idle: int) -> None:
    """Print everything."""
    bare = await bare_kb(idle)
    print(f"a bare aiohttp socket                {bare:6.1f} KB", flush=True)

    def socket_line(what: str, kb: float) -> None:
        print(f"{what:36} {kb:6.1f} KB (target 14; {kb / bare:.2f} of the bare one)", flush=True)

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
        print(f"{agents} desks   hub {await settled_kb(house, '-m hub') / 1024:6.1f} MB", flush=True)
        socket_line("an idle desk's socket", await desks_kb(house, people))
        in_channel, in_hub = await widgets_kb(house, idle)
        socket_line("an idle widget's socket in web_chat", in_channel)
        socket_line("the same in the hub, passed on", in_hub)
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
    parser.add_argument("--idle", type=int, default=500, help="widget sockets in a round")
    parser.add_argument("--serve-bare", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve_bare:
        uvloop.run(serve_bare())
        return
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(measure(Path(folder), options.agents, options.conversations, options.idle))


if __name__ == "__main__":
    main()
