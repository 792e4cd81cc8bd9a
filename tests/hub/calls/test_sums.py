"""The sum of the reports is the sum of the calls, whatever became of each."""

import asyncio
from itertools import count
from typing import Any

from hub.demo import PASSWORD
from hub.store.models import Call, CallLeg, Conversation
from tests.hub.calls.conftest import Come
from tests.hub.calls.test_calls import eventually, reach_agent
from tests.hub.support.engine import FakeEngine
from tests.hub.support.house import House
from tests.journeys.support.clients import Agent

numbers = count(13_900_000_100)


async def arrive(engine: FakeEngine) -> str:
    """Return the call of somebody who never called before."""
    return await engine.arrive(f"tel:+86{next(numbers)}")


async def leave(engine: FakeEngine, call_id: str) -> None:
    """Let the citizen hang up, and everybody whom the hub lets go be gone."""
    await engine.change(call_id, engine.caller(call_id).leg_id, "ended")
    await engine.is_over(call_id)
    for leg in await CallLeg.filter(call_id=call_id, ended_at=None):
        await engine.change(call_id, leg.leg_id, "ended")
    await eventually(Call.filter(call_id=call_id).exclude(ended_at=None))


async def wait(engine: FakeEngine) -> str:
    """Return the call of somebody who waits."""
    call_id = await arrive(engine)
    await engine.press(call_id, "0")
    await engine.queues(call_id)
    return call_id


async def serve(engine: FakeEngine, agent: Agent, call_id: str) -> None:
    """Talk with a citizen who hangs up, and finish the wrap-up."""
    await reach_agent(engine, call_id)
    await leave(engine, call_id)
    await finish(agent, call_id)


async def finish(agent: Agent, call_id: str) -> None:
    """Finish the wrap-up of a call that is over."""
    conversation_id = (await Call.get(call_id=call_id)).conversation_id
    await agent.until(lambda: agent.conversation(conversation_id).get("state") == "wrap_up")
    path = f"/conversations/{conversation_id}/wrap-up"
    await agent.call("POST", path, code="answered", summary="", tags=[])


async def sums(house: House, offered: int, answered: int) -> dict[str, Any]:
    """Return what the wallboard says once it has heard of everything."""
    async with Agent(house.url, "chen", PASSWORD) as chen, asyncio.timeout(30):
        while True:
            board: dict[str, Any] = await chen.call("GET", "/wallboard")
            today = board["total"]["today"]
            if (today["offered"], today["answered"]) == (offered, answered):
                return {**board, "day": await chen.call("GET", "/wallboard/day")}
            await asyncio.sleep(0.02)


async def test_every_call_stands_in_the_figures_once_and_they_add_up(
    engine: FakeEngine, come: Come, still_house: House
) -> None:
    zhou = await come("zhou")
    for _ in range(2):
        await serve(engine, zhou, await arrive(engine))
    returned = await arrive(engine)  # lifted and put down by one agent, served by another
    await engine.press(returned, "0")
    first = await engine.rings(returned)
    await engine.change(returned, first.leg_id, "answered")
    await engine.hears(returned, "工号")
    await engine.change(returned, first.leg_id, "ended", has_talked=False)
    await eventually(Conversation.filter(state="queued"))
    li = await come("li")
    await engine.until(lambda: (leg := engine.agent(returned)) is not None and leg.leg_id != first.leg_id)
    second = await engine.rings(returned)
    await engine.change(returned, second.leg_id, "answered")
    await eventually(Conversation.filter(state="active", agent_id=li.me["user_id"]))
    await li.call("PUT", "/me/state", state="busy")
    await leave(engine, returned)
    await finish(li, returned)
    await reach_agent(engine, await arrive(engine))  # this talk goes on
    for _ in range(2):
        await leave(engine, await wait(engine))
    await wait(engine)
    lost = await arrive(engine)
    await engine.hears(lost, "您好")
    await leave(engine, lost)  # before they waited for anybody

    board = await sums(still_house, offered=7, answered=4)
    today = board["total"]["today"]
    assert await Call.all().count() == today["offered"] + 1
    assert today["offered"] == today["answered"] + today["abandoned"] + today["waiting"] == 4 + 2 + 1
    assert await Call.exclude(talked_at=None).count() == today["answered"]
    assert today["handled"] == sum(agent.get("handled", 0) for agent in board["agents"].values()) == 3
    queues = [queue["periods"]["today"] for queue in board["queues"].values()]
    for name in ("offered", "answered", "abandoned", "handled", "waiting"):
        assert sum(queue.get(name, 0) for queue in queues) == today[name]
        assert board["channels"]["tel"].get(name, 0) == board["day"]["channels"]["tel"].get(name, 0) == today[name]
    for name in ("offered", "answered", "abandoned"):
        assert sum(quarter[name] for quarter in board["day"]["quarters"]) == today[name]
    for leg in await CallLeg.exclude(ended_at=None):
        times = [at for at in (leg.started_at, leg.rung_at, leg.answered_at, leg.ended_at) if at is not None]
        assert times == sorted(times)
