"""Conversations put aside, merged and split; what agents note for themselves."""

from datetime import UTC, datetime, timedelta

import pytest

from core.testing.clock import VirtualClock
from hub.dispatch.effects import Effects
from hub.errors import not_found
from hub.store.models import Conversation, WorkItem
from tests.hub.conversing.conftest import Advance, Come
from tests.hub.support.channel import FakeChannel
from tests.hub.support.house import House
from tests.journeys.support.clients import Agent

WANG, LI = "webchat:wang", "webchat:li"


async def served(channel: FakeChannel, agent: Agent, sender: str = WANG) -> str:
    await channel.write(sender, "人工")
    return await agent.take_offer()


async def heard(channel: FakeChannel, agent: Agent, text: str, sender: str = WANG) -> str:
    """Let the citizen write; return the conversation in which it stands."""
    await channel.write(sender, text)
    await agent.until(lambda: text in agent.read("in"))
    return str(next(one["conversation_id"] for one in agent.entries if one.get("text") == text))


async def test_a_snoozed_conversation_takes_no_capacity_and_comes_back_with_a_notice(
    channel: FakeChannel, come: Come, advance: Advance, clock: VirtualClock
) -> None:
    zhou = await come("zhou")
    conversation_id = await served(channel, zhou)
    until = clock.now() + timedelta(minutes=5)
    await zhou.call("PUT", f"/conversations/{conversation_id}/snooze", until=until.isoformat())
    await zhou.until(lambda: "snoozed_until" in zhou.conversation(conversation_id))
    assert not await WorkItem.filter(state="assigned").exists()
    await advance(299)
    assert not zhou.tables["notifications"]
    await advance(2)
    await zhou.until(lambda: bool(zhou.tables["notifications"]))
    assert [one["kind"] for one in zhou.tables["notifications"].values()] == ["woken"]
    await zhou.until(lambda: "snoozed_until" not in zhou.conversation(conversation_id))
    assert zhou.conversation(conversation_id)["state"] == "active"
    assert await WorkItem.filter(conversation_id=conversation_id, state="assigned").exists()


async def test_a_woken_conversation_is_given_back_like_any_other_when_its_agent_is_lost(
    channel: FakeChannel, come: Come, still_house: House
) -> None:
    zhou = await come("zhou")
    conversation_id = await served(channel, zhou)
    await zhou.call("PUT", f"/conversations/{conversation_id}/snooze", until=None)
    woken = await zhou.call("DELETE", f"/conversations/{conversation_id}/snooze")
    assert (woken["state"], "snoozed_until" in woken) == ("active", False)
    assert zhou.tables["agents"][zhou.me["user_id"]].get("load", {}) == {"chat": 1}
    chen = await come("chen")
    await chen.call("POST", f"/agents/{zhou.me['user_id']}/release")
    assert await chen.take_offer() == conversation_id


async def test_who_has_no_room_takes_nothing_up_again(
    channel: FakeChannel, come: Come, advance: Advance, clock: VirtualClock
) -> None:
    zhou = await come("zhou")
    snoozed = [await served(channel, zhou, f"webchat:early{number}") for number in range(2)]
    until = clock.now() + timedelta(minutes=5)
    for conversation_id in snoozed:
        await zhou.call("PUT", f"/conversations/{conversation_id}/snooze", until=until.isoformat())
    for number in range(4):
        await served(channel, zhou, f"webchat:late{number}")
    status, answer = await zhou.try_call("DELETE", f"/conversations/{snoozed[0]}/snooze")
    assert (status, answer["error"]["code"]) == (409, "no_room")
    await advance(301)
    await zhou.until(lambda: all(zhou.conversation(one)["state"] == "queued" for one in snoozed))


async def test_what_fails_while_work_is_taken_up_again_is_no_lack_of_room(
    channel: FakeChannel, come: Come, monkeypatch: pytest.MonkeyPatch
) -> None:
    zhou = await come("zhou")
    conversation_id = await served(channel, zhou)
    await zhou.call("PUT", f"/conversations/{conversation_id}/snooze", until=None)

    async def fail(*_: object) -> None:
        raise not_found("entry")

    with monkeypatch.context() as patch:
        patch.setattr(Effects, "_assigned", fail)
        status, answer = await zhou.try_call("DELETE", f"/conversations/{conversation_id}/snooze")
    assert (status, answer["error"]["code"]) == (404, "not_found")
    assert not await WorkItem.filter(state="assigned").exists()
    woken = await zhou.call("DELETE", f"/conversations/{conversation_id}/snooze")
    assert "snoozed_until" not in woken
    assert await WorkItem.filter(conversation_id=conversation_id, state="assigned").count() == 1


async def test_a_wrap_up_is_taken_back_for_a_moment(channel: FakeChannel, come: Come, advance: Advance) -> None:
    zhou = await come("zhou")
    at = f"/conversations/{await served(channel, zhou)}"
    await zhou.call("POST", f"{at}/end")
    await zhou.call("POST", f"{at}/wrap-up", code="answered", summary="答复")
    again = await zhou.call("POST", f"{at}/reopen")
    assert (again["state"], again["summary"], "closed_at" in again) == ("wrap_up", "答复", False)
    assert (await zhou.call("POST", f"{at}/reopen"))["state"] == "wrap_up"
    await zhou.call("POST", f"{at}/wrap-up", code="answered")
    await advance(61)
    status, answer = await zhou.try_call("POST", f"{at}/reopen")
    assert (status, answer["error"]["code"]) == (409, "too_late")


async def test_the_next_business_day_passes_over_holidays(still_house: House) -> None:
    next_day = still_house.services.snoozes.next_business_day
    friday_evening = datetime(2026, 9, 30, 12, tzinfo=UTC)  # before the week of the National Day
    assert next_day(friday_evening) == datetime(2026, 10, 8, 1, tzinfo=UTC)
    assert next_day(datetime(2026, 11, 20, 2, tzinfo=UTC)) == datetime(2026, 11, 23, 1, tzinfo=UTC)


async def test_a_citizen_who_writes_to_an_absent_agent_waits_in_the_queue(
    channel: FakeChannel, come: Come, advance: Advance, clock: VirtualClock
) -> None:
    zhou = await come("zhou")
    conversation_id = await served(channel, zhou)
    until = clock.now() + timedelta(minutes=50)
    await zhou.call("PUT", f"/conversations/{conversation_id}/snooze", until=until.isoformat())
    await zhou.call("PUT", "/me/state", state="offline")
    await heard(channel, zhou, "还在吗")
    await advance(1)
    li = await come("li")
    assert await li.take_offer() == conversation_id


async def test_a_time_that_is_over_is_refused(channel: FakeChannel, come: Come, clock: VirtualClock) -> None:
    zhou = await come("zhou")
    conversation_id = await served(channel, zhou)
    status, answer = await zhou.try_call(
        "PUT", f"/conversations/{conversation_id}/snooze", until=clock.now().isoformat()
    )
    assert (status, answer["error"]["fields"]) == (422, {"until": "out_of_range"})


async def test_another_matter_is_split_off_and_merged_again(channel: FakeChannel, come: Come) -> None:
    zhou = await come("zhou")
    first = await served(channel, zhou)
    await heard(channel, zhou, "暖气不热")
    await heard(channel, zhou, "另外路灯也坏了")
    entry_id = next(one["entry_id"] for one in zhou.entries if one.get("text") == "另外路灯也坏了")
    new = await zhou.call("POST", f"/conversations/{first}/split", entry_ids=[entry_id], topic="路灯")
    second = new["conversation_id"]
    thread = await zhou.call("GET", f"/conversations/{second}/entries")
    assert [one["text"] for one in thread["items"] if one["kind"] == "message"] == ["另外路灯也坏了"]
    assert await heard(channel, zhou, "在东门") == second
    await zhou.say(second, "已记录")
    await channel.hears(WANG, "已记录")

    kept = await zhou.call("POST", f"/conversations/{first}/merge", other_id=second)
    assert (kept["topic"], kept["state"]) == ("路灯", "active")
    thread = await zhou.call("GET", f"/conversations/{first}/entries")
    said = [
        one["text"]
        for one in thread["items"]
        if one["kind"] == "message" and one.get("author_kind") in ("contact", "agent")
    ]
    assert said[-4:] == ["暖气不热", "另外路灯也坏了", "在东门", "已记录"]
    assert (await Conversation.get(conversation_id=second)).merged_into == first
    status, answer = await zhou.try_call("POST", f"/conversations/{second}/reopen")
    assert (status, answer["error"]["code"]) == (409, "wrong_state"), "there was no wrap-up to take back"
    assert await heard(channel, zhou, "谢谢") == first


async def test_conversations_of_two_people_are_not_merged(channel: FakeChannel, come: Come) -> None:
    zhou = await come("zhou")
    one, other = await served(channel, zhou), await served(channel, zhou, LI)
    status, answer = await zhou.try_call("POST", f"/conversations/{one}/merge", other_id=other)
    assert (status, answer["error"]["code"]) == (409, "other_contact")


async def test_what_a_citizen_began_anew_and_waits_with_is_merged_into_what_is_served(
    channel: FakeChannel, come: Come, still_house: House
) -> None:
    zhou = await come("zhou")
    first = await served(channel, zhou)
    await heard(channel, zhou, "暖气不热")
    await zhou.call("PUT", "/me/state", state="busy")
    await channel.write(LI, "人工")
    await zhou.until(lambda: len(zhou.tables["conversations"]) == 2)
    (second,) = zhou.tables["conversations"].keys() - {first}
    kept, merged = zhou.conversation(first)["contact_id"], zhou.conversation(second)["contact_id"]
    await zhou.call("POST", f"/contacts/{kept}/merges", other_id=merged)
    await zhou.call("POST", f"/conversations/{first}/merge", other_id=second)
    await zhou.until(lambda: second not in zhou.tables["conversations"])
    assert not await WorkItem.filter(conversation_id=second, state__in=("waiting", "offered")).exists()
    assert await heard(channel, zhou, "我换了一个号码", LI) == first


async def test_entries_of_another_conversation_are_not_split_off(channel: FakeChannel, come: Come) -> None:
    zhou = await come("zhou")
    one, other = await served(channel, zhou), await served(channel, zhou, LI)
    entry = await zhou.say(other, "您好")
    status, _ = await zhou.try_call("POST", f"/conversations/{one}/split", entry_ids=[entry["entry_id"]])
    assert status == 404


async def test_an_agent_is_reminded_once(
    channel: FakeChannel, come: Come, advance: Advance, clock: VirtualClock
) -> None:
    zhou = await come("zhou")
    conversation_id = await served(channel, zhou)
    due_at = (clock.now() + timedelta(seconds=30)).isoformat()
    todo = await zhou.call("POST", "/todos", text="回电", conversation_id=conversation_id, due_at=due_at)
    await advance(31)
    await advance(31)
    await zhou.until(lambda: bool(zhou.tables["notifications"]))
    (told,) = zhou.tables["notifications"].values()
    assert (told["kind"], told["params"], told["conversation_id"]) == ("reminder", {"text": "回电"}, conversation_id)
    await zhou.call("PATCH", f"/todos/{todo['todo_id']}", is_done=True)
    await zhou.until(lambda: not zhou.tables["todos"])


async def test_an_agent_sees_the_own_figures_of_the_day(channel: FakeChannel, come: Come) -> None:
    zhou = await come("zhou")
    conversation_id = await served(channel, zhou)
    await zhou.say(conversation_id, "您好")
    figures = await zhou.call("GET", "/me/figures")
    assert (figures["taken"], figures["in_hand"], figures["written"]) == (1, 1, 1)
    assert figures["first_reply_s"] >= 0


async def test_preferences_follow_their_user(still_house: House, come: Come) -> None:
    zhou, li = await come("zhou"), await come("li")
    await zhou.call("PUT", "/me/preferences", settings={"density": "compact"})
    assert (await zhou.call("GET", "/me/preferences"))["settings"] == {"density": "compact"}
    assert (await li.call("GET", "/me/preferences"))["settings"] == {}
    status, _ = await zhou.try_call("PUT", "/me/preferences", settings={"x": "y" * 20_000})
    assert status == 422
