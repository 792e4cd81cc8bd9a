"""Several people in one call: asked aside, brought together, let go, or given the call."""

from core.events import LegPlan, Listen, Talk
from hub.store.models import Conversation
from tests.hub.calls.conftest import Come
from tests.hub.calls.test_calls import eventually, reach_agent
from tests.hub.calls.test_controls import ASIDE, MAIN, order
from tests.hub.calls.test_dialling import called
from tests.hub.support.engine import FakeEngine
from tests.journeys.support.clients import Agent


async def ask(engine: FakeEngine, agent: Agent, call_id: str, **whom: object) -> LegPlan:
    """Have somebody asked aside; return their leg, which has answered."""
    known = {leg.leg_id for leg in engine.plans[call_id].legs}
    await order(agent, "POST", "consult", **whom)
    await engine.until(lambda: not known >= {leg.leg_id for leg in engine.plans[call_id].legs})
    leg = next(leg for leg in engine.plans[call_id].legs if leg.leg_id not in known)
    await engine.change(call_id, leg.leg_id, "answered")
    return leg


def activity_of(engine: FakeEngine, call_id: str, leg_id: str) -> object:
    """Return what a party does."""
    return next(leg.activity for leg in engine.plans[call_id].legs if leg.leg_id == leg_id)


async def all_talk(engine: FakeEngine, call_id: str, number: int) -> None:
    """Return when so many, and nobody else, are in one room."""
    await engine.until(lambda: [leg.activity for leg in engine.plans[call_id].legs] == [MAIN] * number)


async def test_a_conference_grows_by_colleagues_and_outside_numbers_and_the_citizen_hears_on(
    engine: FakeEngine, come: Come
) -> None:
    zhou = await come("zhou")
    call_id = await engine.arrive()
    mine = await reach_agent(engine, call_id)
    li, chen = await come("li"), await come("chen")
    for number, whom in enumerate(
        ({"agent_id": li.me["user_id"]}, {"number": "13800000000"}, {"agent_id": chen.me["user_id"]}), start=3
    ):
        asked = await ask(engine, zhou, call_id, **whom)
        assert activity_of(engine, call_id, mine) == activity_of(engine, call_id, asked.leg_id) == ASIDE
        is_alone = number == 3
        assert isinstance(engine.caller(call_id).activity, Listen if is_alone else Talk)  # later ones are with the rest
        await order(zhou, "POST", "join")
        await all_talk(engine, call_id, number)
    third = await ask(engine, zhou, call_id, number="13900000099")
    await order(zhou, "POST", "take_back")  # of the one who is asked; the others stay
    await engine.until(lambda: third.leg_id not in {leg.leg_id for leg in engine.plans[call_id].legs})
    await all_talk(engine, call_id, 5)
    await order(zhou, "POST", "take_back")  # of everybody
    await all_talk(engine, call_id, 2)


async def test_an_agent_whom_the_one_asked_leaves_alone_is_back_and_retrieves_the_citizen(
    engine: FakeEngine, come: Come
) -> None:
    zhou = await come("zhou")
    call_id = await engine.arrive()
    mine = await reach_agent(engine, call_id)
    asked = await ask(engine, zhou, call_id, number="13800000000")
    await engine.change(call_id, asked.leg_id, "ended")
    await engine.until(lambda: activity_of(engine, call_id, mine) == MAIN)
    assert isinstance(engine.caller(call_id).activity, Listen)
    await order(zhou, "PUT", "hold", is_held=False)
    await all_talk(engine, call_id, 2)


async def test_a_call_is_passed_on_to_an_outside_number_as_soon_as_it_answers(engine: FakeEngine, come: Come) -> None:
    zhou = await come("zhou")
    call_id = await engine.arrive()
    await reach_agent(engine, call_id)
    asked = await ask(engine, zhou, call_id, number="13800000000", hands_over=True)
    await all_talk(engine, call_id, 2)
    assert {leg.role for leg in engine.plans[call_id].legs} == {"caller", "outside"}
    await eventually(Conversation.filter(state="wrap_up"))
    await engine.change(call_id, asked.leg_id, "ended")
    await engine.hears(call_id, "评价")


async def test_a_call_that_the_agent_made_is_passed_on_as_well(engine: FakeEngine, come: Come) -> None:
    zhou = await come("zhou")
    call_id, citizen = await called(engine, zhou)
    await engine.change(call_id, citizen, "answered")
    await all_talk(engine, call_id, 2)
    await ask(engine, zhou, call_id, number="13800000000", hands_over=True)
    await engine.until(lambda: {leg.role for leg in engine.plans[call_id].legs} == {"caller", "outside"})
    await all_talk(engine, call_id, 2)
    await eventually(Conversation.filter(state="wrap_up"))


async def test_whoever_is_still_rung_is_let_go_with_the_end_of_the_service(engine: FakeEngine, come: Come) -> None:
    zhou = await come("zhou")
    call_id = await engine.arrive()
    await reach_agent(engine, call_id)
    await order(zhou, "POST", "consult", number="13800000000", hands_over=True)
    await engine.until(lambda: len(engine.plans[call_id].legs) == 3)
    conversation = await Conversation.get()
    await zhou.call("POST", f"/conversations/{conversation.conversation_id}/end")
    await engine.hears(call_id, "评价")
    assert [leg.role for leg in engine.plans[call_id].legs] == ["caller"]


async def test_a_number_that_does_not_answer_gives_the_agent_the_call_back(engine: FakeEngine, come: Come) -> None:
    zhou = await come("zhou")
    call_id = await engine.arrive()
    mine = await reach_agent(engine, call_id)
    await order(zhou, "POST", "consult", number="13800000000", hands_over=True)
    await engine.until(lambda: len(engine.plans[call_id].legs) == 3)
    outside = next(leg for leg in engine.plans[call_id].legs if leg.role == "outside")
    assert activity_of(engine, call_id, mine) == ASIDE
    await engine.change(call_id, outside.leg_id, "ended", cause="no_answer")
    await engine.until(lambda: activity_of(engine, call_id, mine) == MAIN)
    assert (await Conversation.get()).state == "active"
