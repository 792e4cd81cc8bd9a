"""A caller hangs up at any moment: the call ends in a legal state, rightly recorded, and the agent gets the next."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import pytest

from core.events import CallArrived
from hub.store.models import Call, CallLeg, Conversation, Offer, WorkItem
from tests.hub.calls.conftest import Come
from tests.hub.calls.test_calls import eventually, reach_agent
from tests.hub.calls.test_controls import order
from tests.hub.support.engine import FakeEngine
from tests.hub.support.house import House
from tests.journeys.support.clients import Agent

Moment = Callable[[FakeEngine, Agent], Awaitable[str]]


async def before_anything_is_planned(engine: FakeEngine, zhou: Agent) -> str:
    caller = "tel:+8613900000001"
    arrived_at = datetime.now(UTC)
    await engine.emit(
        CallArrived(call_id="call-x", leg_id="caller-x", caller=caller, dialled="1", arrived_at=arrived_at)
    )
    await engine.change("call-x", "caller-x", "ended")
    await engine.until(lambda: "call-x" in engine.plans)
    return "call-x"


async def while_greeted(engine: FakeEngine, zhou: Agent) -> str:
    call_id = await engine.arrive()
    await engine.hears(call_id, "您好")
    return call_id


async def right_after_a_key(engine: FakeEngine, zhou: Agent) -> str:
    call_id = await engine.arrive()
    await engine.press(call_id, "0")
    return call_id


async def while_waiting(engine: FakeEngine, zhou: Agent) -> str:
    await zhou.call("PUT", "/me/state", state="busy")
    call_id = await engine.arrive()
    await engine.press(call_id, "0")
    await engine.queues(call_id)
    return call_id


async def while_the_agent_is_called(engine: FakeEngine, zhou: Agent) -> str:
    call_id = await engine.arrive()
    await engine.press(call_id, "0")
    await engine.rings(call_id)
    return call_id


async def while_the_agent_s_phone_rings(engine: FakeEngine, zhou: Agent) -> str:
    call_id = await while_the_agent_is_called(engine, zhou)
    await engine.change(call_id, (await engine.rings(call_id)).leg_id, "ringing")
    return call_id


async def as_the_phone_is_lifted(engine: FakeEngine, zhou: Agent) -> str:
    call_id = await while_the_agent_s_phone_rings(engine, zhou)
    await engine.change(call_id, (await engine.rings(call_id)).leg_id, "answered")
    return call_id


async def while_the_work_number_is_told(engine: FakeEngine, zhou: Agent) -> str:
    call_id = await as_the_phone_is_lifted(engine, zhou)
    await engine.hears(call_id, "工号")
    return call_id


async def while_talking(engine: FakeEngine, zhou: Agent) -> str:
    call_id = await engine.arrive()
    await reach_agent(engine, call_id)
    return call_id


async def while_held(engine: FakeEngine, zhou: Agent) -> str:
    call_id = await while_talking(engine, zhou)
    await order(zhou, "PUT", "hold", is_held=True)
    return call_id


async def while_somebody_outside_is_asked(engine: FakeEngine, zhou: Agent) -> str:
    call_id = await while_talking(engine, zhou)
    await order(zhou, "POST", "consult", number="13911112222")
    await engine.until(lambda: len(engine.plans[call_id].legs) == 3)
    return call_id


async def while_rating(engine: FakeEngine, zhou: Agent) -> str:
    call_id = await engine.arrive()
    leg_id = await reach_agent(engine, call_id)
    await engine.change(call_id, leg_id, "ended")
    await engine.hears(call_id, "评价")
    return call_id


SERVED = (
    as_the_phone_is_lifted,
    while_the_work_number_is_told,
    while_talking,
    while_held,
    while_somebody_outside_is_asked,
    while_rating,
)
MOMENTS = (
    before_anything_is_planned,
    while_greeted,
    right_after_a_key,
    while_waiting,
    while_the_agent_is_called,
    while_the_agent_s_phone_rings,
    *SERVED,
)


@pytest.mark.parametrize("moment", MOMENTS, ids=lambda moment: moment.__name__)
async def test_a_caller_who_hangs_up_leaves_a_right_record_and_an_agent_who_gets_the_next_call(
    engine: FakeEngine, come: Come, still_house: House, moment: Moment
) -> None:
    zhou = await come("zhou")
    call_id = await moment(engine, zhou)
    caller = await CallLeg.get(call_id=call_id, role="caller")
    if caller.ended_at is None:
        await engine.change(call_id, caller.leg_id, "ended")
    await engine.is_over(call_id)
    for leg in await CallLeg.filter(call_id=call_id, ended_at=None):
        await engine.change(call_id, leg.leg_id, "ended")  # as the engine reports of everybody it lets go
    await eventually(Call.filter(call_id=call_id).exclude(ended_at=None))
    async with asyncio.timeout(30):
        while await CallLeg.filter(call_id=call_id, ended_at=None).exists():
            await asyncio.sleep(0.005)

    call = await Call.get(call_id=call_id)
    assert (call.hung_up_by, bool(call.talked_at)) == ("citizen", moment in SERVED)
    assert not await CallLeg.filter(call_id=call_id, cause="").exists()
    assert not await Offer.filter(outcome=None).exists()
    assert not await WorkItem.filter(state__in=("waiting", "offered")).exists()
    conversation = await Conversation.get(conversation_id=call.conversation_id)
    if conversation.state == "wrap_up":
        path = f"/conversations/{conversation.conversation_id}/wrap-up"
        await zhou.call("POST", path, code="answered", summary="", tags=[])
    else:
        assert conversation.state == "closed"

    await zhou.call("PUT", "/me/state", state="available")
    following = await engine.arrive("tel:+8613900000077")
    await engine.press(following, "0")
    await engine.rings(following)
