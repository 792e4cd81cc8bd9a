"""What agents and supervisors do with a call."""

from core.events import Listen, Spy, Talk
from hub.demo import PASSWORD
from hub.store.models import Article, Call, Conversation, Entry, Offer, Phone
from tests.hub.calls.conftest import Come
from tests.hub.calls.test_calls import reach_agent
from tests.hub.support.engine import FakeEngine
from tests.hub.support.house import House
from tests.journeys.support.clients import Agent

MAIN = Talk(activity_id="main")
ASIDE = Talk(activity_id="consult", room="consult")


async def order(agent: Agent, verb: str, what: str, **body: object) -> dict[str, object]:
    conversation = await Conversation.get(state="active")
    return await agent.call(verb, f"/conversations/{conversation.conversation_id}/call/{what}", **body)


async def test_hold_is_music_and_ends_with_retrieving(engine: FakeEngine, come: Come) -> None:
    zhou = await come("zhou")
    call_id = await engine.arrive()
    await reach_agent(engine, call_id)
    view = await order(zhou, "PUT", "hold", is_held=True)
    assert view["call"]["is_held"]
    await engine.until(lambda: isinstance(engine.caller(call_id).activity, Listen))
    await order(zhou, "PUT", "hold", is_held=False)
    await engine.talks(call_id)


async def test_an_entry_is_read_out_until_its_end_or_until_the_agent_has_said_enough(
    engine: FakeEngine, come: Come
) -> None:
    zhou = await come("zhou")
    call_id = await engine.arrive()
    await reach_agent(engine, call_id)
    article = await Article.get(code="0301")
    await order(zhou, "PUT", "reading", article_id=article.article_id)
    await engine.hears(call_id, "家里暖气不热怎么办", "阀门")
    reading = engine.caller(call_id).activity
    assert isinstance(reading, Listen)
    assert reading.stop_keys
    path = f"/conversations/{(await Conversation.get()).conversation_id}/call/reading"
    status, _ = await zhou.try_call("PUT", path, article_id=article.article_id)
    assert status == 409
    await engine.finish(call_id)
    await engine.talks(call_id)
    await order(zhou, "PUT", "reading", article_id=article.article_id)
    await engine.hears(call_id, "阀门")
    await order(zhou, "DELETE", "reading")
    await engine.talks(call_id)
    assert (await Article.get(code="0301")).accepted == 2
    internal = await Article.filter(level="internal").first()
    assert internal is not None
    assert (await zhou.try_call("PUT", path, article_id=internal.article_id))[0] == 404


async def test_a_colleague_is_consulted_and_joins_and_is_let_go(engine: FakeEngine, come: Come) -> None:
    zhou = await come("zhou")
    call_id = await engine.arrive()
    leg_id = await reach_agent(engine, call_id)
    li = await come("li")
    await order(zhou, "POST", "consult", agent_id=li.me["user_id"])
    await engine.until(lambda: len(engine.plans[call_id].legs) == 3)
    legs = {leg.leg_id: leg for leg in engine.plans[call_id].legs}
    consulted = next(leg for leg in legs.values() if leg.role == "agent" and leg.leg_id != leg_id)
    assert (legs[leg_id].activity, consulted.activity) == (ASIDE, ASIDE)
    assert isinstance(engine.caller(call_id).activity, Listen)
    await engine.change(call_id, consulted.leg_id, "answered")
    await order(zhou, "POST", "join")
    await engine.until(lambda: all(leg.activity == MAIN for leg in engine.plans[call_id].legs))
    await order(zhou, "POST", "take_back")
    await engine.until(lambda: len(engine.plans[call_id].legs) == 2)
    await engine.talks(call_id)


async def test_a_call_is_handed_over_with_everything(engine: FakeEngine, come: Come) -> None:
    zhou = await come("zhou")
    call_id = await engine.arrive()
    leg_id = await reach_agent(engine, call_id)
    li = await come("li")
    await order(zhou, "POST", "consult", agent_id=li.me["user_id"])
    await engine.until(lambda: len(engine.plans[call_id].legs) == 3)
    consulted = engine.agent(call_id)
    assert consulted is not None
    await engine.change(call_id, consulted.leg_id, "answered")
    await order(zhou, "POST", "hand_over")
    await engine.until(lambda: leg_id not in {leg.leg_id for leg in engine.plans[call_id].legs})
    row = await Conversation.get()
    assert (row.state, row.agent_id) == ("active", li.me["user_id"])
    assert consulted.leg_id in {leg.leg_id for leg in engine.plans[call_id].legs}


async def test_the_citizen_rates_when_who_was_asked_outside_hangs_up(engine: FakeEngine, come: Come) -> None:
    zhou = await come("zhou")
    call_id = await engine.arrive()
    await reach_agent(engine, call_id)
    await order(zhou, "POST", "consult", number="13800000000")
    await engine.until(lambda: len(engine.plans[call_id].legs) == 3)
    outside = next(leg for leg in engine.plans[call_id].legs if leg.role == "outside")
    await engine.change(call_id, outside.leg_id, "answered")
    await order(zhou, "POST", "hand_over")
    await engine.until(lambda: engine.agent(call_id) is None)
    await engine.change(call_id, outside.leg_id, "ended")
    await engine.hears(call_id, "评价")


async def test_a_transfer_to_a_queue_lets_the_agent_go(engine: FakeEngine, come: Come) -> None:
    zhou = await come("zhou")
    call_id = await engine.arrive()
    leg_id = await reach_agent(engine, call_id)
    row = await Conversation.get()
    await zhou.call("POST", f"/conversations/{row.conversation_id}/transfer", queue_id="housing", note="公积金")
    await engine.until(lambda: leg_id not in {leg.leg_id for leg in engine.plans[call_id].legs})
    await engine.queues(call_id)


async def test_a_supervisor_listens_whispers_and_leaves(engine: FakeEngine, come: Come) -> None:
    zhou = await come("zhou")
    call_id = await engine.arrive()
    leg_id = await reach_agent(engine, call_id)
    chen = await come("chen")
    assert (await zhou.try_call("PUT", await path_of("spy"), mode="listen"))[0] == 403
    for mode in ("listen", "whisper"):
        await order(chen, "PUT", "spy", mode=mode)
        expected = Spy(activity_id=f"spy-{mode}", target=leg_id, mode=mode)
        await engine.until(lambda: expected in [leg.activity for leg in engine.plans[call_id].legs])  # noqa: B023
    await order(chen, "PUT", "spy", mode="off")
    await engine.until(lambda: len(engine.plans[call_id].legs) == 2)


async def test_a_browser_loaded_anew_comes_back_into_the_call(engine: FakeEngine, come: Come) -> None:
    zhou = await come("zhou")
    call_id = await engine.arrive()
    leg_id = await reach_agent(engine, call_id)
    await order(zhou, "POST", "reattach")
    await engine.until(lambda: leg_id not in {leg.leg_id for leg in engine.plans[call_id].legs})
    leg = engine.agent(call_id)
    assert leg is not None
    assert leg.dial is not None
    assert leg.dial.auto_answer
    await engine.change(call_id, leg_id, "ended", cause="normal")  # the old leg's end changes nothing
    await engine.change(call_id, leg.leg_id, "answered")
    await engine.talks(call_id)
    assert (await Conversation.get()).state == "active"


async def test_a_browser_gets_an_account_that_ends_with_the_next(engine: FakeEngine, come: Come) -> None:
    zhou = await come("zhou")
    first = await zhou.call("POST", "/phone")
    second = await zhou.call("POST", "/phone")
    assert first["secret"] != second["secret"]
    await engine.until(lambda: [phone.phone_id for phone in engine.phones.phones] == [second["phone_id"]])
    async with Agent(zhou.url, "zhou", PASSWORD) as elsewhere:
        status, answer = await elsewhere.try_call("POST", f"/phone?instead_of={first['phone_id']}")
    assert (status, answer["error"]["code"]) == (409, "taken")  # a browser that was away takes nothing from the next
    third = await zhou.call("POST", f"/phone?instead_of={second['phone_id']}")
    await engine.until(lambda: [phone.phone_id for phone in engine.phones.phones] == [third["phone_id"]])
    await zhou.call("DELETE", "/phone")
    await engine.until(lambda: engine.phones.phones == ())


async def test_only_who_watches_over_others_leads(come: Come) -> None:
    zhou, chen = await come("zhou"), await come("chen")
    status, _ = await zhou.try_call("PUT", "/me/state", state="available", work_mode="leader")
    assert status == 403
    assert (await chen.call("PUT", "/me/state", state="available", work_mode="leader"))["work_mode"] == "leader"


async def test_a_phone_in_a_browser_ends_with_the_log_in(engine: FakeEngine, come: Come, still_house: House) -> None:
    zhou = await come("zhou")
    phone = await zhou.call("POST", "/phone")
    await engine.until(lambda: [one.phone_id for one in engine.phones.phones] == [phone["phone_id"]])
    async with Agent(zhou.url, "zhou", PASSWORD) as elsewhere:
        await elsewhere.call("DELETE", "/session")
    chen = await come("chen")
    await chen.call("POST", "/phone")
    await engine.until(lambda: len(engine.phones.phones) == 2)  # that of another browser was left alone
    await chen.call("POST", f"/agents/{zhou.me['user_id']}/log-out")
    await engine.until(lambda: len(engine.phones.phones) == 1)
    async with still_house.services.store.work():
        await Phone.filter(user_id=chen.me["user_id"]).update(session_id="")  # made before sessions were written down
    await chen.call("DELETE", "/session")
    await engine.until(lambda: engine.phones.phones == ())


async def test_phones_end_with_the_sessions_of_a_user_who_is_disabled_or_given_a_password(
    engine: FakeEngine, come: Come, admin: Agent
) -> None:
    zhou, li = await come("zhou"), await come("li")
    for agent in (zhou, li):
        await agent.call("POST", "/phone")
        await admin.call("POST", "/phones", user_id=agent.me["user_id"])
    await engine.until(lambda: len(engine.phones.phones) == 4)
    await admin.call("PATCH", f"/users/{zhou.me['user_id']}", is_active=False)
    await engine.until(lambda: len(engine.phones.phones) == 2)
    await admin.call("POST", f"/users/{li.me['user_id']}/password")
    await engine.until(lambda: [one.kind for one in engine.phones.phones] == ["sip"])


async def test_a_desk_knows_whether_there_is_telephony_and_how_a_supervisor_takes_part(
    engine: FakeEngine, come: Come
) -> None:
    zhou = await come("zhou")
    assert zhou.tables["setup"]["phone"] == {"is_available": True}
    call_id = await engine.arrive()
    await reach_agent(engine, call_id)
    chen = await come("chen")
    view = await order(chen, "PUT", "spy", mode="whisper")
    assert [leg.get("spy_mode") for leg in view["call"]["legs"]] == [None, None, "whisper"]


async def path_of(what: str) -> str:
    conversation = await Conversation.get(state="active")
    return f"/conversations/{conversation.conversation_id}/call/{what}"


async def test_ending_the_service_lets_the_agents_phone_go_while_the_citizen_rates(
    engine: FakeEngine, come: Come
) -> None:
    zhou = await come("zhou")
    call_id = await engine.arrive()
    leg_id = await reach_agent(engine, call_id)
    conversation = await Conversation.get()
    await zhou.call("POST", f"/conversations/{conversation.conversation_id}/end")
    await engine.hears(call_id, "评价")
    plan = engine.plans[call_id]
    assert leg_id not in {leg.leg_id for leg in plan.legs}
    assert plan.recordings == ()


async def test_an_agent_whose_phone_was_taken_away_is_offered_no_call(engine: FakeEngine, come: Come) -> None:
    zhou = await come("zhou")
    await zhou.call("DELETE", "/phone")
    call_id = await engine.arrive()
    await engine.press(call_id, "0")
    await engine.queues(call_id)
    assert not await Offer.exists()
    assert engine.agent(call_id) is None


async def test_only_what_is_recorded_is_paused_and_each_pause_is_noted_once(
    engine: FakeEngine, come: Come, still_house: House
) -> None:
    zhou = await come("zhou")
    call_id = await engine.arrive()
    await reach_agent(engine, call_id)
    for is_paused in (True, True, False):
        await order(zhou, "PUT", "recording", is_paused=is_paused)
    await engine.until(lambda: [one.is_paused for one in engine.plans[call_id].recordings] == [False])
    assert await Entry.filter(code__in=("recording_paused", "recording_resumed")).values_list("code", flat=True) == [
        "recording_paused",
        "recording_resumed",
    ]
    async with still_house.services.store.work():
        await Call.all().update(recordings=[])
    status, refused = await zhou.try_call("PUT", await path_of("recording"), is_paused=True)
    assert (status, refused["error"]["code"]) == (409, "not_recorded")
