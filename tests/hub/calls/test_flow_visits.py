"""Citizens are sent from an agent into a flow and come back, with what they entered."""

from typing import Any

import pytest

from hub.accounts.identity import Identity
from hub.store.models import Call, Conversation, Entry
from tests.hub.calls.conftest import Come
from tests.hub.calls.test_calls import eventually, reach_agent
from tests.hub.support.engine import FakeEngine
from tests.hub.support.house import House
from tests.journeys.support.clients import Agent

OPERATOR = Identity(user_id="", username="operator")
PIN = {
    "title": {"zh": "密码核验"},
    "languages": ["zh"],
    "start": "ask",
    "human": "people",
    "entries": ["again"],  # an agent may begin at the menu "topics" as well, not at "confirm", which needs the card
    "nodes": {
        "ask": {
            "step": "ask",
            "text": {"zh": "请输入四位密码。"},
            "variable": "pin",
            "kind": "digits",
            "min_length": 4,
            "max_length": 4,
            "is_secret": True,
            "timeout_s": 60,
            "on_timeout": "thanks",
            "goto": "card",
        },
        "card": {
            "step": "ask",
            "text": {"zh": "请输入卡号后两位。"},
            "variable": "card",
            "kind": "digits",
            "min_length": 2,
            "max_length": 2,
            "timeout_s": 60,
            "on_timeout": "topics",
            "goto": "thanks",
        },
        "topics": {
            "step": "menu",
            "text": {"zh": "请选择说明。"},
            "choices": [
                {"key": "1", "label": {"zh": "再听一遍"}, "goto": "again"},
                {"key": "2", "label": {"zh": "卡号"}, "goto": "told"},
            ],
            "timeout_s": 60,
            "on_timeout": "thanks",
        },
        "told": {"step": "set", "values": {"card": ""}, "goto": "confirm"},
        "confirm": {
            "step": "menu",
            "text": {"zh": "卡号{card}，对吗？"},
            "choices": [{"key": "1", "label": {"zh": "对"}, "goto": "thanks"}],
            "timeout_s": 60,
            "on_timeout": "thanks",
        },
        "again": {"step": "say", "text": {"zh": "请再听一遍说明。"}, "goto": "thanks"},
        "thanks": {"step": "end", "text": {"zh": "谢谢，请稍候。"}, "reason": "checked"},
        "people": {"step": "queue", "queue_id": "general"},
    },
}


@pytest.fixture
async def pin(still_house: House) -> str:
    """Publish a flow that asks for a secret; return its id."""
    library = still_house.services.flow_library
    version, _ = await library.add_version(OPERATOR, "pin", PIN)
    await library.publish(OPERATOR, "pin", version)
    return "pin"


@pytest.fixture
async def talking(engine: FakeEngine, come: Come) -> tuple[Agent, str, str]:
    """Return an agent who talks with a citizen, the call, and the agent's leg."""
    zhou = await come("zhou")
    call_id = await engine.arrive()
    return zhou, call_id, await reach_agent(engine, call_id)


async def send(agent: Agent, **body: Any) -> Any:
    conversation = await Conversation.get(state="active")
    return await agent.call("POST", f"/conversations/{conversation.conversation_id}/call/flow", **body)


async def enter(engine: FakeEngine, call_id: str, asked: str, keys: str) -> None:
    """Hear what is asked for and enter it."""
    await engine.hears(call_id, asked)
    await engine.press(call_id, keys)


async def test_a_citizen_enters_a_pin_that_nobody_hears_and_is_back_with_the_agent(
    engine: FakeEngine, talking: tuple[Agent, str, str], pin: str
) -> None:
    zhou, call_id, leg_id = talking
    waiting = (await Conversation.get()).flow_state
    view = await send(zhou, flow_id=pin)
    assert view["call"]["is_in_flow"]
    await enter(engine, call_id, "四位密码", "4711")
    assert leg_id in {leg.leg_id for leg in engine.plans[call_id].legs}  # the agent waits
    await enter(engine, call_id, "卡号", "08")
    await engine.hears(call_id, "请稍候")
    await engine.finish(call_id)
    await engine.talks(call_id)
    notice = await Entry.get(code="flow_visit_ended")
    assert notice.params == {"values": "pin：***，card：08"}
    row = await Conversation.get()
    assert (row.state, row.agent_id, row.flow_state) == ("active", zhou.me["user_id"], waiting)
    call = await Call.get()
    assert (call.visit, "4711" in call.keys) == (None, False)


async def test_a_flow_is_entered_at_a_node_that_lets_in(
    engine: FakeEngine, talking: tuple[Agent, str, str], pin: str
) -> None:
    zhou, call_id, _ = talking
    entries = (await zhou.call("GET", "/call-flows"))["items"]
    assert {"flow_id": "pin", "title": {"zh": "密码核验"}, "entries": ["again", "topics"]} in entries
    for node in ("card", "confirm"):
        with pytest.raises(AssertionError, match="invalid"):
            await send(zhou, flow_id=pin, node=node)
    with pytest.raises(AssertionError, match="not_found"):
        await send(zhou, flow_id="nowhere")
    await send(zhou, flow_id=pin, node="topics")
    await engine.hears(call_id, "请选择说明")
    await engine.press(call_id, "1")
    await engine.hears(call_id, "再听一遍说明")
    await engine.finish(call_id)
    await engine.talks(call_id)


async def taken_back(agent: Agent) -> None:
    conversation = await Conversation.get(state="active")
    await agent.call("POST", f"/conversations/{conversation.conversation_id}/call/take_back")


async def test_the_agent_has_the_citizen_out_of_a_flow(
    engine: FakeEngine, talking: tuple[Agent, str, str], pin: str
) -> None:
    zhou, call_id, _ = talking
    await send(zhou, flow_id=pin)
    await engine.hears(call_id, "四位密码")
    await taken_back(zhou)
    await engine.talks(call_id)
    with pytest.raises(AssertionError, match="not_found"):
        await send(zhou, flow_id="nowhere")
    await send(zhou, flow_id=pin)  # once more
    await engine.hears(call_id, "四位密码")


async def test_a_citizen_who_hangs_up_in_a_flow_ends_the_service(
    engine: FakeEngine, talking: tuple[Agent, str, str], pin: str
) -> None:
    zhou, call_id, _ = talking
    await send(zhou, flow_id=pin)
    await engine.hears(call_id, "四位密码")
    await engine.change(call_id, engine.caller(call_id).leg_id, "ended")
    await engine.is_over(call_id)
    await eventually(Conversation.filter(state="wrap_up"))
    assert (await Conversation.get()).agent_id == zhou.me["user_id"]


async def test_a_call_is_passed_on_to_a_flow_for_good(
    engine: FakeEngine, talking: tuple[Agent, str, str], pin: str
) -> None:
    zhou, call_id, leg_id = talking
    await send(zhou, flow_id=pin, node="again", comes_back=False)
    await engine.hears(call_id, "再听一遍")
    assert leg_id not in {leg.leg_id for leg in engine.plans[call_id].legs}
    assert (await Conversation.get()).state == "wrap_up"
    await engine.finish(call_id)
    await engine.is_over(call_id)


async def test_keys_pressed_in_a_menu_stand_on_the_desk(engine: FakeEngine, talking: tuple[Agent, str, str]) -> None:
    zhou, _, _ = talking
    await zhou.until(lambda: any(row["call"].get("keys") == "0" for row in zhou.tables["conversations"].values()))
