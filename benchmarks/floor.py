"""Whether browsers keep up on a busy floor, and what that costs the hub.

``python -m benchmarks.floor [--agents 60] [--queues 3] [--per-s 50] [--seconds 20]``. A hub tells its desks of so many
changes of conversations a second in each queue; agents' sockets live in a process of their own, each agent sees one
queue. Prints how old the newest change on each desk is when looked at, whether any browser fell behind so far that it
had to begin anew, and the processor's time of the hub, logging in left out.
"""

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
import time
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from core.events import ConversationChanged, ConversationView
from core.ids import new_id
from core.loop import run as run_loop
from core.testing.nats import NatsServer
from hub.accounts.identity import Identity
from hub.accounts.users import NewUser
from hub.dispatch.queues import QueueSettings
from tests.hub.support.house import House
from tests.journeys.support.clients import Agent

PASSWORD: Final = "floor-of-many-agents-7"
OPERATOR: Final = Identity(username="operator")
CONVERSATIONS: Final = 20  # in each queue, that change in turn
LOOK_S: Final = 0.25
LAST: Final = "last"
START_S: Final = 300.0  # the first start makes the tables, which takes long on a busy machine
PATIENCE_S: Final = 600.0


async def play_agents(url: str, count: int) -> None:
    """Sit at all the desks; say so on standard output, then what was seen once the last change is everywhere."""
    async with AsyncExitStack() as stack:
        agents = [await stack.enter_async_context(Agent(url, f"agent{n}", PASSWORD)) for n in range(count)]
        for agent in agents:
            await agent.open_desk()
        print("ready", flush=True)
        ages: list[float] = []
        async with asyncio.timeout(PATIENCE_S):
            while not all(_newest(agent) == LAST for agent in agents):
                await asyncio.sleep(LOOK_S)
                now = time.monotonic()
                ages += [now - float(text) for text in map(_newest, agents) if text not in ("", LAST)]
        answer = {
            "ages": ages,
            "deltas": sum(one.seq for one in agents),
            "snapshots": sum(one.snapshots for one in agents),
        }
        print(json.dumps(answer), flush=True)


def _newest(agent: Agent) -> str:
    texts = [one.get("last_text", "") for one in agent.tables.get("conversations", {}).values()]
    return LAST if LAST in texts else max(texts, default="")


async def measure(options: argparse.Namespace) -> None:
    """Run a hub and its floor; print what came of it."""
    with tempfile.TemporaryDirectory() as folder:
        for name in ("nats", "hub"):
            (Path(folder) / name).mkdir()
        nats = NatsServer(Path(folder) / "nats")
        nats.start()
        house = House(nats, Path(folder) / "hub", demo=False)
        try:
            await house.start(within_s=START_S)
            queues = [f"queue-{number}" for number in range(options.queues)]
            await _furnish(house, queues, options.agents)
            await _run(house, queues, options)
        finally:
            await house.stop()
            nats.stop()


async def _furnish(house: House, queues: list[str], agents: int) -> None:
    for queue_id in queues:
        await house.services.queue_editor.save(OPERATOR, queue_id, {"zh": queue_id, "en": queue_id}, QueueSettings())
    for number in range(agents):
        new = NewUser(
            username=f"agent{number}",
            display_name=f"Agent {number}",
            work_number=f"{1_000 + number}",
            queue_ids=(queues[number % len(queues)],),
        )
        await house.services.users.make(OPERATOR, new, password=PASSWORD)


async def _run(house: House, queues: list[str], options: argparse.Namespace) -> None:
    command = (sys.executable, "-m", "benchmarks.floor", "--play", house.url, "--agents", str(options.agents))
    floor = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE, limit=2**26)
    try:
        assert floor.stdout is not None
        await floor.stdout.readline()
        ids = {queue_id: [new_id() for _ in range(CONVERSATIONS)] for queue_id in queues}
        begin, used = time.monotonic(), time.process_time()
        rounds = int(options.seconds * options.per_s)
        for number in range(rounds):
            await asyncio.sleep(max(0.0, begin + number / options.per_s - time.monotonic()))
            for queue_id in queues:
                _change(house, queue_id, ids[queue_id][number % CONVERSATIONS], f"{time.monotonic():.6f}")
        lasted = time.monotonic() - begin
        used = time.process_time() - used
        for queue_id in queues:
            _change(house, queue_id, ids[queue_id][0], LAST)
        seen: dict[str, Any] = json.loads(await floor.stdout.readline())
    finally:
        if floor.returncode is None:
            floor.kill()
        await floor.wait()
    told, ages = rounds * len(queues), seen["ages"]
    print(
        f"{options.agents} agents, {len(queues)} queues: {told / lasted:.0f} changes/s of {options.per_s * len(queues)}"
    )
    middle, worst = statistics.median(ages), max(ages)
    print(f"age of the newest change on a desk: median {1_000 * middle:.0f} ms, worst {1_000 * worst:.0f} ms")
    print(f"browsers that had to begin anew: {seen['snapshots'] - options.agents}; deltas received: {seen['deltas']}")
    print(f"hub: {100 * used / lasted:.1f} % of one core, {1e6 * used / told:.0f} µs for each change")


def _change(house: House, queue_id: str, conversation_id: str, text: str) -> None:
    now = datetime.now(UTC)
    view = ConversationView(
        conversation_id=conversation_id,
        contact_id=conversation_id,
        contact_name="市民",
        instance="web_chat-main",
        channel="web",
        address=f"web:{conversation_id}",
        state="queued",
        queue_id=queue_id,
        opened_at=now,
        queued_at=now,
        last_entry_at=now,
        last_text=text,
    )
    house.services.desk.on_commit([ConversationChanged(conversation=view, change="updated")])


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--agents", type=int, default=60)
    parser.add_argument("--queues", type=int, default=3)
    parser.add_argument("--per-s", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--play", default="", help=argparse.SUPPRESS)
    options = parser.parse_args()
    run_loop(play_agents(options.play, options.agents) if options.play else measure(options))


if __name__ == "__main__":
    main()
