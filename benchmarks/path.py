"""The whole path against its ceiling: citizen → JetStream → store → agent's socket, and back.

``python -m benchmarks.path [--messages 3200] [--runs 3]``. The ceiling is measured in the same run, on the same
disk: the same payload published, acknowledged and consumed with bare nats-py on a server with
``sync_interval: always``, one hop each way, and one SQLite transaction each way. Prints rates, their ratio, and
median latencies one at a time.
"""

import argparse
import asyncio
import contextlib
import json
import sqlite3
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import nats

from core.ids import new_id
from core.testing.nats import NatsServer
from tests.journeys.support.clients import Agent, Citizen
from tests.journeys.support.house import House, start_house, stop_house
from tests.journeys.support.storm import lift_limits

TEXT = "问" * 64  # 192 bytes of UTF-8, about 256 with what surrounds it
PEOPLE = 32


async def measure_path(folder: Path, messages: int) -> tuple[float, float, float, float]:
    """Return messages a second in and out, and the median latencies in and out in seconds."""
    (folder / "house").mkdir()
    (folder / "house" / "lianxin.toml").write_text("[limits]\ncalls_per_second = 100000\n")
    house = await start_house(folder / "house", "--demo")
    try:
        await lift_limits(house)
        agent = await _strong_agent(house)
        async with agent, contextlib.AsyncExitStack() as stack:
            await agent.sit_down()
            people = [await stack.enter_async_context(Citizen(house.url)) for _ in range(PEOPLE)]
            pairs = []
            for person in people:
                await person.say("人工")
                pairs.append((person, await agent.take_offer()))
            one, conversation_id = pairs[0]
            in_s = await _latency(one.say, lambda: agent.count("in"), agent)
            out_s = await _latency(lambda text: agent.say(conversation_id, text), lambda: len(one.heard("agent")), one)
            each = messages // PEOPLE
            start, began = agent.count("in"), time.monotonic()
            await asyncio.gather(*(_ask(person, each) for person in people))
            await agent.until(lambda: agent.count("in") >= start + each * PEOPLE, within_s=120)
            in_rate = each * PEOPLE / (time.monotonic() - began)
            began = time.monotonic()
            heard = {person: len(person.heard("agent")) for person in people}
            await asyncio.gather(*(_answer(agent, conversation, each) for _, conversation in pairs))
            for person in people:
                wanted = heard[person] + each
                await person.until(lambda: len(person.heard("agent")) >= wanted, within_s=120)  # noqa: B023 - awaited here
            out_rate = each * PEOPLE / (time.monotonic() - began)
            return in_rate, out_rate, in_s, out_s
    finally:
        await stop_house(house)


async def _strong_agent(house: House) -> Agent:
    """Make an agent who serves as many chats as there are people; the others are not logged in."""
    async with Agent(house.url, "admin", "a whole new sentence") as admin:
        made = await admin.call(
            "POST", "/users", username="strong", display_name="强", work_number="9999", queue_ids=["general"],
            capacities={"chat": 100},
        )  # fmt: skip
        async with Agent(house.url, "strong", made["password"]) as first:
            await first.call("PUT", "/session/password", current=made["password"], new="another whole sentence")
    return Agent(house.url, "strong", "another whole sentence")


async def _ask(person: Citizen, count: int) -> None:
    for _ in range(count):
        cid = await person.say(TEXT)
        await person.until(lambda cid=cid: cid in person.acked, within_s=60)  # type: ignore[misc]


async def _answer(agent: Agent, conversation_id: str, count: int) -> None:
    for _ in range(count):
        await agent.say(conversation_id, TEXT)


async def _latency(act: Any, seen: Any, watcher: Citizen | Agent, turns: int = 60) -> float:
    times = []
    for _ in range(turns):
        before, began = seen(), time.monotonic()
        await act(TEXT)
        await watcher.until(lambda before=before: seen() > before)  # type: ignore[misc]
        times.append(time.monotonic() - began)
    return statistics.median(times)


async def measure_ceiling(folder: Path, messages: int) -> tuple[float, float]:
    """Return round trips a second with 32 in flight, and the median one-way latency in seconds."""
    store = folder / "nats"
    store.mkdir()
    server = NatsServer(store, config=f'jetstream {{ store_dir: "{store}/jetstream", sync_interval: always }}\n')
    await asyncio.to_thread(server.start)
    try:
        client = await nats.connect(server.url)
        js = client.jetstream()
        for name in ("there", "back"):
            await js.add_stream(name=name, subjects=[name])
        there = await js.pull_subscribe("there", durable="there")
        back = await js.pull_subscribe("back", durable="back")
        with contextlib.closing(_database(folder / "ceiling.db")) as database:
            relay = asyncio.create_task(_relay(js, there, database))
            arrived: dict[str, asyncio.Future[None]] = {}
            reader = asyncio.create_task(_read(back, database, arrived))
            times = []
            for _ in range(60):
                began = time.monotonic()
                await _round(js, arrived)
                times.append((time.monotonic() - began) / 2)
            began = time.monotonic()
            async with asyncio.TaskGroup() as group:
                for _ in range(PEOPLE):
                    group.create_task(_rounds(js, arrived, messages // PEOPLE))
            rate = messages / (time.monotonic() - began)
            relay.cancel()
            reader.cancel()
            await asyncio.gather(relay, reader, return_exceptions=True)
        await client.close()
        return rate, statistics.median(times)
    finally:
        server.kill()


def _database(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("PRAGMA synchronous=FULL")
    database.execute("CREATE TABLE entry (id TEXT PRIMARY KEY, way TEXT, text TEXT)")
    return database


def _store(database: sqlite3.Connection, way: str, message: Any) -> str:
    value = json.loads(message.data)
    database.execute("BEGIN IMMEDIATE")
    database.execute("INSERT INTO entry VALUES (?, ?, ?)", (way + value["id"], way, value["text"]))
    database.execute("COMMIT")
    identifier: str = value["id"]
    return identifier


async def _relay(js: Any, there: Any, database: sqlite3.Connection) -> None:
    while True:
        with contextlib.suppress(nats.errors.TimeoutError):
            for message in await there.fetch(64, timeout=1):
                _store(database, "in", message)
                await message.ack()
                await js.publish("back", message.data)


async def _read(back: Any, database: sqlite3.Connection, arrived: dict[str, asyncio.Future[None]]) -> None:
    while True:
        with contextlib.suppress(nats.errors.TimeoutError):
            for message in await back.fetch(64, timeout=1):
                arrived.pop(_store(database, "out", message)).set_result(None)
                await message.ack()


async def _round(js: Any, arrived: dict[str, asyncio.Future[None]]) -> None:
    identifier = new_id()
    future = arrived[identifier] = asyncio.get_running_loop().create_future()
    await js.publish("there", json.dumps({"id": identifier, "text": TEXT}).encode())
    await future


async def _rounds(js: Any, arrived: dict[str, asyncio.Future[None]], count: int) -> None:
    for _ in range(count):
        await _round(js, arrived)


async def run(messages: int) -> tuple[float, ...]:
    """Measure both once, in folders beside each other; return the four ratios after printing the figures."""
    with tempfile.TemporaryDirectory() as folder:
        rate, one_way = await measure_ceiling(Path(folder), messages)
        in_rate, out_rate, in_s, out_s = await measure_path(Path(folder), messages)
    both_ways = 1 / (1 / in_rate + 1 / out_rate)
    print(f"ceiling: {rate:6.0f} round trips/s, {one_way * 1e3:5.1f} ms one way")
    print(f"path:    {in_rate:6.0f} in/s, {out_rate:6.0f} out/s = {both_ways:6.0f} round trips/s;"
          f" {in_s * 1e3:5.1f} ms in, {out_s * 1e3:5.1f} ms out")  # fmt: skip
    return both_ways / rate, in_s / one_way, out_s / one_way


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=3_200)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    ratios = [asyncio.run(run(options.messages)) for _ in range(options.runs)]
    rate, latency_in, latency_out = (statistics.median(column) for column in zip(*ratios, strict=True))
    print(f"median ratios to the ceiling: rate {rate:.2f}, latency in {latency_in:.1f}x, out {latency_out:.1f}x")
    return 0


if __name__ == "__main__":
    sys.exit(main())
