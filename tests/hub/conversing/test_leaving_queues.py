"""What becomes of those whom a queue cannot serve in time: other services, by rules that are data."""

from datetime import timedelta
from typing import Any

import pytest

from core import flow
from core.testing.clock import VirtualClock
from hub.accounts.identity import Identity
from hub.accounts.users import UserEdit
from hub.dispatch.queues import QueueSettings
from hub.figures.reading import read_cases
from hub.store.models import Calendar, Conversation, Offer, WorkItem
from tests.hub.conversing.conftest import Advance, Come
from tests.hub.support.channel import FakeChannel
from tests.hub.support.house import House

WANG = "webchat:wang"
OPERATOR = Identity(username="operator")
CLOSED = {"weekly": {}, "follows_holidays": False}
PEOPLE: dict[str, Any] = {"step": "queue", "queue_id": "general"}
BYE: dict[str, Any] = {"step": "end", "text": {"zh": "再见", "en": "Bye"}, "reason": "done"}


def both(zh: str) -> dict[str, str]:
    return {"zh": zh, "en": zh}


async def publish(house: House, *, human: str = "start", **nodes: Any) -> None:
    """Have the demo's flow begin with ``start``, and ``human`` be its way to a person."""
    graph = {"name": "hotline", "title": both("热线"), "start": "start", "human": human, "nodes": nodes}
    version, faults = await house.services.flow_library.add_version(OPERATOR, "hotline", graph)
    assert not faults
    await house.services.flow_library.publish(OPERATOR, "hotline", version)


async def set_rules(house: House, **rules: Any) -> None:
    settings = house.services.queues.checked("general", rules)
    await house.services.queue_editor.save(OPERATOR, "general", both("综合"), settings)


async def test_who_waits_too_long_is_offered_other_services(
    still_house: House, channel: FakeChannel, come: Come, advance: Advance
) -> None:
    await set_rules(still_house, max_wait_s=60)
    await channel.write(WANG, "人工")
    await channel.hears(WANG, "正在为您转接")
    await advance(59)
    assert (await Conversation.get()).state == "queued"
    await advance(2)
    await channel.hears(WANG, "请留言")
    assert (await Conversation.get()).state == "flow"
    begin = (await Conversation.get()).opened_at
    (diverted,) = await read_cases(begin)
    assert diverted.is_diverted
    assert diverted.left_at is not None
    assert (diverted.left_at - diverted.offered_at).total_seconds() >= 60
    await channel.write(WANG, "路灯坏了，电话 555")
    await channel.hears(WANG, "留言已收到")
    zhou = await come("zhou")
    await zhou.take_offer()
    assert await WorkItem.filter(state="assigned").values_list("channel_class", flat=True) == ["mail"]
    assert [case.is_diverted for case in await read_cases(begin)] == [True, False]
    assert await WorkItem.exclude(state="done").count() == 1


async def test_who_has_no_other_service_to_go_to_waits_on(
    still_house: House, channel: FakeChannel, come: Come, advance: Advance
) -> None:
    await publish(still_house, start=PEOPLE)
    await set_rules(still_house, max_wait_s=60)
    await channel.write(WANG, "您好")
    await channel.hears(WANG, "正在为您转接")
    await advance(61)
    zhou = await come("zhou")
    await zhou.take_offer()


async def test_whom_an_agent_is_asked_to_take_is_not_sent_away(
    still_house: House, channel: FakeChannel, come: Come, advance: Advance
) -> None:
    await set_rules(still_house, max_wait_s=10, on_missed="stay")
    zhou = await come("zhou")
    await channel.write(WANG, "人工")
    await zhou.until(lambda: bool(zhou.tables["offers"]))
    await advance(15)
    await zhou.take_offer()


async def test_who_waits_too_long_is_not_forgotten_while_agents_are_asked_who_decline(
    still_house: House, channel: FakeChannel, come: Come, advance: Advance
) -> None:
    await set_rules(still_house, max_wait_s=10)
    zhou = await come("zhou")
    await channel.write(WANG, "人工")
    await zhou.until(lambda: bool(zhou.tables["offers"]))
    li = await come("li")
    await advance(21)  # zhou has missed it: the wait is over, and li is asked in the same moment
    await li.until(lambda: bool(li.tables["offers"]))
    assert (await Conversation.get()).state == "queued"
    (offer_id,) = li.tables["offers"]
    await li.call("POST", f"/offers/{offer_id}/decline", reason="busy")
    await advance(6)
    await channel.hears(WANG, "请留言")
    assert await Offer.filter(outcome="accepted").count() == 0


async def waits_on(advance: Advance) -> None:
    """Assert that the one conversation stays in its queue, however long."""
    for _ in range(2):
        await advance(61)
        assert (await Conversation.get()).state == "queued"
    assert await WorkItem.filter(state="waiting").count() == 1


async def test_who_has_had_an_agent_and_is_transferred_is_not_sent_away(
    still_house: House, channel: FakeChannel, come: Come, advance: Advance
) -> None:
    await set_rules(still_house, max_wait_s=60)
    zhou = await come("zhou")
    await channel.write(WANG, "人工")
    conversation_id = await zhou.take_offer()
    await advance(5)
    await zhou.call("PUT", "/me/state", state="busy")
    await zhou.call("POST", f"/conversations/{conversation_id}/transfer", queue_id="general", note="请接手")
    await waits_on(advance)


async def test_who_has_had_an_agent_and_was_put_aside_is_not_sent_away(
    still_house: House, channel: FakeChannel, come: Come, advance: Advance, clock: VirtualClock
) -> None:
    await set_rules(still_house, max_wait_s=60)
    zhou = await come("zhou")
    await channel.write(WANG, "人工")
    conversation_id = await zhou.take_offer()
    until = clock.now() + timedelta(seconds=30)
    await zhou.call("PUT", f"/conversations/{conversation_id}/snooze", until=until.isoformat())
    await zhou.call("PUT", "/me/state", state="offline")
    await advance(31)
    await waits_on(advance)


async def test_a_flow_that_fails_when_the_wait_is_over_stops_nothing_else(
    still_house: House,
    channel: FakeChannel,
    come: Come,
    advance: Advance,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await set_rules(still_house, max_wait_s=10, offer_s=60)
    await channel.write(WANG, "人工")
    await channel.hears(WANG, "正在为您转接")

    def fail(running: flow.Flow, state: flow.State, given: flow.AnyInput) -> object:
        if isinstance(given, flow.QueueLeft):
            raise RuntimeError("a faulty flow")
        return flow.advance(running, state, given)

    with monkeypatch.context() as patch:
        patch.setattr("hub.flows.flows.advance", fail)
        await advance(11)
        zhou = await come("zhou")
        await zhou.until(lambda: bool(zhou.tables["offers"]))
        await advance(61)  # the offer expires
        await zhou.until(lambda: not zhou.tables["offers"])
    assert await WorkItem.get().values_list("state", flat=True) == "waiting"
    await advance(61)
    await channel.hears(WANG, "请留言")


async def test_a_queue_that_is_closed_sends_the_flow_on(still_house: House, channel: FakeChannel) -> None:
    await Calendar.filter(calendar_id="office-hours").update(rules=CLOSED)
    await publish(still_house, start={**PEOPLE, "on": {"closed": "bye"}}, bye=BYE)
    await set_rules(still_house, opening_calendar="office-hours")
    await channel.write(WANG, "您好")
    await channel.hears(WANG, "再见")
    assert await WorkItem.all().count() == 0


async def test_who_speaks_another_language_waits_for_who_speaks_it_or_leaves_a_number(
    still_house: House, channel: FakeChannel, come: Come, advance: Advance
) -> None:
    await publish(
        still_house,
        human="people",
        start={
            "step": "menu",
            "text": both("请选择语言"),
            "choices": [
                {"key": "1", "label": both("普通话"), "goto": "people"},
                {"key": "2", "label": both("维吾尔语"), "goto": "uyghur"},
            ],
            "timeout_s": 600,
            "on_timeout": "bye",
            "otherwise": "people",
        },
        people=PEOPLE,
        uyghur={**PEOPLE, "skills": {"uyghur": 3}, "on": {"timed_out": "still"}},
        still={
            "step": "menu",
            "text": both("维吾尔语坐席正忙"),
            "choices": [
                {"key": "1", "label": both("继续等候"), "goto": "uyghur"},
                {"key": "2", "label": both("留下号码"), "goto": "number"},
            ],
            "timeout_s": 600,
            "on_timeout": "bye",
            "otherwise": "people",
        },
        number={
            "step": "take_message",
            "text": both("请留下号码"),
            "queue_id": "general",
            "skills": {"uyghur": 3},
            "timeout_s": 600,
            "on_timeout": "bye",
            "goto": "bye",
        },
        bye=BYE,
    )
    await set_rules(still_house, max_wait_s=60)
    zhou = await come("zhou")
    await channel.arrive(WANG)
    await channel.hears(WANG, "请选择语言")
    await channel.write(WANG, "2")
    await channel.hears(WANG, "正在为您转接")
    await advance(61)
    await channel.hears(WANG, "坐席正忙")
    await channel.write(WANG, "1")
    await channel.until(lambda: sum("正在为您转接" in text for text in channel.sent(WANG)) == 2)
    await advance(61)
    await channel.until(lambda: sum("坐席正忙" in text for text in channel.sent(WANG)) == 2)
    await channel.write(WANG, "2")
    await channel.hears(WANG, "请留下号码")
    await channel.write(WANG, "13800138000")
    await channel.hears(WANG, "再见")
    assert not zhou.tables["offers"]
    li = await come("li")
    await still_house.services.users.edit(OPERATOR, li.me["user_id"], UserEdit(skills={"uyghur": 4}))
    await li.take_offer()


@pytest.mark.parametrize(
    ("setting", "rule"),
    [("priority_step_s", "step_s"), ("level_step_s", "level_step_s"), ("named_hold_s", "named_hold_s")],
)
def test_what_an_operator_sets_is_what_routing_goes_by(setting: str, rule: str) -> None:
    settings = QueueSettings(**{setting: 7.0})
    assert getattr(settings.rules("general"), rule) == 7.0
