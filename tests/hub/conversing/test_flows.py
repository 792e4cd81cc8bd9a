"""Self-service in text: greeting, a person at any point, hours, rating, time-outs, versions."""

from typing import Any

import pytest

from core.events import Attachment
from hub.accounts.identity import Identity
from hub.store.models import Calendar, Conversation, WorkItem
from tests.hub.conversing.conftest import Advance, Come
from tests.hub.support.channel import FakeChannel
from tests.hub.support.house import House, until

WANG = "webchat:wang"
OPERATOR = Identity(user_id="", username="operator")
CLOSED = {"weekly": {}, "follows_holidays": False}


async def test_who_opens_a_chat_is_greeted_once(channel: FakeChannel) -> None:
    await channel.arrive(WANG)
    await channel.hears(WANG, "请问您想办理")
    await channel.arrive(WANG)
    await channel.write(WANG, "1")
    await channel.hears(WANG, "检修通知")
    assert sum("您好，这里是 12345" in text for text in channel.sent(WANG)) == 1


@pytest.mark.parametrize("before", [[], ["1"], ["4"], ["九九八十一"]], ids=["at once", "later", "leaving", "lost"])
@pytest.mark.parametrize("word", ["人工", "0", "转人工"])
async def test_a_person_is_reached_at_any_point(channel: FakeChannel, come: Come, before: list[str], word: str) -> None:
    zhou = await come("zhou")
    for text in before:
        count = len(channel.orders)
        await channel.write(WANG, text)
        await channel.until(lambda count=count: len(channel.orders) > count)  # type: ignore[misc]
    await channel.write(WANG, word)
    await zhou.take_offer()
    await channel.hears(WANG, "工号 3021")


async def test_asking_again_while_waiting_makes_no_second_claim(channel: FakeChannel, come: Come) -> None:
    for _ in range(3):
        await channel.write(WANG, "人工")
    zhou = await come("zhou")
    await zhou.take_offer()
    assert await WorkItem.all().count() == 1


async def test_a_message_left_gives_way_to_asking_for_a_person(channel: FakeChannel, come: Come) -> None:
    await channel.write(WANG, "4")
    await channel.hears(WANG, "请写明")
    await channel.write(WANG, "路灯坏了")
    await channel.hears(WANG, "还有其他")
    await channel.write(WANG, "0")
    zhou = await come("zhou")
    conversation_id = await zhou.take_offer()
    assert await WorkItem.filter(state="assigned").values_list("channel_class", flat=True) == ["chat"]
    assert await WorkItem.exclude(state="done").count() == 1
    thread = await zhou.call("GET", f"/conversations/{conversation_id}/entries")
    assert "路灯坏了" in [entry.get("text") for entry in thread["items"]]


async def test_out_of_hours_a_message_becomes_work(channel: FakeChannel, come: Come) -> None:
    await Calendar.filter(calendar_id="office-hours").update(rules=CLOSED)
    await channel.write(WANG, "人工")
    await channel.hears(WANG, "请留言")
    await channel.write(WANG, "停电了，电话 555")
    await channel.hears(WANG, "留言已收到")
    zhou = await come("zhou")
    conversation_id = await zhou.take_offer()
    thread = await zhou.call("GET", f"/conversations/{conversation_id}/entries")
    assert "contact_left_message" in [entry.get("code") for entry in thread["items"]]
    assert (await WorkItem.get()).channel_class == "mail"


async def test_a_picture_is_no_answer_to_a_menu_but_is_kept(channel: FakeChannel) -> None:
    await channel.arrive(WANG)
    await channel.hears(WANG, "请问您想办理")
    await channel.write(WANG, attachments=(Attachment(media_id="m1", mime="image/png"),))
    await channel.hears(WANG, "没有找到")


async def test_a_silent_citizen_is_let_go(channel: FakeChannel, advance: Advance) -> None:
    await channel.arrive(WANG)
    await channel.hears(WANG, "请问您想办理")
    for _ in range(5):
        await advance(601)
    await channel.hears(WANG, "长时间没有回复")
    assert (await Conversation.get()).state == "closed"


async def test_after_a_flow_has_ended_a_new_one_greets(channel: FakeChannel) -> None:
    for text in ("1", "2"):
        count = len(channel.orders)
        await channel.write(WANG, text)
        await channel.until(lambda count=count: len(channel.orders) > count)  # type: ignore[misc]
    await channel.hears(WANG, "再见")
    await channel.write(WANG, "您好")
    await until(lambda: sum("您好，这里是 12345" in text for text in channel.sent(WANG)) == 2)


async def _ended(channel: FakeChannel, come: Come) -> str:
    zhou = await come("zhou")
    await channel.write(WANG, "人工")
    conversation_id = await zhou.take_offer()
    await zhou.call("POST", f"/conversations/{conversation_id}/end")
    await channel.hears(WANG, "评价")
    return conversation_id


async def test_a_rating_is_taken_even_after_the_wrap_up(channel: FakeChannel, come: Come) -> None:
    conversation_id = await _ended(channel, come)
    await channel.write(WANG, "满意")
    await channel.hears(WANG, "感谢您的评价")
    row = await Conversation.get(conversation_id=conversation_id)
    assert (row.rating, row.state, row.waiting_since) == (4, "wrap_up", None)


async def test_a_bad_rating_may_say_why(channel: FakeChannel, come: Come) -> None:
    conversation_id = await _ended(channel, come)
    await channel.write(WANG, "5")
    await channel.hears(WANG, "哪里需要改进")
    await channel.write(WANG, "等得太久")
    await channel.hears(WANG, "感谢您的评价")
    assert (await Conversation.get(conversation_id=conversation_id)).rating == 1
    assert await Conversation.all().count() == 1


async def test_what_is_no_rating_begins_a_new_conversation(channel: FakeChannel, come: Come) -> None:
    await _ended(channel, come)
    await channel.write(WANG, "另外，社保卡怎么补办？")
    await until(lambda: sum("您好，这里是 12345" in text for text in channel.sent(WANG)) == 2)
    assert await Conversation.all().count() == 2


async def test_nobody_rates_for_ever(channel: FakeChannel, come: Come, advance: Advance) -> None:
    conversation_id = await _ended(channel, come)
    for _ in range(3):
        await advance(901)
    row = await Conversation.get(conversation_id=conversation_id)
    assert (row.rating, row.flow_state) == (None, None)


def _both(text: str) -> dict[str, str]:
    return {"zh": text, "en": text}


def _flow(version_words: str) -> dict[str, Any]:
    return {
        "name": "hotline",
        "version": 1,
        "title": _both("热线"),
        "start": "menu",
        "human": "people",
        "nodes": {
            "menu": {
                "step": "menu",
                "text": _both(version_words),
                "choices": [
                    {"key": "1", "label": _both("再说"), "goto": "said"},
                    {"key": "0", "label": _both("人工"), "goto": "people"},
                ],
                "timeout_s": 600,
                "on_timeout": "bye",
                "otherwise": "people",
            },
            "said": {"step": "end", "text": _both(f"{version_words}答"), "reason": "answered"},
            "bye": {"step": "end", "text": _both("再见"), "reason": "timed_out"},
            "people": {"step": "queue", "queue_id": "general", "on": {"full": "bye"}},
        },
    }


async def test_running_conversations_end_on_the_version_they_began_with(
    still_house: House, channel: FakeChannel
) -> None:
    library = still_house.services.flow_library
    for words in ("旧版", "新版"):
        version, faults = await library.add_version(OPERATOR, "hotline", _flow(words))
        assert not faults
        if words == "新版":
            await channel.arrive(WANG)
            await channel.hears(WANG, "旧版")
        await library.publish(OPERATOR, "hotline", version)
    await still_house.restart()
    await channel.write(WANG, "1")
    await channel.hears(WANG, "旧版答")
    await channel.write(WANG, "您好")
    await channel.hears(WANG, "新版")


async def test_a_flow_says_what_happens_when_its_queue_is_full(still_house: House, channel: FakeChannel) -> None:
    services = still_house.services
    rules = services.queues.checked("general", {"max_waiting": 1})
    await services.queue_editor.save(OPERATOR, "general", {"zh": "综合"}, rules)
    await channel.write("webchat:first", "人工")
    await channel.hears("webchat:first", "正在为您转接")
    await channel.write(WANG, "人工")
    await channel.hears(WANG, "请留言")


NAMED: dict[str, Any] = {
    "name": "hotline",
    "start": "who",
    "human": "people",
    "nodes": {
        "who": {
            "step": "ask",
            "text": {"zh": "请输入工号", "en": "Which agent?"},
            "variable": "agent",
            "kind": "digits",
            "timeout_s": 60,
            "on_timeout": "people",
            "goto": "people",
        },
        "people": {"step": "queue", "queue_id": "general", "agent": "{agent}"},
    },
}


async def _asked_for_a_work_number(house: House, channel: FakeChannel, said: str) -> None:
    library = house.services.flow_library
    version, _ = await library.add_version(OPERATOR, "hotline", {**NAMED, "variables": ["agent"]})
    await library.publish(OPERATOR, "hotline", version)
    await channel.arrive(WANG)
    await channel.hears(WANG, "请输入工号")
    await channel.write(WANG, said)


async def test_a_citizen_asks_for_a_work_number(still_house: House, channel: FakeChannel, come: Come) -> None:
    await come("zhou")  # idle for longer
    li = await come("li")
    await _asked_for_a_work_number(still_house, channel, "3022")
    await li.take_offer()
    assert not any("3022 " in text for text in channel.sent(WANG))


async def test_who_is_asked_for_and_busy_is_waited_for_and_then_another_serves(
    still_house: House, channel: FakeChannel, come: Come, advance: Advance
) -> None:
    zhou, li = await come("zhou"), await come("li")
    await li.call("PUT", "/me/state", state="busy")
    await _asked_for_a_work_number(still_house, channel, "3022")
    await channel.hears(WANG, "工号 3022 正忙")
    assert not zhou.tables["offers"]
    await advance(121)
    await zhou.take_offer()


async def test_who_is_asked_for_and_not_there_is_replaced_at_once(
    still_house: House, channel: FakeChannel, come: Come
) -> None:
    zhou = await come("zhou")
    await _asked_for_a_work_number(still_house, channel, "9999")
    await channel.hears(WANG, "工号 9999 现在不在岗")
    await zhou.take_offer()
