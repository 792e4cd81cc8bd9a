"""A call from its first ring to its end, as the hub plans it."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from core.events import ActivityEnded, Attachment, Cause, LegPlan, Listen, Talk
from core.testing.clock import VirtualClock
from hub.accounts.identity import Identity
from hub.contacts.contacts import ContactEdit
from hub.store.models import Address, Calendar, Call, CallLeg, Contact, Conversation, Entry, Offer, Recording, WorkItem
from tests.hub.calls.conftest import Advance, Come
from tests.hub.support.engine import FakeEngine
from tests.hub.support.house import House, eventually, until

KNOWS_ALL = Identity(username="operator", permissions=frozenset({"queue.all"}))
FILE = Attachment(media_id="m-1", mime="audio/wav", name="talk.wav", size_bytes=10)


async def reach_agent(engine: FakeEngine, call_id: str) -> str:
    """Ask for a person, let the phone be lifted, hear the work number; return the agent's leg."""
    await engine.press(call_id, "0")
    return (await lift(engine, call_id, await engine.rings(call_id))).leg_id


async def lift(engine: FakeEngine, call_id: str, leg: LegPlan) -> LegPlan:
    """Let a phone that is rung be lifted, and the caller hear the work number; return the leg when they talk."""
    await engine.change(call_id, leg.leg_id, "ringing")
    await engine.change(call_id, leg.leg_id, "answered")
    await engine.hears(call_id, "工号")
    await engine.finish(call_id)
    await engine.talks(call_id)
    return leg


async def test_a_caller_is_greeted_and_chooses_by_keys(engine: FakeEngine) -> None:
    call_id = await engine.arrive()
    await engine.hears(call_id, "您好，这里是 12345")
    await engine.press(call_id, "1")
    await engine.hears(call_id, "检修通知")


async def test_silence_begins_when_the_words_have_been_heard(engine: FakeEngine, advance: Advance) -> None:
    call_id = await engine.arrive()
    await engine.hears(call_id, "您好")
    await advance(30)
    assert (await Conversation.all().first()).flow_timer_at is None  # type: ignore[union-attr]
    await engine.finish(call_id)
    await eventually(Conversation.exclude(flow_timer_at=None))


async def test_an_agent_answers_by_lifting_and_both_talk_and_are_recorded(engine: FakeEngine, come: Come) -> None:
    await come("zhou")
    call_id = await engine.arrive()
    leg_id = await reach_agent(engine, call_id)
    plan = engine.plans[call_id]
    assert [leg.activity for leg in plan.legs] == [Talk(activity_id="main"), Talk(activity_id="main")]
    assert len(plan.recordings) == 1
    party = await CallLeg.get(leg_id=leg_id)
    assert party.rung_at is not None
    assert party.answered_at is not None
    assert (await WorkItem.get()).channel_class == "call"


async def test_the_place_is_told_before_the_music(engine: FakeEngine) -> None:
    first, second = await engine.arrive(), await engine.arrive("tel:+8613900000002")
    for call_id in (first, second):
        await engine.press(call_id, "0")
    await engine.hears(second, "前面还有 1 位")
    activity = engine.caller(second).activity
    assert isinstance(activity, Listen)
    assert activity.background == "music"


async def test_a_caller_who_waits_too_long_goes_on_in_the_flow(
    still_house: House, engine: FakeEngine, advance: Advance
) -> None:
    services = still_house.services
    rules = services.queues.checked("general", {"max_wait_s": 60})
    await services.queue_editor.save(KNOWS_ALL, "general", {"zh": "综合"}, rules)
    call_id = await engine.arrive()
    await engine.press(call_id, "0")
    await engine.queues(call_id)
    await advance(61)
    await engine.hears(call_id, "留言")
    assert (await Conversation.get()).state == "flow"
    assert (await WorkItem.get()).state == "done"


async def test_a_caller_who_hangs_up_while_waiting_leaves_the_queue(engine: FakeEngine, come: Come) -> None:
    call_id = await engine.arrive()
    await engine.press(call_id, "0")
    await engine.queues(call_id)
    await engine.change(call_id, engine.caller(call_id).leg_id, "ended")
    await engine.is_over(call_id)
    row = await Call.get(call_id=call_id)
    assert row.ended_at is not None
    assert row.hung_up_by == "citizen"
    assert (await Conversation.get(conversation_id=row.conversation_id)).state == "closed"
    assert (await WorkItem.get()).state == "done"


async def test_a_caller_who_hangs_up_ends_the_talk_and_wrap_up_begins(engine: FakeEngine, come: Come) -> None:
    zhou = await come("zhou")
    call_id = await engine.arrive()
    await reach_agent(engine, call_id)
    await engine.change(call_id, engine.caller(call_id).leg_id, "ended")
    await engine.is_over(call_id)
    conversation = await Conversation.get()
    assert conversation.state == "wrap_up"
    assert conversation.agent_id == zhou.me["user_id"]


async def test_an_agent_who_hangs_up_first_leaves_the_caller_to_the_rating(engine: FakeEngine, come: Come) -> None:
    await come("zhou")
    call_id = await engine.arrive()
    leg_id = await reach_agent(engine, call_id)
    await engine.change(call_id, leg_id, "ended")
    await engine.hears(call_id, "评价")
    await engine.press(call_id, "1")
    await engine.hears(call_id, "感谢")
    await engine.finish(call_id)
    await engine.is_over(call_id)
    assert (await Conversation.get()).rating == 5  # of 5: very satisfied


async def test_a_blocked_caller_is_refused_and_one_with_a_caution_is_greeted(
    still_house: House, engine: FakeEngine, clock: VirtualClock
) -> None:
    first = await engine.arrive()
    await engine.change(first, engine.caller(first).leg_id, "ended")
    await engine.is_over(first)
    contact = await Contact.get()
    until_at = clock.now() + timedelta(hours=1)
    await still_house.services.contacts.block(KNOWS_ALL, contact.contact_id, "骚扰", until_at, remote="")
    refused = await engine.arrive()
    await engine.is_over(refused)
    assert not [plan for plan in engine.history if plan.call_id == refused and plan.legs]
    row = await Call.get(call_id=refused)
    assert (await Conversation.get(conversation_id=row.conversation_id)).state == "closed"
    clock.advance(3_601)
    await still_house.services.contacts.warn(KNOWS_ALL, contact.contact_id, "曾骚扰", None, remote="")
    greeted = await engine.arrive()
    await engine.hears(greeted, "您好")
    seen = await still_house.services.contacts.view(KNOWS_ALL, contact.contact_id)
    assert (seen.is_blocked, seen.caution) == (False, "曾骚扰")


@pytest.mark.parametrize(
    ("cause", "reason"),
    [
        ("rejected", "rejected"),
        ("no_answer", "no_answer"),
        ("busy", "phone_busy"),
        ("unreachable", "phone_unreachable"),  # it unregistered while it rang
    ],
)
async def test_a_phone_that_is_not_answered_gives_the_call_to_the_next_agent(
    engine: FakeEngine, come: Come, cause: Cause, reason: str
) -> None:
    zhou = await come("zhou")
    call_id = await engine.arrive()
    await engine.press(call_id, "0")
    first = await engine.rings(call_id)
    await come("li")
    await engine.change(call_id, first.leg_id, "ended", cause=cause)
    await engine.until(lambda: (leg := engine.agent(call_id)) is not None and leg.leg_id != first.leg_id)
    assert first.leg_id not in {leg.leg_id for leg in engine.plans[call_id].legs}
    offer = await Offer.get(agent_id=zhou.me["user_id"])
    assert (offer.outcome, offer.reason) == ("declined", reason)
    party = await CallLeg.get(leg_id=first.leg_id)
    assert (party.cause, party.answered_at) == (cause, None)
    assert (await Call.get()).talked_at is None
    assert (await Conversation.get()).state == "queued"  # the citizen waits on, and hears it
    await engine.queues(call_id)


async def test_an_agent_without_phone_gets_no_calls(engine: FakeEngine, come: Come, still_house: House) -> None:
    zhou = await come("zhou")
    phone = still_house.hub.phones.of(zhou.me["user_id"])
    assert phone is not None
    await engine.register(phone.phone_id, is_reachable=False)
    await until(lambda: still_house.hub.phones.of(zhou.me["user_id"]) is None)
    call_id = await engine.arrive()
    await engine.press(call_id, "0")
    await engine.queues(call_id)
    assert engine.agent(call_id) is None


async def test_an_elder_reaches_a_person_without_a_menu_and_first(
    engine: FakeEngine, come: Come, still_house: House
) -> None:
    first = await engine.arrive("tel:+8613900000009")
    await engine.press(first, "0")
    await engine.queues(first)
    known = await engine.arrive("tel:+8613900000007")
    await engine.hears(known, "您好")
    await engine.change(known, engine.caller(known).leg_id, "ended")
    await engine.is_over(known)
    conversation = await Conversation.get(address="tel:+8613900000007")
    await still_house.services.contacts.edit(
        KNOWS_ALL, conversation.contact_id, ContactEdit(birth_year=1940), remote=""
    )
    elder = await engine.arrive("tel:+8613900000007")
    assert not any("请按" in text for text in engine.prompts(elder))
    await come("zhou")
    leg = await engine.rings(elder)
    assert leg.dial is not None
    assert engine.agent(first) is None


async def test_a_lost_phone_brings_the_caller_back_to_the_head_of_the_queue(engine: FakeEngine, come: Come) -> None:
    await come("zhou")
    call_id = await engine.arrive()
    leg_id = await reach_agent(engine, call_id)
    await engine.change(call_id, leg_id, "ended", cause="lost")
    await engine.until(lambda: engine.agent(call_id) is None or engine.agent(call_id).leg_id != leg_id)  # type: ignore[union-attr]
    assert (await Conversation.get()).state == "queued"


async def test_a_phone_lifted_and_put_down_before_the_talk_gives_the_call_to_the_next_agent(
    engine: FakeEngine, come: Come
) -> None:
    zhou = await come("zhou")
    call_id = await engine.arrive()
    await engine.press(call_id, "0")
    first = await engine.rings(call_id)
    await engine.change(call_id, first.leg_id, "answered")
    await engine.hears(call_id, "工号")
    await engine.change(call_id, first.leg_id, "ended", has_talked=False)
    await eventually(Conversation.filter(state="queued", agent_id=None))
    assert (await Call.get()).talked_at is None
    li = await come("li")
    await engine.until(lambda: (leg := engine.agent(call_id)) is not None and leg.leg_id != first.leg_id)
    await engine.change(call_id, (await engine.rings(call_id)).leg_id, "answered")
    await eventually(Conversation.filter(state="active", agent_id=li.me["user_id"]))
    await zhou.until(lambda: zhou.tables["agents"][zhou.me["user_id"]]["state"] == "available")


async def test_a_phone_lifted_and_put_down_while_the_hub_was_away_served_nobody(
    engine: FakeEngine, come: Come, still_house: House
) -> None:
    await come("zhou")
    call_id = await engine.arrive()
    await engine.press(call_id, "0")
    first = await engine.rings(call_id)
    await engine.change_at_once(still_house, call_id, first.leg_id, "answered", "ended")
    await eventually(Conversation.filter(state="queued", agent_id=None))
    await engine.queues(call_id)


async def test_a_recording_is_kept_with_the_conversation(engine: FakeEngine, come: Come) -> None:
    zhou = await come("zhou")
    call_id = await engine.arrive()
    await reach_agent(engine, call_id)
    recording_id = engine.plans[call_id].recordings[0].recording_id
    await engine.recorded(call_id, recording_id, FILE)
    await eventually(Recording.filter(recording_id=recording_id))
    row = await Recording.get(recording_id=recording_id)
    assert (row.user_id, row.media_id) == (zhou.me["user_id"], "m-1")


async def test_a_restarted_hub_goes_on_with_the_plans_it_had(
    engine: FakeEngine, come: Come, still_house: House
) -> None:
    await come("zhou")
    call_id = await engine.arrive()
    await reach_agent(engine, call_id)
    before = engine.plans[call_id]
    await still_house.restart()
    answer = await engine.compare({call_id: before.revision - 1, "never-heard-of": 3})
    assert [plan.call_id for plan in answer.plans] == [call_id]
    assert answer.plans[0].legs == before.legs
    assert (await engine.compare({call_id: before.revision})).plans == ()


async def test_a_plugin_that_missed_the_end_is_told(engine: FakeEngine) -> None:
    call_id = await engine.arrive()
    await engine.change(call_id, engine.caller(call_id).leg_id, "ended")
    await engine.is_over(call_id)
    answer = await engine.compare({call_id: 1})
    assert [(plan.call_id, plan.legs) for plan in answer.plans] == [(call_id, ())]


@pytest.mark.parametrize("cause", ["normal", "lost"])
async def test_a_report_about_an_unknown_call_is_only_logged(engine: FakeEngine, caplog, cause) -> None:
    await engine.change("no-such-call", "no-such-leg", "ended", cause=cause)
    call_id = await engine.arrive()
    await engine.hears(call_id, "您好")
    assert "never had: no-such-call" in caplog.text


async def begin_message(engine: FakeEngine) -> str:
    """Choose to leave a message and hear what to say; return the call."""
    call_id = await engine.arrive()
    await engine.press(call_id, "4")
    await engine.hears(call_id, "请在嘀声后说明")
    await engine.finish(call_id)
    await engine.records(call_id)
    return call_id


async def test_a_caller_after_hours_leaves_a_message_and_the_number_to_call(
    engine: FakeEngine, still_house: House
) -> None:
    async with still_house.services.store.work():
        await Calendar.filter(calendar_id="office-hours").update(rules={"weekly": {}})
    call_id = await engine.arrive()
    await engine.press(call_id, "0")
    await engine.hears(call_id, "请在嘀声后留言")
    await engine.finish(call_id)
    await engine.records(call_id)
    await engine.finish(call_id, file=FILE, length_s=9.0)
    await engine.hears(call_id, "回电到其他号码")
    await engine.press_at_once(still_house, call_id, "113900000077#")
    await engine.hears(call_id, "再见")
    await eventually(WorkItem.filter(channel_class="mail", state="waiting"))
    await eventually(Address.filter(uri="tel:+8613900000077"))
    assert await Entry.filter(code="voice_message").count() == 1


async def test_a_message_whose_author_hung_up_waits_for_an_agent(engine: FakeEngine) -> None:
    call_id = await begin_message(engine)
    caller = engine.caller(call_id)
    await engine.change(call_id, caller.leg_id, "ended")
    await engine.is_over(call_id)
    at = datetime.now(UTC)
    what, file = caller.activity.activity_id, FILE  # it comes when it has been stored
    await engine.emit(
        ActivityEnded(call_id=call_id, leg_id=caller.leg_id, activity_id=what, length_s=9.0, file=file, at=at)
    )
    await eventually(WorkItem.filter(channel_class="mail", state="waiting"))
    conversation = await Conversation.get()
    assert (conversation.state, conversation.flow_state) == ("queued", None)
    assert await Entry.filter(code="voice_message").count() == 1
    assert await Entry.filter(status="queued").count() == 0, "nobody hears what is said now"


async def test_a_caller_who_hangs_up_after_the_message_leaves_it_waiting(engine: FakeEngine, come: Come) -> None:
    call_id = await begin_message(engine)
    await engine.finish(call_id, file=FILE, length_s=9.0)
    await eventually(WorkItem.filter(channel_class="mail", state="waiting"))
    await engine.change(call_id, engine.caller(call_id).leg_id, "ended")
    await engine.is_over(call_id)
    await eventually(Conversation.filter(state="queued", flow_state=None))
    assert (await WorkItem.get()).state == "waiting"


async def test_a_message_that_never_comes_ends_the_conversation(engine: FakeEngine, advance: Advance) -> None:
    call_id = await begin_message(engine)
    await engine.change(call_id, engine.caller(call_id).leg_id, "ended")
    await engine.is_over(call_id)
    await eventually(Conversation.exclude(flow_timer_at=None))
    await advance(121)
    assert (await Conversation.get()).state == "closed"


async def test_a_message_that_comes_late_waits_for_an_agent_all_the_same(engine: FakeEngine, advance: Advance) -> None:
    call_id = await begin_message(engine)
    caller = engine.caller(call_id)
    await engine.change(call_id, caller.leg_id, "ended")
    await eventually(Conversation.exclude(flow_timer_at=None))
    await advance(600)
    assert (await Conversation.get()).state == "closed"
    what, at = caller.activity.activity_id, datetime.now(UTC)
    for _ in range(2):  # told once more after a crash
        await engine.emit(
            ActivityEnded(call_id=call_id, leg_id=caller.leg_id, activity_id=what, length_s=300.0, file=FILE, at=at)
        )
    await eventually(WorkItem.filter(channel_class="mail", state="waiting"))
    conversation = await Conversation.get()
    assert (conversation.state, conversation.flow_state, conversation.closed_at) == ("queued", None, None)
    assert await Entry.filter(code="voice_message").count() == 1


async def test_a_key_during_the_last_words_ends_them_and_the_call(engine: FakeEngine) -> None:
    call_id = await engine.arrive()
    for key, words in (("1", "检修通知"), ("2", "")):
        await engine.press(call_id, key)
        await engine.hears(call_id, words)
    await engine.until(lambda: "感谢" in "".join(engine.prompts(call_id)))
    await engine.finish(call_id, outcome="interrupted")
    await engine.is_over(call_id)


async def test_an_agent_who_ends_on_the_screen_is_off_the_line(engine: FakeEngine, come: Come) -> None:
    zhou = await come("zhou")
    call_id = await engine.arrive()
    await reach_agent(engine, call_id)
    conversation = await Conversation.get()
    await zhou.call("POST", f"/conversations/{conversation.conversation_id}/end")
    await engine.until(lambda: engine.agent(call_id) is None)
    await engine.hears(call_id, "评价")


async def test_a_phone_that_answers_after_the_words_reaches_the_caller(engine: FakeEngine, come: Come) -> None:
    call_id = await engine.arrive()
    await engine.press(call_id, "0")
    await engine.queues(call_id)
    zhou = await come("zhou")
    leg = await engine.rings(call_id)
    offer = await Offer.get(outcome=None)
    await zhou.call("POST", f"/offers/{offer.offer_id}/accept")
    await engine.hears(call_id, "工号")
    await engine.finish(call_id)
    await engine.change(call_id, leg.leg_id, "answered")
    await engine.talks(call_id)


async def test_a_call_taken_on_the_screen_waits_again_when_the_phone_stays_down(engine: FakeEngine, come: Come) -> None:
    call_id = await engine.arrive()
    await engine.press(call_id, "0")
    zhou = await come("zhou")
    leg = await engine.rings(call_id)
    offer = await Offer.get(outcome=None)
    await zhou.call("POST", f"/offers/{offer.offer_id}/accept")
    await engine.change(call_id, leg.leg_id, "ended", cause="no_answer")
    await eventually(Conversation.filter(state="queued", agent_id=None))
    assert await WorkItem.filter(state__in=("waiting", "offered")).count() == 1


async def test_words_under_way_when_the_hub_stopped_are_said_by_the_next_one(
    engine: FakeEngine, still_house: House
) -> None:
    still_house.hub.prompts.synthesizer = Mute()
    call_id = await engine.arrive()
    await still_house.restart()
    await engine.until(lambda: isinstance(engine.caller(call_id).activity, Listen))


class Mute:
    """A synthesizer that never comes to an end."""

    def voice(self, language: str) -> str:
        return "mute"

    async def synthesize(self, text: str, language: str) -> tuple[Attachment, float] | None:
        await asyncio.Event().wait()
        return None


async def test_keys_that_come_together_are_one_sequence(engine: FakeEngine, still_house: House) -> None:
    call_id = await engine.arrive()
    await engine.hears(call_id, "您好")
    await engine.press_at_once(still_house, call_id, "12")  # heating, and then: nothing else
    await engine.hears(call_id, "感谢您的咨询")
    assert not any("检修通知" in text for text in engine.prompts(call_id))
