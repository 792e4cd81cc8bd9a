"""Numbers that are dialled: each leads into its own flow, and flows lead on to numbers outside."""

from typing import Any

import pytest

from core.events import Cause, Dial, Talk
from hub.accounts.identity import Identity
from hub.flows.library import CHANNELS_KEY
from hub.store.models import Calendar, Setting
from tests.hub.calls.conftest import VOICE
from tests.hub.support.engine import FakeEngine
from tests.hub.support.house import House

OPERATOR = Identity(user_id="", username="operator")
INSURANCE = {
    "languages": ["zh"],
    "start": "hello",
    "human": "people",
    "nodes": {
        "hello": {"step": "say", "text": {"zh": "这里是 12333 人社热线。"}, "goto": "duty"},
        "duty": {"step": "transfer", "number": "10010", "text": {"zh": "正在转接值班电话。"}, "on_failure": "sorry"},
        "sorry": {"step": "say", "text": {"zh": "值班电话无人接听。"}, "goto": "people"},
        "people": {"step": "queue", "queue_id": "general"},
    },
}


@pytest.fixture
async def insurance(still_house: House) -> None:
    """Let one of the numbers lead into a flow of its own."""
    await lead(still_house, "12333", "insurance", INSURANCE)


async def lead(house: House, number: str, name: str, flow: dict[str, Any]) -> None:
    """Let a number that is dialled lead into ``flow``."""
    library = house.services.flow_library
    version, faults = await library.add_version(OPERATOR, name, flow)
    assert faults == ()
    await library.publish(OPERATOR, name, version)
    async with house.services.store.work():
        row = await Setting.get(key=CHANNELS_KEY)
        entries: dict[str, Any] = {**row.value, f"{VOICE}/{number}": {"flow": name, "queue": "general"}}
        await Setting.filter(key=CHANNELS_KEY).update(value=entries)
    await library.load()


@pytest.mark.usefixtures("insurance")
async def test_each_dialled_number_has_its_own_flow(engine: FakeEngine) -> None:
    one, other = await engine.arrive(dialled="12333"), await engine.arrive("tel:+8613900000002", dialled="12345")
    await engine.hears(one, "人社热线")
    await engine.hears(other, "您好，这里是 12345")


async def test_calls_of_one_number_have_the_flow_of_the_trunk_each_comes_over(
    engine: FakeEngine, still_house: House
) -> None:
    await lead(still_house, "@mobile", "insurance", INSURANCE)
    calls = [
        await engine.arrive(f"tel:+861390000000{at}", dialled="12345", trunk=trunk)
        for at, trunk in enumerate(("fixed", "mobile", "fixed"))
    ]
    for call_id, words in zip(calls, ("这里是 12345", "人社热线", "这里是 12345"), strict=True):  # all at once
        await engine.hears(call_id, words)


def with_hours(calendar: str, name: str) -> dict[str, Any]:
    """Return the flow of a number that has a name and office hours of its own."""
    return {
        "languages": ["zh"],
        "start": "hours",
        "human": "people",
        "nodes": {
            "hours": {"step": "calendar", "calendar": calendar, "open": "open", "closed": "closed"},
            "open": {"step": "say", "text": {"zh": f"这里是{name}。"}, "goto": "people"},
            "closed": {"step": "say", "text": {"zh": f"{name}已经下班。"}, "goto": "end"},
            "people": {"step": "queue", "queue_id": "general"},
            "end": {"step": "end"},
        },
    }


async def test_each_dialled_number_has_its_own_name_and_hours(engine: FakeEngine, still_house: House) -> None:
    always = {"weekly": {day: [["00:00", "24:00"]] for day in "0123456"}, "follows_holidays": False}
    library, numbers = still_house.services.flow_library, {"12333": "人社热线", "12329": "公积金热线"}
    async with still_house.services.store.work():
        await Calendar.create(calendar_id="12333", title={"zh": "从不"}, rules={"weekly": {}})
        await Calendar.create(calendar_id="12329", title={"zh": "总是"}, rules=always)
    for number, name in numbers.items():
        version, _ = await library.add_version(OPERATOR, f"flow-{number}", with_hours(number, name))
        await library.publish(OPERATOR, f"flow-{number}", version)
    async with still_house.services.store.work():
        row = await Setting.get(key=CHANNELS_KEY)
        own = {f"{VOICE}/{number}": {"flow": f"flow-{number}", "queue": "general"} for number in numbers}
        await Setting.filter(key=CHANNELS_KEY).update(value={**row.value, **own})
    await library.load()
    closed, open_ = await engine.arrive(dialled="12333"), await engine.arrive("tel:+8613900000002", dialled="12329")
    await engine.hears(closed, "人社热线已经下班")
    await engine.hears(open_, "这里是公积金热线")
    await engine.finish(closed)
    await engine.is_over(closed)
    await engine.finish(open_)
    await engine.queues(open_)


async def duty_rings(engine: FakeEngine) -> tuple[str, str]:
    """Let the flow call the duty phone; return the call and that leg."""
    call_id = await engine.arrive(dialled="12333")
    await engine.hears(call_id, "值班电话")
    await engine.finish(call_id)
    await engine.until(lambda: len(engine.plans[call_id].legs) == 2)
    outside = next(leg for leg in engine.plans[call_id].legs if leg.role == "outside")
    assert outside.dial == Dial(target="tel:10010", ring_s=45.0)
    return call_id, outside.leg_id


@pytest.mark.usefixtures("insurance")
async def test_a_flow_brings_the_caller_to_the_duty_phone(engine: FakeEngine) -> None:
    call_id, leg_id = await duty_rings(engine)
    await engine.change(call_id, leg_id, "answered")
    await engine.until(lambda: all(leg.activity == Talk(activity_id="main") for leg in engine.plans[call_id].legs))


@pytest.mark.usefixtures("insurance")
@pytest.mark.parametrize("cause", ["no_answer", "busy", "unreachable"])
async def test_a_duty_phone_that_is_not_answered_leaves_the_flow_to_go_on(engine: FakeEngine, cause: Cause) -> None:
    call_id, leg_id = await duty_rings(engine)
    await engine.change(call_id, leg_id, "ended", cause=cause)
    await engine.hears(call_id, "无人接听")
