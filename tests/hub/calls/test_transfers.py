"""A call goes on to whoever can help, inside and outside, and what is known of it goes along."""

from typing import Any

import pytest

from core.events import LegPlan
from hub.accounts.identity import Identity
from hub.demo import PASSWORD
from hub.store.models import Conversation, Entry, Phone
from tests.hub.calls.conftest import Come, Parrot
from tests.hub.calls.test_calls import lift
from tests.hub.calls.test_conferences import all_talk, ask
from tests.hub.calls.test_numbers import lead
from tests.hub.calls.test_phone_menus import FLOW, NUMBER
from tests.hub.support.engine import FakeEngine
from tests.hub.support.house import House, eventually
from tests.journeys.support.clients import Agent

OPERATOR = Identity(username="operator")
CALLER = "tel:+8613900000001"
ENTERED = "公积金账号：31415926"
NOTE = "市民已经核实身份"
CARD: dict[str, Any] = {
    "title": {"zh": "卡号"},
    "languages": ["zh"],
    "variables": ["number"],
    "start": "number",
    "human": "people",
    "nodes": {
        "number": {
            "step": "branch",
            "cases": [
                {"when": [{"variable": "number", "op": "eq", "value": CALLER.removeprefix("tel:")}], "goto": "ask"}
            ],
            "otherwise": "people",
        },
        "ask": {
            "step": "ask",
            "text": {"zh": "请输入卡号后两位。"},
            "variable": "card",
            "kind": "digits",
            "min_length": 2,
            "max_length": 2,
            "timeout_s": 60,
            "on_timeout": "thanks",
            "goto": "thanks",
        },
        "thanks": {"step": "end", "text": {"zh": "谢谢。"}},
        "people": {"step": "queue", "queue_id": "general"},
    },
}
NAMED = {"leader": ("值班领导", "13800000001"), "bank": ("银行专家", "95588"), "centre": ("邻市热线", "05371234567")}


@pytest.fixture(autouse=True)
async def hotline(still_house: House) -> None:
    """Let everybody who calls come into ``FLOW``."""
    await lead(still_house, NUMBER, "hotline", FLOW)


async def served_by_li(engine: FakeEngine, come: Come) -> tuple[Agent, str, LegPlan]:
    """Let a citizen choose and enter something, and be served; return who serves, the call and their leg."""
    li = await come("li")
    call_id = await engine.arrive(CALLER)
    await engine.hears(call_id, "请选择")
    await engine.press(call_id, "2")
    await engine.hears(call_id, "个人账号")
    await engine.press(call_id, "31415926#")
    return li, call_id, await lift(engine, call_id, await engine.rings(call_id))


async def rings_next(engine: FakeEngine, call_id: str, before: LegPlan) -> LegPlan:
    """Return the leg of the agent who is rung after another."""
    await engine.until(lambda: (engine.agent(call_id) or before).leg_id != before.leg_id)
    return await engine.rings(call_id)


async def desk_knows(agent: Agent, *texts: str) -> None:
    """Return when the agent serves the citizen, whose number, keys and entries are all on the desk."""
    await agent.until(lambda: any(one["state"] == "active" for one in agent.tables["conversations"].values()))
    (shown,) = (one for one in agent.tables["conversations"].values() if one["state"] == "active")
    assert (shown["address"][-4:], shown["call"]["keys"][:1]) == (CALLER[-4:], "2")
    entries = await agent.call("GET", f"/conversations/{shown['conversation_id']}/entries")
    assert all(text in str(entries) for text in (ENTERED, *texts))


@pytest.mark.parametrize("whom", NAMED)
async def test_a_call_goes_on_to_a_colleague_to_an_office_and_to_a_number_outside_with_what_is_known(
    engine: FakeEngine, come: Come, admin: Agent, whom: str
) -> None:
    for name, (title, number) in NAMED.items():
        await admin.call("PUT", f"/named-numbers/{name}", title={"zh": title}, number=number)
    li, call_id, leg = await served_by_li(engine, come)
    zhou = await come("zhou")
    await admin.call("PATCH", f"/users/{zhou.me['user_id']}", queue_ids=["elder"])  # not of the office
    for giver, taker, target in (
        (li, zhou, {"agent_id": zhou.me["user_id"]}),
        (zhou, li, {"queue_id": "general"}),
    ):
        path = f"/conversations/{(await Conversation.get()).conversation_id}/transfer"
        await giver.call("POST", path, note=NOTE, **target)
        leg = await rings_next(engine, call_id, leg)
        assert leg.dial is not None
        assert leg.dial.caller_id == CALLER.removeprefix("tel:")
        await lift(engine, call_id, leg)
        await desk_knows(taker, NOTE)
    await li.until(lambda: len(li.tables["setup"]["named_numbers"]) == len(NAMED))
    (picked,) = (one for one in li.tables["setup"]["named_numbers"] if one["title"]["zh"] == NAMED[whom][0])
    outside = await ask(engine, li, call_id, number=picked["number"], hands_over=True)
    assert outside.dial is not None
    assert outside.dial.target == f"tel:{picked['number']}"
    await all_talk(engine, call_id, 2)
    assert {one.role for one in engine.plans[call_id].legs} == {"caller", "outside"}
    await eventually(Conversation.filter(state="wrap_up", agent_id=li.me["user_id"]))


async def test_number_and_keys_pass_both_ways_also_after_new_processes_on_both_sides_and_a_transfer(
    engine: FakeEngine, come: Come, still_house: House
) -> None:
    library = still_house.services.flow_library
    version, faults = await library.add_version(OPERATOR, "card", CARD)
    assert faults == ()
    await library.publish(OPERATOR, "card", version)
    _, call_id, first = await served_by_li(engine, come)
    await still_house.restart()
    still_house.hub.prompts.synthesizer = Parrot()
    async with Agent(still_house.url, "li", PASSWORD) as li, Agent(still_house.url, "zhou", PASSWORD) as zhou:
        await li.open_desk()
        await desk_knows(li)
        plans = (await engine.compare()).plans  # as a plugin asks that knows nothing any more
        assert [(plan.call_id, plan.legs) for plan in plans] == [(call_id, engine.plans[call_id].legs)]
        conversation = await Conversation.get()
        await li.call("POST", f"/conversations/{conversation.conversation_id}/call/flow", flow_id="card")
        await engine.hears(call_id, "后两位")
        await engine.press(call_id, "08")
        await engine.hears(call_id, "谢谢")
        await engine.finish(call_id)
        await engine.talks(call_id)
        assert (await Entry.get(code="flow_visit_ended")).params == {"values": "card：08"}
        await zhou.call("POST", "/phone")
        await engine.register((await Phone.get(user_id=zhou.me["user_id"])).phone_id)
        await zhou.sit_down()
        await zhou.until(lambda: bool(zhou.tables["agents"][zhou.me["user_id"]].get("phone")))
        body = {"agent_id": zhou.me["user_id"]}
        await li.call("POST", f"/conversations/{conversation.conversation_id}/transfer", **body)
        await lift(engine, call_id, await rings_next(engine, call_id, first))
        await desk_knows(zhou, "card：08")
