"""Colleagues call each other by work number, at the desk and from desk phones."""

from datetime import UTC, datetime

import pytest

from core.events import ActivityEnded, CallArrived, KeysPressed, LegPlan, Listen, Ring, Talk
from core.ids import new_id
from hub.store.models import Call, InternalCall, User
from tests.hub.calls.conftest import Advance, Come
from tests.hub.support.engine import FakeEngine
from tests.hub.support.house import House
from tests.journeys.support.clients import Agent

LI = "3022"
MAIN = Talk(activity_id="main")


async def dial(agent: Agent, work_number: str = LI, **body: str) -> str:
    """Call a colleague; return the call."""
    begun = await agent.call("POST", "/calls/internal", **{"client_id": new_id(), "work_number": work_number, **body})
    return str(begun["call_id"])


async def legs(engine: FakeEngine, call_id: str, count: int) -> tuple[LegPlan, ...]:
    """Return the parties once there are ``count``."""
    await engine.until(lambda: call_id in engine.plans and len(engine.plans[call_id].legs) == count)
    return engine.plans[call_id].legs


async def talking(engine: FakeEngine, agent: Agent) -> str:
    """Let the agent call a colleague, who answers; return the call."""
    call_id = await dial(agent)
    [own] = await legs(engine, call_id, 1)
    await engine.change(call_id, own.leg_id, "answered")
    _, theirs = await legs(engine, call_id, 2)
    await engine.change(call_id, theirs.leg_id, "answered")
    await engine.until(lambda: [leg.activity for leg in engine.plans[call_id].legs] == [MAIN, MAIN])
    return call_id


async def lift_and_dial(engine: FakeEngine, house: House, username: str, number: str) -> str:
    """Let a user dial on their desk phone; return the call once there is a plan for it."""
    issued = await house.hub.phones.issue(await User.get(username=username), kind="sip")
    assert issued is not None
    call_id = new_id()
    caller = f"phone:{issued[0].phone_id}"
    at = datetime.now(UTC)
    await engine.emit(CallArrived(call_id=call_id, leg_id="lifted", caller=caller, dialled=number, arrived_at=at))
    await engine.until(lambda: call_id in engine.plans)
    return call_id


async def test_a_colleague_s_phone_rings_once_the_caller_s_is_lifted(engine: FakeEngine, come: Come) -> None:
    zhou, _ = await come("zhou"), await come("li")
    call_id = await dial(zhou)
    [own] = await legs(engine, call_id, 1)
    assert (own.role, own.activity) == ("colleague", Listen(activity_id="calling", background="ringing"))
    assert own.dial is not None
    assert (own.dial.auto_answer, own.dial.caller_id) == (True, LI)
    await engine.change(call_id, own.leg_id, "answered")
    _, theirs = await legs(engine, call_id, 2)
    assert theirs.dial is not None
    assert (theirs.dial.auto_answer, theirs.dial.caller_id, theirs.dial.caller_name) == (False, "3021", "周敏")
    await engine.change(call_id, theirs.leg_id, "answered")
    await engine.until(lambda: [leg.activity for leg in engine.plans[call_id].legs] == [MAIN, MAIN])
    assert engine.plans[call_id].recordings == ()
    await engine.change(call_id, theirs.leg_id, "ended")
    await engine.is_over(call_id)
    row = await InternalCall.get(call_id=call_id)
    assert row.talked_at is not None
    assert (row.cause, row.ended_at is not None) == ("normal", True)
    assert not await Call.exists(), "it is no call of a citizen's"


async def test_who_talks_with_a_colleague_is_offered_calls_all_the_same(engine: FakeEngine, come: Come) -> None:
    zhou, li = await come("zhou"), await come("li")
    await li.call("PUT", "/me/state", state="busy")
    await talking(engine, zhou)
    arriving = await engine.arrive()
    await engine.press(arriving, "0")
    await engine.rings(arriving)


@pytest.mark.parametrize("cause", ["rejected", "no_answer", "busy", "unreachable"])
async def test_a_colleague_who_does_not_answer_ends_the_call(engine: FakeEngine, come: Come, cause: str) -> None:
    zhou, _ = await come("zhou"), await come("li")
    call_id = await dial(zhou)
    [own] = await legs(engine, call_id, 1)
    await engine.change(call_id, own.leg_id, "answered")
    _, theirs = await legs(engine, call_id, 2)
    await engine.change(call_id, theirs.leg_id, "ended", cause=cause)  # type: ignore[arg-type]
    await zhou.until(lambda: any(one.get("name") == "colleague_not_reached" for one in zhou.signals))
    (told,) = [one for one in zhou.signals if one.get("name") == "colleague_not_reached"]
    assert (told["call_id"], told["cause"], told["colleague"]) == (call_id, cause, "李强")
    await engine.until(lambda: len(engine.plans[call_id].legs) == 1)
    (tone,) = engine.plans[call_id].legs
    assert isinstance(tone.activity, Listen)
    assert [prompt.tone for prompt in tone.activity.prompts] == ["busy"]
    at, what = datetime.now(UTC), tone.activity.activity_id
    await engine.emit(ActivityEnded(call_id=call_id, leg_id=own.leg_id, activity_id=what, at=at))
    await engine.is_over(call_id)
    assert (await InternalCall.get(call_id=call_id)).cause == cause


async def test_the_same_request_is_one_call(engine: FakeEngine, come: Come) -> None:
    zhou, _ = await come("zhou"), await come("li")
    client_id = new_id()
    assert await dial(zhou, client_id=client_id) == await dial(zhou, client_id=client_id)
    assert await InternalCall.all().count() == 1


async def test_a_number_dialled_on_a_desk_phone_reaches_the_colleague(
    engine: FakeEngine, come: Come, still_house: House
) -> None:
    await come("li")
    call_id = await lift_and_dial(engine, still_house, "zhou", LI)
    lifted, theirs = await legs(engine, call_id, 2)
    assert (lifted.activity, lifted.dial) == (Ring(activity_id="arrived"), None)
    await engine.change(call_id, theirs.leg_id, "answered")
    await engine.until(lambda: [leg.activity for leg in engine.plans[call_id].legs] == [MAIN, MAIN])
    await engine.change(call_id, "lifted", "ended")
    await engine.is_over(call_id)


@pytest.mark.parametrize("number", ["9999", "3021", "13900000001"], ids=["nobody's", "their own", "outside"])
async def test_a_desk_phone_reaches_nobody_but_colleagues(
    engine: FakeEngine, come: Come, still_house: House, number: str
) -> None:
    await come("li")
    call_id = await lift_and_dial(engine, still_house, "zhou", number)
    assert engine.plans[call_id].legs == ()
    assert (await InternalCall.get(call_id=call_id)).cause == "unreachable"


async def test_who_dials_a_colleague_without_a_phone_hears_a_tone(
    engine: FakeEngine, come: Come, still_house: House
) -> None:
    await come("zhou")
    call_id = await lift_and_dial(engine, still_house, "zhou", LI)
    (tone,) = engine.plans[call_id].legs
    assert isinstance(tone.activity, Listen)
    assert [prompt.tone for prompt in tone.activity.prompts] == ["busy"]
    assert (await InternalCall.get(call_id=call_id)).cause == "unreachable"


async def test_a_stranger_s_phone_reaches_nobody(engine: FakeEngine, come: Come) -> None:
    await come("li")
    at = datetime.now(UTC)
    await engine.emit(CallArrived(call_id="x", leg_id="x", caller="phone:none", dialled=LI, arrived_at=at))
    await engine.arrive()  # which comes after it
    assert "x" not in engine.plans
    assert not await InternalCall.exists()


async def test_a_locked_agent_calls_nobody(engine: FakeEngine, come: Come, still_house: House) -> None:
    zhou, _, chen = await come("zhou"), await come("li"), await come("chen")
    await chen.call("PUT", f"/agents/{zhou.me['user_id']}/lock")
    for path, whom in (("/calls/internal", {"work_number": LI}), ("/calls", {"to": "13900000009"})):
        status, answer = await zhou.try_call("POST", path, client_id=new_id(), **whom)
        assert (status, answer["error"]["code"]) == (409, "locked_state")
    call_id = await lift_and_dial(engine, still_house, "zhou", LI)
    assert engine.plans[call_id].legs == ()


async def test_a_colleague_who_cannot_be_rung_is_named_as_such(engine: FakeEngine, come: Come) -> None:
    zhou = await come("zhou")
    for work_number, expected in (
        (LI, (409, "phone_unreachable")),
        ("9999", (422, "invalid")),
        ("3021", (422, "invalid")),
    ):
        status, answer = await zhou.try_call("POST", "/calls/internal", client_id=new_id(), work_number=work_number)
        assert (status, answer["error"]["code"]) == expected


async def test_a_plugin_that_missed_something_is_told(engine: FakeEngine, come: Come) -> None:
    zhou, _ = await come("zhou"), await come("li")
    call_id = await talking(engine, zhou)
    assert [plan.call_id for plan in (await engine.compare()).plans] == [call_id]
    await engine.change(call_id, engine.plans[call_id].legs[0].leg_id, "ended")
    await engine.is_over(call_id)
    assert (await engine.compare()).plans == ()
    [over] = (await engine.compare({call_id: 1})).plans
    assert over.legs == ()


async def test_phones_do_not_ring_for_a_call_whose_time_is_over(
    engine: FakeEngine, come: Come, advance: Advance
) -> None:
    zhou, _ = await come("zhou"), await come("li")
    call_id = await dial(zhou)
    [plan] = (await engine.compare()).plans
    assert plan.call_id == call_id, "a plugin that was away for a moment still rings the phone"
    await advance(121.0)
    assert (await engine.compare({call_id: plan.revision})).plans == ()
    assert (await InternalCall.get(call_id=call_id)).ended_at is None, "whoever carries it says when it is over"
    assert (await engine.compare()).plans == ()
    row = await InternalCall.get(call_id=call_id)
    assert (row.cause, row.ended_at is not None) == ("lost", True)
    [over] = (await engine.compare({call_id: plan.revision})).plans
    assert over.legs == ()


async def test_a_phone_that_was_answered_is_not_called_again(engine: FakeEngine, come: Come, advance: Advance) -> None:
    zhou, _ = await come("zhou"), await come("li")
    call_id = await dial(zhou)
    [own] = await legs(engine, call_id, 1)
    await engine.change(call_id, own.leg_id, "answered")
    mine, theirs = await legs(engine, call_id, 2)
    assert (mine.dial, theirs.dial is not None) == (None, True)
    await engine.change(call_id, theirs.leg_id, "answered")
    await engine.until(lambda: [leg.activity for leg in engine.plans[call_id].legs] == [MAIN, MAIN])
    await advance(7_200.0)
    [plan] = (await engine.compare()).plans
    assert [leg.dial for leg in plan.legs] == [None, None]


async def test_sound_and_keys_of_a_call_between_colleagues_are_nobody_s_business(
    engine: FakeEngine, come: Come, caplog: pytest.LogCaptureFixture
) -> None:
    zhou, _ = await come("zhou"), await come("li")
    call_id = await talking(engine, zhou)
    plan = engine.plans[call_id]
    await engine.emit(KeysPressed(call_id=call_id, leg_id=plan.legs[0].leg_id, keys="1", n=1, at=datetime.now(UTC)))
    await engine.arrive()
    assert engine.plans[call_id] == plan
    assert "never had" not in caplog.text
