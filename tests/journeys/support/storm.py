"""A steady load of chat messages both ways while processes are killed, and the count of what is lost or doubled."""

import asyncio
import contextlib
import random
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import aiohttp

from hub.demo import PASSWORD
from tests.journeys.support.clients import Agent, Citizen
from tests.journeys.support.house import House

VICTIMS = ("-m hub", "nats-server", "core.host")
RETRY_S = 0.2


@dataclass
class Count:
    """What a run came to; ``lost`` and ``doubled`` name texts, ``disordered`` conversations."""

    sent: int = 0
    answered: int = 0
    kills: int = 0
    seconds: float = 0.0
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    disordered: list[str] = field(default_factory=list)


async def storm(
    house: House,
    *,
    citizens: int,
    messages: int,
    kills: int,
    every_s: float,
    seed: int = 1,
    progress: Callable[[str], None] = print,
) -> Count:
    """Let ``citizens`` and their agents exchange ``messages`` each way while ``kills`` processes are killed."""
    count, began, randomly = Count(), time.monotonic(), random.Random(seed)
    await lift_limits(house)

    def killed(victim: str) -> None:
        count.kills += 1
        progress(f"killed {victim}")

    async with Agent(house.url, "zhou", PASSWORD) as agent:
        await agent.sit_down()
        people = [Citizen(house.url) for _ in range(citizens)]
        for person in people:
            await person.__aenter__()
        try:
            pairs = [(person, await _connect(person, agent)) for person in people]
            waits = [every_s * randomly.uniform(0.5, 1.5) for _ in range(kills)]
            killing = asyncio.create_task(_kill(house, waits, randomly, killed))
            async with asyncio.TaskGroup() as group:
                for number, (person, conversation_id) in enumerate(pairs):
                    group.create_task(_ask(person, number, messages))
                    group.create_task(_answer(agent, conversation_id, number, messages))
            await killing
            for number, pair in enumerate(pairs):
                await _compare(pair, agent, number, messages, count)
        finally:
            for person in people:
                await person.__aexit__()
    count.sent = count.answered = citizens * messages
    count.seconds = time.monotonic() - began
    return count


async def lift_limits(house: House) -> None:
    """Let one address send as much as it likes, as an administrator would."""
    limits = ("messages_per_min", "messages_per_min_ip", "connections_per_min_ip", "max_sockets_ip")
    async with Agent(house.url, "admin", house.first_password) as admin:
        new = "a whole new sentence"
        await admin.call("PUT", "/session/password", current=house.first_password, new=new)
        body = {"plugin": "web_chat", "settings": dict.fromkeys(limits, 1_000_000), "is_enabled": True, "probe": True}
        await admin.call("PUT", "/instances/web_chat-main", **body)


async def _connect(person: Citizen, agent: Agent) -> str:
    await person.open()
    await person.say("人工")
    return await agent.take_offer()


async def _ask(person: Citizen, number: int, messages: int) -> None:
    for turn in range(messages):
        cid = await person.say(f"问 {number}-{turn}")
        await person.until(lambda cid=cid: cid in person.acked, within_s=120)  # type: ignore[misc]


async def _answer(agent: Agent, conversation_id: str, number: int, messages: int) -> None:
    for turn in range(messages):
        client_id = f"answer-{number}-{turn}"
        while True:  # a lost answer of the hub: the same client_id again
            try:
                status, answer = await agent.try_call(
                    "POST",
                    f"/conversations/{conversation_id}/messages",
                    client_id=client_id,
                    text=f"答 {number}-{turn}",
                )
            except (aiohttp.ClientError, ConnectionError, TimeoutError):
                status, answer = 0, None
            if status == 200:
                break
            assert status in (0, 429, 500, 502, 503), f"{status} {answer}"
            await asyncio.sleep(RETRY_S)


async def _kill(house: House, waits: Iterable[float], randomly: random.Random, killed: Callable[[str], None]) -> None:
    for turn, wait_s in enumerate(waits):
        await asyncio.sleep(wait_s)
        victim = VICTIMS[turn % len(VICTIMS)] if turn % 2 else randomly.choice(VICTIMS)
        if house.pids(victim):
            house.kill(victim)
            killed(victim)


async def _compare(pair: tuple[Citizen, str], agent: Agent, number: int, messages: int, count: Count) -> None:
    """Compare what both sides hold with what was acknowledged: in the citizen's window and in the agent's thread."""
    person, conversation_id = pair
    asked = [f"问 {number}-{turn}" for turn in range(messages)]
    answers = [f"答 {number}-{turn}" for turn in range(messages)]
    with contextlib.suppress(TimeoutError):
        await person.until(lambda: len(person.heard("agent")) >= messages, within_s=60)
    thread = await _thread(agent, conversation_id)
    seen = [one["text"] for one in thread if one.get("direction") == "in" and one["text"].startswith("问 ")]
    for wanted, got in ((asked, seen), (answers, person.heard("agent"))):
        count.lost += sorted(set(wanted) - set(got))
        count.doubled += sorted({text for text in got if got.count(text) > 1})
        if [text for text in got if text in wanted] != wanted and set(got) >= set(wanted):
            count.disordered.append(conversation_id)


async def _thread(agent: Agent, conversation_id: str) -> list[dict[str, str]]:
    items: list[dict[str, str]] = []
    before = ""
    while True:
        try:
            status, page = await agent.try_call("GET", f"/conversations/{conversation_id}/entries?limit=200{before}")
        except aiohttp.ClientError:  # the last kill was a moment ago
            status = 0
        if status in (0, 429, 503):
            await asyncio.sleep(RETRY_S)
            continue
        assert status == 200, page
        items = page["items"] + items
        if not page["has_more"]:
            return items
        before = f"&before={page['items'][0]['entry_id']}"
