"""Everything that citizens come by waits in one queue, in one order, and is shown and changed there."""

import asyncio
from contextlib import AsyncExitStack
from typing import Any

import pytest

from core.events import Listen
from hub.demo import PASSWORD
from hub.store.models import Conversation
from tests.hub.calls.conftest import Advance, Come
from tests.hub.support.channel import FakeChannel
from tests.hub.support.engine import FakeEngine
from tests.hub.support.house import House
from tests.journeys.support.clients import Agent

CALLER = "tel:+8613900000055"
WRITERS = {"web_chat-main": "webchat:wang", "sms-main": "tel:+8613900000066", "fax-main": "fax:+861065550077"}


async def begin_at(admin: Agent, **entries: dict[str, str]) -> None:
    known = (await admin.call("GET", "/flow-entries"))["entries"]
    await admin.call("PUT", "/flow-entries", entries={**known, **entries})


async def waiting(agent: Agent, count: int) -> list[dict[str, Any]]:
    """Return what waits in the agent's queues, the oldest first, once it is so many."""
    async with asyncio.timeout(30):
        while True:
            items = (await agent.call("GET", "/conversations?view=waiting"))["items"]
            if len(items) == count:
                return sorted(items, key=lambda one: one["queued_at"])
            await asyncio.sleep(0.01)


async def test_calls_short_messages_faxes_and_chats_wait_in_one_queue_which_agents_see_and_serve_as_they_came(
    still_house: House, engine: FakeEngine, come: Come, admin: Agent, advance: Advance
) -> None:
    await admin.call("PUT", "/queues/general", title={"zh": "综合"}, rules={"wrap_up_s": 0})
    straight = {"flow": "", "queue": "general"}
    await begin_at(admin, **dict.fromkeys(("voice-main", *WRITERS), straight))
    async with AsyncExitStack() as stack:
        for number, (instance, writer) in enumerate(WRITERS.items(), 1):
            channel: FakeChannel = await stack.enter_async_context(still_house.channel(instance))
            await channel.write(writer, "你好")
            await waiting(admin, number)
            await advance(2)
        call_id = await engine.arrive(CALLER)
        await engine.queues(call_id)
        await advance(2)
        queued = await waiting(admin, 4)
        assert [one["channel"] for one in queued] == ["webchat", "sms", "fax", "tel"]
        assert {one["queue_id"] for one in queued} == {"general"}
        async with Agent(still_house.url, "li", PASSWORD) as li:
            await li.open_desk()
            seen = [one for one in li.tables["conversations"].values() if one["state"] == "queued"]
            callers = [one["address"][-4:] for one in sorted(seen, key=lambda one: one["queued_at"])]
            assert callers == ["wang", "0066", "0077", "0055"]
            await li.until(lambda: li.tables["queues"]["general"]["waiting"] == 4)
        zhou = await come("zhou")
        for one in queued[:3]:
            assert await zhou.take_offer() == one["conversation_id"]
        await engine.rings(call_id)


async def test_a_number_leads_straight_to_its_group_without_any_menu(
    engine: FakeEngine, come: Come, admin: Agent
) -> None:
    zhou = await come("zhou")
    await begin_at(admin, **{"voice-main/12368": {"flow": "", "queue": "elder"}})
    call_id = await engine.arrive(CALLER, "12368")
    await engine.rings(call_id)
    await zhou.until(lambda: bool(zhou.tables["offers"]))
    (offer,) = zhou.tables["offers"].values()
    assert offer["queue_id"] == "elder"
    said = [plan.legs[0].activity for plan in engine.history if isinstance(plan.legs[0].activity, Listen)]
    assert [(activity.prompts, activity.background) for activity in said[:1]] == [((), "music")]


async def test_a_flow_hands_to_who_can_of_the_group_that_has_least_to_do(
    still_house: House, engine: FakeEngine, come: Come, admin: Agent
) -> None:
    graph = {
        "name": "balanced",
        "title": {"zh": "均衡", "en": "Balanced"},
        "start": "people",
        "human": "people",
        "nodes": {"people": {"step": "queue", "queue_id": "housing", "or_queues": ["elder"], "skills": {"forms": 2}}},
    }
    await admin.call("POST", "/flows/balanced/versions", graph=graph, based_on=0)
    await admin.call("POST", "/flows/balanced/publish", version=1)
    await begin_at(admin, **{"web_chat-main": {"flow": "balanced", "queue": "general"}})
    agents = {"elder": await come("zhou"), "housing": await come("li")}
    async with still_house.channel("web_chat-main") as channel:
        for number, queue_id in enumerate(("housing", "elder") * 2):
            await channel.write(f"webchat:citizen-{number}", "你好")
            if number < len(agents):  # nobody can yet
                await waiting(admin, 1)
                skills = {"forms": 2}
                await admin.call("PATCH", f"/users/{agents[queue_id].me['user_id']}", skills=skills)
            await agents[queue_id].take_offer()
    rows = await Conversation.all().order_by("conversation_id")
    assert [row.queue_id for row in rows] == ["housing", "elder", "housing", "elder"]


@pytest.mark.parametrize(("idle_s", "served_by"), [(200, "zhou"), (300, "li")])
async def test_criteria_are_weighed_against_each_other_as_operators_say(
    still_house: House, come: Come, admin: Agent, advance: Advance, *, idle_s: float, served_by: str
) -> None:
    weights = [{"criterion": "highest_skill", "weight": 60}, {"criterion": "longest_idle"}]
    status, answer = await admin.try_call(
        "PUT", "/queues/general", title={"zh": "综合"}, rules={"weights": [*weights, {"criterion": "longest_idle"}]}
    )
    assert (status, answer["error"]["fields"]) == (422, {"weights[2].criterion": "duplicate"})
    rules = {"weights": weights, "skills": [{"skill": "elder", "level": 0}]}
    await admin.call("PUT", "/queues/general", title={"zh": "综合"}, rules=rules)
    await begin_at(admin, **{"web_chat-main": {"flow": "", "queue": "general"}})
    agents = {"li": await come("li")}
    await advance(idle_s)
    agents["zhou"] = await come("zhou")  # four levels of a skill are worth 240 s of idling
    async with still_house.channel("web_chat-main") as channel:
        await channel.write("webchat:wang", "你好")
        conversation_id = await agents[served_by].take_offer()
    steps = (await admin.call("GET", f"/conversations/{conversation_id}/routing"))["items"]
    (offered,) = [step for step in steps if step["step"] == "offered"]
    assert offered["why"]["strategy"] == "60*highest_skill+longest_idle,longest_idle"


async def test_the_fixed_order_is_that_of_the_work_numbers(
    still_house: House, come: Come, admin: Agent, advance: Advance
) -> None:
    await admin.call("PUT", "/queues/general", title={"zh": "综合"}, rules={"strategy": ["linear"]})
    await begin_at(admin, **{"web_chat-main": {"flow": "", "queue": "general"}})
    await come("li")
    await advance(100)  # who is idle for longer does not matter
    zhou = await come("zhou")
    async with still_house.channel("web_chat-main") as channel:
        for number in range(2):
            await channel.write(f"webchat:citizen-{number}", "你好")
            await zhou.take_offer()


async def test_groups_and_flows_change_under_those_who_wait_and_no_figure_is_lost(
    engine: FakeEngine, come: Come, admin: Agent
) -> None:
    await begin_at(admin, **{"voice-main/12368": {"flow": "", "queue": "elder"}})
    li = await come("li")  # not of this group
    call_id = await engine.arrive(CALLER, "12368")
    await engine.queues(call_id)
    in_menu = await engine.arrive("tel:+8613900000056")
    await engine.hears(in_menu, "您好")
    phones = engine.phones
    flow_id = (await admin.call("GET", "/flow-entries"))["entries"]["voice-main"]["flow"]
    flow = await admin.call("GET", f"/flows/{flow_id}")
    graph = {"start": "people", "human": "people", "nodes": {"people": {"step": "queue", "queue_id": "housing"}}}
    await admin.call("POST", f"/flows/{flow_id}/versions", graph=graph, based_on=flow["versions"][0]["version"])
    await admin.call("POST", f"/flows/{flow_id}/publish", version=flow["versions"][0]["version"] + 1)
    await admin.call("PATCH", f"/users/{li.me['user_id']}", queue_ids=["elder", "housing"])
    leg = await engine.rings(call_id)
    await engine.change(call_id, leg.leg_id, "answered")
    await li.until(lambda: any(one["state"] == "active" for one in li.tables["conversations"].values()))
    newest = await engine.arrive("tel:+8613900000057")
    await engine.queues(newest)  # by the new flow
    await engine.press(in_menu, "1")
    await engine.hears(in_menu, "检修通知")  # by the one it began with
    assert engine.phones == phones
    async with asyncio.timeout(30):
        while True:
            queues = (await admin.call("GET", "/wallboard"))["queues"]
            sums = {name: one["periods"]["today"] for name, one in queues.items()}
            if sums["elder"].get("answered") and sums["housing"].get("waiting"):
                break
            await asyncio.sleep(0.01)
    assert (sums["elder"]["offered"], sums["elder"]["answered"]) == (1, 1)
    assert (sums["housing"]["offered"], sums["housing"]["waiting"]) == (1, 1)
