"""Calls that agents make."""

import pytest

from core.events import Dial, Listen, Talk
from core.ids import new_id
from hub.store.models import Call, Conversation, Entry, WorkItem
from tests.hub.calls.conftest import Come
from tests.hub.calls.test_calls import eventually
from tests.hub.support.engine import FakeEngine
from tests.journeys.support.clients import Agent

NUMBER = "13900000009"
MAIN = Talk(activity_id="main")


async def dial(agent: Agent, to: str = NUMBER, **body: str) -> dict[str, object]:
    return await agent.call("POST", "/calls", **{"client_id": new_id(), "to": to, **body})


async def called(engine: FakeEngine, agent: Agent) -> tuple[str, str]:
    """Let the agent call and lift; return the call and the citizen's leg, which rings."""
    await dial(agent)
    call = await Call.get()
    leg = await engine.rings(call.call_id)
    await engine.change(call.call_id, leg.leg_id, "answered")
    await engine.until(lambda: len(engine.plans[call.call_id].legs) == 2)
    return call.call_id, engine.caller(call.call_id).leg_id


async def test_the_agent_s_phone_rings_first_and_then_the_citizen_s(engine: FakeEngine, come: Come) -> None:
    zhou = await come("zhou")
    view = await dial(zhou)
    assert (view["state"], view["call"]["direction"]) == ("active", "out")  # type: ignore[index]
    call_id = str(view["call"]["call_id"])  # type: ignore[index]
    leg = await engine.rings(call_id)
    assert leg.dial is not None
    assert leg.dial.auto_answer
    assert len(engine.plans[call_id].legs) == 1  # nobody outside is bothered before somebody is there to talk
    await engine.change(call_id, leg.leg_id, "answered")
    await engine.until(lambda: len(engine.plans[call_id].legs) == 2)
    citizen, mine = engine.caller(call_id), engine.agent(call_id)
    assert citizen.dial == Dial(target=f"tel:+86{NUMBER}", ring_s=60.0)
    assert mine is not None
    assert mine.activity == Listen(activity_id="calling", background="ringing")
    await engine.change(call_id, citizen.leg_id, "answered")
    await engine.until(lambda: all(one.activity == MAIN for one in engine.plans[call_id].legs))
    assert engine.plans[call_id].recordings


async def test_who_calls_is_asked_for_no_other_call(engine: FakeEngine, come: Come) -> None:
    zhou = await come("zhou")
    await called(engine, zhou)
    arriving = await engine.arrive()
    await engine.press(arriving, "0")
    await engine.queues(arriving)
    assert engine.agent(arriving) is None
    with pytest.raises(AssertionError, match="agent_busy"):
        await dial(zhou, "13900000010")


async def test_the_same_request_is_one_call(engine: FakeEngine, come: Come) -> None:
    zhou = await come("zhou")
    client_id = new_id()
    first, second = await dial(zhou, client_id=client_id), await dial(zhou, client_id=client_id)
    assert first["conversation_id"] == second["conversation_id"]
    assert await Call.all().count() == 1


async def test_a_citizen_who_is_busy_ends_the_call_with_a_reason(engine: FakeEngine, come: Come) -> None:
    zhou = await come("zhou")
    call_id, leg_id = await called(engine, zhou)
    await engine.change(call_id, leg_id, "ended", cause="busy")
    await engine.is_over(call_id)
    await eventually(Entry.filter(code="not_reached"))
    assert (await Entry.get(code="not_reached")).params == {"cause": "busy"}
    assert (await Conversation.get()).state == "wrap_up"
    assert (await WorkItem.get()).state == "done"


async def test_an_agent_who_hangs_up_lets_the_citizen_go(engine: FakeEngine, come: Come) -> None:
    zhou = await come("zhou")
    call_id, leg_id = await called(engine, zhou)
    await engine.change(call_id, leg_id, "answered")
    await engine.talks(call_id)
    agent = engine.agent(call_id)
    assert agent is not None
    await engine.change(call_id, agent.leg_id, "ended")
    await engine.is_over(call_id)  # without a rating: they did not call us
    assert (await Conversation.get()).state == "wrap_up"


async def test_a_phone_that_is_not_lifted_bothers_nobody_else(engine: FakeEngine, come: Come) -> None:
    zhou = await come("zhou")
    await come("li")
    await dial(zhou)
    call = await Call.get()
    leg = await engine.rings(call.call_id)
    await engine.change(call.call_id, leg.leg_id, "ended", cause="no_answer")
    await engine.is_over(call.call_id)
    conversation = await Conversation.get()
    assert (conversation.state, conversation.agent_id) == ("wrap_up", zhou.me["user_id"])


@pytest.mark.parametrize("to", ["nobody", "0", "+86-<script>", "mailto:a@b.cn"])
async def test_what_is_no_number_is_refused(engine: FakeEngine, come: Come, to: str) -> None:
    zhou = await come("zhou")
    with pytest.raises(AssertionError, match="invalid"):
        await dial(zhou, to)
    assert not await Call.exists()
