"""The whole path against its ceiling: citizen → JetStream → store → agent's socket, and back.

``python -m benchmarks.path [--messages 3200] [--runs 3]``. The ceiling is measured in the same run, on the same
disk and by the same event loop: the same payload published, acknowledged and consumed with bare nats-py on a server
with ``sync_interval: always``, one hop each way, and one SQLite transaction each way. Path and ceiling take turns
of a second or less, so that a busy machine is equally busy for both. Prints rates, their ratio, and median latencies
one at a time.
"""

import argparse
import asyncio
import contextlib
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.ceiling import Bare, bare_path
from core.loop import run as run_loop
from tests.journeys.support.clients import Agent, Citizen
from tests.journeys.support.house import House, start_house, stop_house
from tests.journeys.support.storm import lift_limits

TEXT = "问" * 64  # 192 bytes of UTF-8, about 256 with what surrounds it
PEOPLE = 32
LATENCY_TURNS = 10  # path and ceiling take turns this often, for each ...
LATENCY_MESSAGES = 20  # ... with so many messages one after the other
RATE_TURNS = 5


@dataclass
class Figures:
    """Seconds that single messages took, and seconds and messages of the crowd's turns, by way."""

    latencies: dict[str, list[float]] = field(default_factory=lambda: {"bare": [], "in": [], "out": []})
    seconds: dict[str, float] = field(default_factory=lambda: {"bare": 0.0, "in": 0.0, "out": 0.0})
    messages: int = 0

    def latency_s(self, way: str) -> float:
        """Return the median of one way."""
        return statistics.median(self.latencies[way])

    def rate(self, way: str) -> float:
        """Return messages a second, of the bare path round trips."""
        return self.messages / self.seconds[way]


class Served:
    """People who are being served by one agent."""

    def __init__(self, agent: Agent, pairs: list[tuple[Citizen, str]]) -> None:
        self._agent = agent
        self._pairs = pairs

    async def one_in(self) -> None:
        """Return when one message of the first citizen is on the agent's desk."""
        before = self._agent.count("in")
        await self._pairs[0][0].say(TEXT)
        await self._agent.until(lambda: self._agent.count("in") > before)

    async def one_out(self) -> None:
        """Return when the first citizen has one answer."""
        citizen, conversation_id = self._pairs[0]
        before = len(citizen.heard("agent"))
        await self._agent.say(conversation_id, TEXT)
        await citizen.until(lambda: len(citizen.heard("agent")) > before)

    async def many_in(self, each: int) -> None:
        """Let everybody write ``each`` messages, one after the other; return when the desk has them all."""
        wanted = self._agent.count("in") + each * len(self._pairs)
        await asyncio.gather(*(_ask(person, each) for person, _ in self._pairs))
        await self._agent.until(lambda: self._agent.count("in") >= wanted, within_s=120)

    async def many_out(self, each: int) -> None:
        """Answer everybody ``each`` times; return when all have heard it."""
        wanted = {person: len(person.heard("agent")) + each for person, _ in self._pairs}
        await asyncio.gather(*(_answer(self._agent, conversation_id, each) for _, conversation_id in self._pairs))
        for person, count in wanted.items():
            await person.until(lambda person=person, count=count: len(person.heard("agent")) >= count, within_s=120)  # type: ignore[misc]


async def measure(folder: Path, messages: int) -> Figures:
    """Let path and ceiling take turns."""
    figures = Figures()
    async with bare_path(folder / "bare") as bare, _served(folder / "house") as served:
        for _ in range(LATENCY_TURNS):
            for way, act in (("bare", lambda: bare.round(TEXT)), ("in", served.one_in), ("out", served.one_out)):
                figures.latencies[way] += [await _timed(act()) for _ in range(LATENCY_MESSAGES)]
        figures.latencies["bare"] = [seconds / 2 for seconds in figures.latencies["bare"]]
        each = messages // PEOPLE // RATE_TURNS
        figures.messages = each * PEOPLE * RATE_TURNS
        crowds: dict[str, Callable[[int], Awaitable[None]]] = {
            "bare": lambda count: _many_rounds(bare, count),
            "in": served.many_in,
            "out": served.many_out,
        }
        for _ in range(RATE_TURNS):
            for way, crowd in crowds.items():
                figures.seconds[way] += await _timed(crowd(each))
    return figures


@asynccontextmanager
async def _served(data: Path) -> AsyncIterator[Served]:
    data.mkdir()
    (data / "lianxin.toml").write_text("[limits]\ncalls_per_second = 100000\n")
    house = await start_house(data, "--demo")
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
            yield Served(agent, pairs)
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


async def _many_rounds(bare: Bare, each: int) -> None:
    async def rounds() -> None:
        for _ in range(each):
            await bare.round(TEXT)

    await asyncio.gather(*(rounds() for _ in range(PEOPLE)))


async def _timed(act: Awaitable[None]) -> float:
    began = time.monotonic()
    await act
    return time.monotonic() - began


def run(messages: int) -> tuple[float, ...]:
    """Measure both once, in folders beside each other; return the three ratios after printing the figures."""
    with tempfile.TemporaryDirectory() as folder:
        figures = run_loop(measure(Path(folder), messages))
    both_ways = 1 / (1 / figures.rate("in") + 1 / figures.rate("out"))
    bare_s, in_s, out_s = (figures.latency_s(way) for way in ("bare", "in", "out"))
    print(f"ceiling: {figures.rate('bare'):6.0f} round trips/s, {bare_s * 1e3:5.1f} ms one way")
    print(f"path:    {figures.rate('in'):6.0f} in/s, {figures.rate('out'):6.0f} out/s = {both_ways:6.0f} round trips/s;"
          f" {in_s * 1e3:5.1f} ms in, {out_s * 1e3:5.1f} ms out")  # fmt: skip
    return both_ways / figures.rate("bare"), in_s / bare_s, out_s / bare_s


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=3_200)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    ratios = [run(options.messages) for _ in range(options.runs)]
    rate, latency_in, latency_out = (statistics.median(column) for column in zip(*ratios, strict=True))
    print(f"median ratios to the ceiling: rate {rate:.2f}, latency in {latency_in:.1f}x, out {latency_out:.1f}x")
    return 0


if __name__ == "__main__":
    sys.exit(main())
