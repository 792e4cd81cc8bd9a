"""A day in fast motion: SIPp's callers, at random, against agents with phones, held against Erlang C.

The whole house runs: engine, plugin, bus, hub. Callers go straight to the queue; an agent's phone is lifted when it
rings and put down after a random while, then the agent finishes the wrap-up at the desk. How long services took is
measured, everything around a talk included; the waits are those the hub noted. The band is what 95 of 100 days with as
many callers and agents and such services would show. Exit status 1 when the day lies outside, a desk shows an offer
later than 300 ms after it was made, somebody was overtaken, an agent is stuck, a call haunts engine or hub, or a
recording is lost. Needs SIPp.
"""

import argparse
import asyncio
import heapq
import itertools
import random
import shutil
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack, closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import aiohttp

from benchmarks.phone import cpu_s
from hub.engine.install import install
from hub.engine.layout import Layout
from hub.engine.process import find
from hub.routing.erlang import erlang_c, mean_wait
from plugins.voice.ari import Ari
from tests.journeys.support.clients import Agent
from tests.journeys.support.house import House
from tests.journeys.support.phones import NEW_PASSWORD, enable_voice, registered, running_phone_house, sip_server
from tests.plugins.voice.support.engine import cache
from tests.plugins.voice.support.phone import Phone, free_port
from tests.plugins.voice.support.scenarios import caller
from tests.plugins.voice.support.sipp import sipp, successful

FLOW = {
    "name": "phone",
    "version": 1,
    "title": {"zh": "排队", "en": "Queue"},
    "start": "people",
    "human": "people",
    "nodes": {"people": {"step": "queue", "text": {"zh": "请稍候。", "en": "Please wait."}, "queue_id": "general"}},
}
POP_MS = 300.0
PARTS = {"hub": "-m hub", "plugins": "core.host", "nats-server": "nats-server"}
AT_ONCE_S = 0.25  # what is decided sooner did not wait
DAYS = 2_000
LOOK_S = 60.0  # for what is still on its way at the end
WAITS = """select work_item.enqueued_at, min(offer.made_at) from work_item join offer using (work_id)
where work_item.channel_class = 'call' group by work_id order by work_item.enqueued_at"""
GHOSTS = """select count(*) from phone_call where ended_at is null"""
STUCK = """select count(*) from work_item where state in ('waiting', 'offered', 'assigned')"""
TALKS = "select count(*) from phone_call where talked_at is not null"
RECORDINGS = "select count(*) from recording"
# of a talk that was over at once there may be nothing to record
LOST = """select count(*) from call_leg where role = 'agent'
and (julianday(ended_at) - julianday(answered_at)) * 86400 > 2 and call_id not in (select call_id from recording)"""


@dataclass(frozen=True)
class Plan:
    """What kind of day it is."""

    agents: int
    calls: int
    minutes: float
    talk_s: float
    seed: int
    kills: int


@dataclass(frozen=True)
class Day:
    """What came of it; ``cpu_ms`` is by part of the house, for each call."""

    served: int
    services_s: list[float]
    pops_ms: list[float]
    cpu_ms: dict[str, float]


async def set_up(house: House, plan: Plan) -> list[tuple[str, str]]:
    """Lead callers straight to the queue; return the agents' names and passwords."""
    made = []
    async with Agent(house.url, "admin", NEW_PASSWORD) as admin:
        saved = await admin.call("POST", "/flows/phone/versions", graph=FLOW)
        await admin.call("POST", "/flows/phone/publish", version=saved["version"])
        for number in range(plan.agents):
            name = f"day-{number}"
            new = {"display_name": name, "work_number": f"77{number:02}", "queue_ids": ["general"]}
            account = await admin.call("POST", "/users", username=name, **new)
            await admin.call("PATCH", f"/users/{account['user']['user_id']}", granted=["call.desk_phone"])
            made.append((name, account["password"]))
    return made


async def watch(agent: Agent, pops_ms: list[float]) -> None:
    """Note how long after each offer the desk shows it."""
    seen: set[str] = set()
    while True:
        await agent.until(lambda: bool(agent.tables["offers"].keys() - seen), within_s=86_400)
        now = datetime.now(UTC)
        for key in agent.tables["offers"].keys() - seen:
            seen.add(key)
            made_at = datetime.fromisoformat(agent.tables["offers"][key]["made_at"])
            pops_ms.append(1_000 * (now - made_at).total_seconds())


async def serve(agent: Agent, phone: Phone, talk_s: Callable[[], float], services_s: list[float]) -> None:
    """Serve one caller after another."""
    while True:
        call = await phone.rings(within_s=86_400)
        began = time.monotonic()
        await call.answer()
        await asyncio.sleep(talk_s())
        await call.close()
        with suppress(TimeoutError):  # whose phone was lifted and put down while the plugin was away served nobody
            await agent.until(lambda: bool(wrapping_up(agent)), within_s=10)
        for conversation_id in wrapping_up(agent):
            await finish(agent, conversation_id)
        services_s.append(time.monotonic() - began)


async def finish(agent: Agent, conversation_id: str) -> None:
    """Finish a wrap-up, as often as it takes while the hub is away."""
    path = f"/conversations/{conversation_id}/wrap-up"
    while True:
        with suppress(aiohttp.ClientError, TimeoutError):
            status, _ = await agent.try_call("POST", path, code="answered", summary="", tags=[])
            if status < 500:
                return
        await asyncio.sleep(0.1)


async def kill(house: House, plan: Plan, randomly: random.Random) -> None:
    """Kill something of the house now and then."""
    for _ in range(plan.kills):
        await asyncio.sleep(60 * plan.minutes / (plan.kills + 1))
        victim = randomly.choice(list(PARTS))
        print(f"killing {victim}", flush=True)
        house.kill(PARTS[victim])


def wrapping_up(agent: Agent) -> list[str]:
    """Return the conversations of which the agent has to finish the wrap-up."""
    rows = agent.tables["conversations"].items()
    return [key for key, row in rows if row["state"] == "wrap_up" and row["agent_id"] == agent.me["user_id"]]


async def live(house: House, plan: Plan, port: int, folder: Path) -> Day:
    """Let the day pass."""
    randomly, services_s, pops_ms = random.Random(plan.seed), list[float](), list[float]()
    server = await sip_server(house)
    serving = []
    async with AsyncExitStack() as stack:
        for name, password in await set_up(house, plan):
            agent = await stack.enter_async_context(Agent(house.url, name, password))
            await agent.call("PUT", "/session/password", current=password, new=NEW_PASSWORD)
            account = await agent.call("POST", "/phone/sip")
            phone = Phone(server, account["phone_id"], password=account["secret"])
            await registered(await stack.enter_async_context(phone))
            await agent.sit_down()
            talk_s = lambda: randomly.expovariate(1 / plan.talk_s)  # noqa: E731 - the same for all
            serving.append(asyncio.create_task(serve(agent, phone, talk_s, services_s)))
            serving.append(asyncio.create_task(watch(agent, pops_ms)))
        serving.append(asyncio.create_task(kill(house, plan, randomly)))
        begun = spent_s(house)
        arriving = (
            f"{server[0]}:{server[1]}", "-s", "12345", "-p", str(port), "-m", str(plan.calls), "-l", str(plan.calls),
            "-r", "1000", "-timeout", str(round(60 * plan.minutes + 300)),
        )  # fmt: skip
        scenario = caller("139[call_number]0000", within_ms=round(60_000 * plan.minutes))
        async with sipp(folder, "caller", scenario, *arriving) as callers:
            _, printed = await callers.finished(within_s=60 * plan.minutes + 330)
        await settle(house)
        cpu_ms = {name: 1_000 * (spent - begun[name]) / plan.calls for name, spent in spent_s(house).items()}
        for task in serving:
            task.cancel()
        await asyncio.gather(*serving, return_exceptions=True)
    return Day(successful(printed), services_s, pops_ms, cpu_ms)


def spent_s(house: House) -> dict[str, float]:
    """Return what each part of the house has computed so far."""
    engine = find(Layout(house.data.resolve() / "engine"))
    assert engine is not None
    pids = {name: house.pids(command) for name, command in PARTS.items()} | {"engine": [engine.note.pid]}
    return {name: sum(map(cpu_s, found)) for name, found in pids.items()}


async def settle(house: House) -> None:
    """Return when nothing is on its way any more, or nothing happens any more."""
    for _ in range(round(LOOK_S)):
        if not any(ask(house, query) for query in (STUCK, GHOSTS, LOST)):
            return
        await asyncio.sleep(1)


def rows(house: House, query: str) -> list[tuple[object, ...]]:
    """Return what the hub's database answers."""
    with closing(sqlite3.connect(f"file:{house.data / 'hub.db'}?mode=ro", uri=True)) as database:
        return database.execute(query).fetchall()


def ask(house: House, query: str) -> int:
    """Return the one number that a query comes to."""
    return int(str(rows(house, query)[0][0]))


def simulated(plan: Plan, services_s: Sequence[float], randomly: random.Random) -> tuple[float, float]:
    """Return the mean wait of a day like this one, and the share that waited."""
    free = [0.0] * plan.agents
    waits = []
    for arrival in sorted(randomly.uniform(0, 60 * plan.minutes) for _ in range(plan.calls)):
        begins = max(arrival, heapq.heappop(free))
        heapq.heappush(free, begins + randomly.choice(services_s))
        waits.append(begins - arrival)
    return statistics.mean(waits), sum(wait > AT_ONCE_S for wait in waits) / len(waits)


def band(values: Sequence[float]) -> tuple[float, float]:
    """Return between what 95 of 100 values lie."""
    ordered = sorted(values)
    return ordered[round(0.025 * len(ordered))], ordered[round(0.975 * len(ordered)) - 1]


async def channels(house: House) -> int:
    """Return how many channels the engine has."""
    engine = await asyncio.to_thread(find, Layout(house.data.resolve() / "engine"))
    assert engine is not None
    access = engine.access
    async with Ari(access.url, access.username, access.password, app="day") as ari:
        return len(await ari.channels())


def judge(plan: Plan, house: House, day: Day, haunting: int) -> list[str]:
    """Print what came of the day; return what is wrong with it."""
    served, services_s = day.served, day.services_s
    times = [
        (datetime.fromisoformat(str(one)), datetime.fromisoformat(str(other))) for one, other in rows(house, WAITS)
    ]
    waits = [(offered - queued).total_seconds() for queued, offered in times]
    overtaken = sum(later < sooner for (_, sooner), (_, later) in itertools.pairwise(times))
    service_s = statistics.mean(services_s)
    load = plan.calls / (60 * plan.minutes) * service_s
    randomly = random.Random(plan.seed)
    days = [simulated(plan, services_s, randomly) for _ in range(DAYS)]
    wait_band, share_band = band([wait for wait, _ in days]), band([share for _, share in days])
    mean, share = statistics.mean(waits), sum(wait > AT_ONCE_S for wait in waits) / len(waits)
    print(f"{plan.calls} calls in {plan.minutes:g} min, {plan.agents} agents, services of {service_s:.1f} s on average")
    print(
        f"mean wait {mean:.2f} s; Erlang C {service_s * mean_wait(plan.agents, load):.2f} s at {load:.2f} erlangs, "
        f"95 of 100 such days {wait_band[0]:.2f} to {wait_band[1]:.2f} s"
    )
    print(
        f"waited {share:.0%}; Erlang C {erlang_c(plan.agents, load):.0%}, "
        f"95 of 100 such days {share_band[0]:.0%} to {share_band[1]:.0%}"
    )
    talks, recordings = ask(house, TALKS), ask(house, RECORDINGS)
    print(f"served {served}, talks {talks}, recordings {recordings}, overtaken {overtaken}")
    late_ms = sorted(day.pops_ms)[round(0.99 * len(day.pops_ms)) - 1]
    print(f"desk shows an offer after {statistics.median(day.pops_ms):.0f} ms, 99 of 100 within {late_ms:.0f} ms")
    print("CPU of a call: " + ", ".join(f"{name} {spent:.0f} ms" for name, spent in day.cpu_ms.items()))
    is_quiet = not plan.kills
    faults = {
        "a desk showed an offer late": is_quiet and late_ms > POP_MS,
        "the mean wait lies outside the band": is_quiet and not wait_band[0] <= mean <= wait_band[1],
        "the share that waited lies outside the band": is_quiet and not share_band[0] <= share <= share_band[1],
        "somebody was overtaken": overtaken > 0,
        "a call was not served to its end": served != plan.calls or len(waits) != plan.calls or talks != plan.calls,
        "a recording is lost": ask(house, LOST) > 0,
        "an agent or a piece of work is stuck": ask(house, STUCK) > 0 or len(services_s) < plan.calls,
        "a call haunts the hub": ask(house, GHOSTS) > 0,
        "a call haunts the engine": haunting > 0,
    }
    return [words for words, is_so in faults.items() if is_so]


async def run(plan: Plan) -> list[str]:
    """Return what was wrong with the day."""
    await install(cache(), lambda percent, text: None)
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="lianxin-day-") as name:
        folder = Path(name)
        async with running_phone_house(folder / "data") as house:
            await enable_voice(house, port)
            day = await live(house, plan, port, folder)
            return judge(plan, house, day, await channels(house))


def main() -> int:
    """Run the command line; return its exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--agents", type=int, default=6)
    parser.add_argument("--calls", type=int, default=150)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--talk-s", type=float, default=8.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kills", type=int, default=0, help="of hub, plugins and bus; then no waits are judged")
    plan = Plan(**vars(parser.parse_args()))
    if shutil.which("sipp") is None:
        raise SystemExit("needs SIPp: sudo apt-get install sip-tester")
    faults = asyncio.run(run(plan))
    print("\n".join(faults) or "a day as it should be")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
