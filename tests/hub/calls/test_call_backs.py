"""Callers who do not want to wait on the line are called back in their turn."""

from datetime import timedelta

import pytest

from hub.accounts.identity import Identity
from hub.dispatch.queues import CallBackSetting, QueueSettings
from hub.store.models import Calendar, Call, Conversation, Entry, WorkItem
from tests.hub.calls.conftest import Advance, Come
from tests.hub.calls.test_calls import eventually
from tests.hub.support.engine import FakeEngine
from tests.hub.support.house import House
from tests.journeys.support.clients import Agent

OPERATOR = Identity(username="operator", permissions=frozenset({"queue.all"}))
FIRST, SECOND, THIRD = (f"tel:+861390000000{n}" for n in (1, 2, 3))


@pytest.fixture
async def offering(still_house: House) -> CallBackSetting:
    """Let the queue offer call-backs."""
    settings = CallBackSetting(is_offered=True, tries=2, retry_s=600)
    rules = QueueSettings(rating_flow="rating", on_missed="stay", wrap_up_s=0, call_back=settings)
    await still_house.services.queue_editor.save(OPERATOR, "general", {"zh": "综合服务"}, rules)
    return settings


async def wait(engine: FakeEngine, number: str) -> str:
    """Call and ask for a person; return the call that waits."""
    call_id = await engine.arrive(number)
    await engine.press(call_id, "0")
    await engine.queues(call_id)
    return call_id


async def ask(engine: FakeEngine, call_id: str) -> None:
    """Ask to be called back, and be let go."""
    await engine.press(call_id, "1")
    await engine.hears(call_id, "已为您登记回电")
    leg_id = engine.caller(call_id).leg_id
    await engine.finish(call_id)
    await engine.is_over(call_id)
    await engine.change(call_id, leg_id, "ended")
    await eventually(Call.filter(call_id=call_id).exclude(ended_at=None))


async def take(engine: FakeEngine, agent: Agent) -> tuple[str, str]:
    """Take the call-back that is offered and lift; return the call and the citizen's leg."""
    conversation_id = await agent.take_offer()
    call = await Call.get(conversation_id=conversation_id, direction="out", ended_at=None)
    leg = await engine.rings(call.call_id)
    await engine.change(call.call_id, leg.leg_id, "answered")
    await engine.until(lambda: len(engine.plans[call.call_id].legs) == 2)
    return call.call_id, engine.caller(call.call_id).leg_id


async def test_who_asks_to_be_called_back_keeps_their_place(
    engine: FakeEngine, come: Come, offering: CallBackSetting
) -> None:
    calls = [await wait(engine, number) for number in (FIRST, SECOND, THIRD)]
    await engine.hears(calls[1], "请按 1")
    await ask(engine, calls[1])
    zhou = await come("zhou")
    first = await engine.rings(calls[0])  # whoever waited longer is served first
    await engine.change(calls[0], first.leg_id, "answered")
    await engine.change(calls[0], engine.caller(calls[0]).leg_id, "ended")
    await engine.is_over(calls[0])
    call_id, leg_id = await take(engine, zhou)
    assert (await Call.get(call_id=call_id)).number == SECOND
    assert engine.agent(calls[2]) is None  # who came later waits on
    await engine.change(call_id, leg_id, "answered")
    await engine.talks(call_id)
    await eventually(Conversation.filter(address=SECOND, call_back=None, state="active"))


async def test_a_call_back_shows_the_number_that_the_citizen_had_dialled(
    engine: FakeEngine, come: Come, offering: CallBackSetting
) -> None:
    await ask(engine, await wait(engine, FIRST))
    call_id, _ = await take(engine, await come("zhou"))
    dial = engine.caller(call_id).dial
    assert dial is not None
    assert dial.caller_id == "12345"


async def test_a_call_back_is_tried_again_at_its_old_place_and_then_given_up(
    engine: FakeEngine, come: Come, advance: Advance, still_house: House, offering: CallBackSetting
) -> None:
    waiting = [await wait(engine, number) for number in (FIRST, SECOND)]
    await ask(engine, waiting[1])
    enqueued_at = (await WorkItem.filter(state="waiting").order_by("-enqueued_at").first()).enqueued_at  # type: ignore[union-attr]
    await engine.change(waiting[0], engine.caller(waiting[0]).leg_id, "ended")
    await engine.is_over(waiting[0])
    zhou = await come("zhou")
    call_id, leg_id = await take(engine, zhou)
    await engine.change(call_id, leg_id, "ended", cause="busy")
    await engine.is_over(call_id)
    await eventually(Conversation.filter(address=SECOND, state="queued").exclude(call_back_at=None))
    assert not await WorkItem.filter(state__in=("waiting", "offered", "assigned")).exists()
    await zhou.until(lambda: not zhou.tables["offers"])
    await advance(offering.retry_s + 1)
    await still_house.services.call_backs.tick()
    again = await WorkItem.exclude(state="done").get()
    assert again.enqueued_at == enqueued_at
    call_id, leg_id = await take(engine, zhou)
    await engine.change(call_id, leg_id, "ended", cause="no_answer")
    await engine.is_over(call_id)
    await eventually(Conversation.filter(address=SECOND, state="closed", call_back=None))
    assert (await Entry.get(code="call_back_given_up")).params == {"tries": "2"}


async def test_a_phone_lost_while_the_citizen_s_rings_leaves_the_call_back_owed(
    engine: FakeEngine, come: Come, offering: CallBackSetting
) -> None:
    await ask(engine, await wait(engine, FIRST))
    zhou = await come("zhou")
    call_id, leg_id = await take(engine, zhou)
    agent = engine.agent(call_id)
    assert agent is not None
    await engine.change(call_id, agent.leg_id, "ended", cause="lost")
    await engine.is_over(call_id)
    await engine.change(call_id, leg_id, "ended")
    await eventually(Call.filter(call_id=call_id).exclude(ended_at=None))
    assert (await Conversation.get(address=FIRST)).call_back is not None
    assert await WorkItem.filter(state__in=("waiting", "offered", "assigned")).count() == 1


async def test_a_try_waits_for_the_hours_at_which_people_are_called(
    engine: FakeEngine, come: Come, advance: Advance, still_house: House, offering: CallBackSetting
) -> None:
    call_id = await wait(engine, FIRST)
    await ask(engine, call_id)
    zhou = await come("zhou")
    call_id, leg_id = await take(engine, zhou)
    await engine.change(call_id, leg_id, "ended", cause="no_answer")
    await eventually(Conversation.exclude(call_back_at=None))
    async with still_house.services.store.work():
        await Calendar.create(calendar_id="never", title={"zh": "从不"}, rules={"weekly": {}})
    rules = QueueSettings(call_back=CallBackSetting(is_offered=True, tries=2, retry_s=600, calendar="never"))
    await still_house.services.queue_editor.save(OPERATOR, "general", {"zh": "综合服务"}, rules)
    await advance(offering.retry_s + 1)
    await still_house.services.call_backs.tick()
    row = await Conversation.get()
    assert row.state == "queued"
    assert row.call_back_at is not None
    assert row.call_back_at > still_house.services.clock.now()
    assert row.call_back_at - still_house.services.clock.now() <= timedelta(minutes=1)


async def test_nobody_without_a_number_is_offered_a_call_back(
    engine: FakeEngine, come: Come, offering: CallBackSetting
) -> None:
    await wait(engine, FIRST)
    call_id = await wait(engine, "")
    assert not any("请按 1" in words for words in engine.prompts(call_id))
    await engine.press(call_id, "1")
    await engine.change(call_id, engine.caller(call_id).leg_id, "ended")
    await eventually(Conversation.filter(state="closed"))


async def test_a_phone_that_is_not_lifted_leaves_the_call_back_to_others(
    engine: FakeEngine, come: Come, offering: CallBackSetting
) -> None:
    call_id = await wait(engine, FIRST)
    await ask(engine, call_id)
    zhou = await come("zhou")
    conversation_id = await zhou.take_offer()
    call = await Call.get(conversation_id=conversation_id, direction="out")
    leg = await engine.rings(call.call_id)
    li = await come("li")
    await engine.change(call.call_id, leg.leg_id, "ended", cause="no_answer")
    await li.until(lambda: bool(li.tables["offers"]))
    assert (await Conversation.get()).call_back is not None
