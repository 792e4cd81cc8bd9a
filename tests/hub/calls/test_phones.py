"""Which phones agents have, and on which of them calls ring."""

import pytest

from core.events import Dial, Talk
from hub.demo import PASSWORD
from hub.store.models import AuditRecord, CallLeg, Conversation, Phone, User, WorkItem
from tests.hub.calls.conftest import Come
from tests.hub.calls.test_calls import reach_agent
from tests.hub.support.engine import FakeEngine
from tests.hub.support.house import House, eventually, until
from tests.journeys.support.clients import Agent

MOBILE = "13700000001"
DIALLED = f"tel:+86{MOBILE}"
AWAY: dict[str, dict[str, str]] = {
    "busy": {"state": "busy"},
    "at_lunch": {"state": "away", "reason": "meal"},
    "offline": {"state": "offline"},
}


async def permit(admin: Agent, username: str, *granted: str) -> None:
    user = await User.get(username=username)
    await admin.call("PATCH", f"/users/{user.user_id}", granted=list(granted))


async def on_mobile(admin: Agent, agent: Agent) -> None:
    """Let an agent be called on a number outside."""
    await permit(admin, agent.me["username"], "call.outside_phone")
    await agent.call("PUT", "/me/phones/outside", number=MOBILE)
    await agent.call("PUT", "/me/phones/choice", kind="outside")


async def test_a_desk_phone_s_secret_is_shown_once_and_its_registration_on_every_desk(
    engine: FakeEngine, come: Come, admin: Agent
) -> None:
    zhou = await come("zhou")
    user_id = zhou.me["user_id"]
    made = await admin.call("POST", "/phones", user_id=user_id)
    await engine.until(lambda: made["phone_id"] in [phone.phone_id for phone in engine.phones.phones])
    assert made["secret"] not in str(await admin.call("GET", "/phones"))
    assert (await zhou.call("GET", "/me/phones"))["rung"] == "browser"
    await zhou.call("PUT", "/me/phones/choice", kind="sip")
    await engine.register(made["phone_id"])
    await zhou.until(lambda: zhou.tables["agents"][user_id].get("phone") == "sip")
    await engine.register(made["phone_id"], is_reachable=False)
    await zhou.until(lambda: zhou.tables["agents"][user_id].get("phone") == "browser")
    again = await admin.call("POST", "/phones", user_id=user_id)
    await engine.until(lambda: made["phone_id"] not in [phone.phone_id for phone in engine.phones.phones])
    await admin.call("DELETE", f"/phones/{again['phone_id']}")
    await engine.until(lambda: again["phone_id"] not in [phone.phone_id for phone in engine.phones.phones])
    assert await AuditRecord.filter(action__in=["phone.make", "phone.remove"]).count() == 3


async def test_the_chosen_phone_rings_also_when_another_registered_later(
    engine: FakeEngine, come: Come, admin: Agent
) -> None:
    zhou = await come("zhou")
    browser = await Phone.get(kind="browser")
    desk = await admin.call("POST", "/phones", user_id=zhou.me["user_id"])
    await engine.register(desk["phone_id"])
    await zhou.until(lambda: zhou.tables["agents"][zhou.me["user_id"]].get("phone") == "sip")  # the newest
    await zhou.call("PUT", "/me/phones/choice", kind="browser")
    call_id = await engine.arrive()
    await engine.press(call_id, "0")
    leg = await engine.rings(call_id)
    assert leg.dial is not None
    assert leg.dial.target == f"phone:{browser.phone_id}"


async def test_an_agent_at_home_takes_calls_on_their_mobile(engine: FakeEngine, come: Come, admin: Agent) -> None:
    zhou = await come("zhou")
    assert (await zhou.try_call("PUT", "/me/phones/outside", number=MOBILE))[0] == 403
    await on_mobile(admin, zhou)
    await engine.register((await Phone.get(kind="browser")).phone_id, is_reachable=False)
    await zhou.until(lambda: zhou.tables["agents"][zhou.me["user_id"]].get("phone") == "outside")
    call_id = await engine.arrive()
    await engine.press(call_id, "0")
    leg = await engine.rings(call_id)
    assert leg.dial == Dial(target=DIALLED, ring_s=20.0)  # without the citizen's number: no carrier takes it from us
    await engine.change(call_id, leg.leg_id, "answered")
    await engine.hears(call_id, "工号")
    await engine.finish(call_id)
    await engine.talks(call_id)
    assert (await Conversation.get()).agent_id == zhou.me["user_id"]


async def test_a_number_outside_that_was_not_chosen_is_never_rung(engine: FakeEngine, come: Come, admin: Agent) -> None:
    zhou = await come("zhou")
    await on_mobile(admin, zhou)
    await zhou.call("PUT", "/me/phones/choice", kind="browser")
    await engine.register((await Phone.get(kind="browser")).phone_id, is_reachable=False)
    await zhou.until(lambda: zhou.tables["agents"][zhou.me["user_id"]].get("phone") is None)
    call_id = await engine.arrive()
    await engine.press(call_id, "0")
    await engine.queues(call_id)
    assert engine.agent(call_id) is None


async def test_a_number_outside_that_is_taken_away_rings_no_more(engine: FakeEngine, come: Come, admin: Agent) -> None:
    zhou = await come("zhou")
    await on_mobile(admin, zhou)
    row = await Phone.get(kind="outside")
    assert row.phone_id not in [phone.phone_id for phone in engine.phones.phones]  # it does not register
    await admin.call("PUT", f"/users/{zhou.me['user_id']}/outside_phone", number="")
    await zhou.until(lambda: zhou.tables["agents"][zhou.me["user_id"]].get("phone") == "browser")
    assert not await Phone.exists(kind="outside")


async def test_a_chosen_phone_is_kept_over_a_restart(
    still_house: House, engine: FakeEngine, come: Come, admin: Agent
) -> None:
    zhou = await come("zhou")
    await on_mobile(admin, zhou)
    await still_house.hub.phones.load()
    phone = still_house.hub.phones.of(zhou.me["user_id"])
    assert phone is not None
    assert phone.target == DIALLED


@pytest.mark.parametrize("number", ["nobody", "+86-<script>", "1" * 41])
async def test_what_is_no_number_outside_is_refused(engine: FakeEngine, come: Come, admin: Agent, number: str) -> None:
    zhou = await come("zhou")
    await permit(admin, "zhou", "call.outside_phone")
    assert (await zhou.try_call("PUT", "/me/phones/outside", number=number))[0] == 422
    assert (await zhou.try_call("PUT", "/me/phones/choice", kind="sip"))[0] == 409


async def test_a_phone_without_a_microphone_of_ours_is_muted_by_the_engine(engine: FakeEngine, come: Come) -> None:
    zhou = await come("zhou")
    call_id = await engine.arrive()
    leg_id = await reach_agent(engine, call_id)
    path = f"/conversations/{(await Conversation.get(state='active')).conversation_id}/call/mute"
    for is_muted in (True, False):
        view = await zhou.call("PUT", path, is_muted=is_muted)
        shown = next(leg for leg in view["call"]["legs"] if leg["leg_id"] == leg_id)
        assert shown.get("is_muted", False) is is_muted
        expected = Talk(activity_id="main", is_muted=is_muted)
        await engine.until(lambda: engine.agent(call_id).activity == expected)  # type: ignore[union-attr]  # noqa: B023


@pytest.mark.parametrize("how", [*AWAY, "wrapping_up", "locked", "sent_off", "without_phone", "logged_out"])
async def test_who_is_not_there_for_calls_is_never_rung_until_they_are_again(
    engine: FakeEngine, come: Come, still_house: House, how: str
) -> None:
    zhou, chen = await come("zhou"), await come("chen")
    user_id = zhou.me["user_id"]
    await chen.call("PUT", "/me/state", state="offline")
    phone = still_house.hub.phones.of(user_id)
    assert phone is not None
    if how in AWAY:
        await zhou.call("PUT", "/me/state", **AWAY[how])
    elif how == "wrapping_up":
        served = await engine.arrive("tel:+8613900000077")
        await reach_agent(engine, served)
        await engine.change(served, engine.caller(served).leg_id, "ended")
        await eventually(Conversation.filter(state="wrap_up"))
    elif how == "locked":
        await chen.call("PUT", f"/agents/{user_id}/lock")
    elif how == "sent_off":
        await chen.call("PUT", f"/agents/{user_id}/state", state="offline")
    elif how == "without_phone":
        await engine.register(phone.phone_id, is_reachable=False)
        await until(lambda: still_house.hub.phones.of(user_id) is None)
    else:
        await zhou.call("DELETE", "/session")
    call_id = await engine.arrive()
    await engine.press(call_id, "0")
    await engine.queues(call_id)
    await still_house.services.dispatcher.tick()
    await eventually(WorkItem.filter(state="waiting"))
    assert not await CallLeg.filter(call_id=call_id, role="agent").exists()
    assert engine.agent(call_id) is None

    async with Agent(still_house.url, "zhou", PASSWORD) as again:  # early at work, with a phone, and ready
        if how == "locked":
            await chen.call("DELETE", f"/agents/{user_id}/lock")
        if how == "without_phone":
            await engine.register(phone.phone_id)
        if how == "wrapping_up":
            conversation = await Conversation.get(state="wrap_up")
            await zhou.call(
                "POST", f"/conversations/{conversation.conversation_id}/wrap-up", code="answered", summary=""
            )
        if how == "logged_out":
            await engine.register((await again.call("POST", "/phone"))["phone_id"])
        await again.sit_down()
        assert (await engine.rings(call_id)).dial is not None
