"""A hotline's menus by phone: what keys lead to, for whom, at which hours, and what agents then see."""

from typing import Any

import pytest

from core.events import Attachment
from hub.accounts.identity import Identity
from hub.contacts.contacts import ContactEdit
from hub.store.models import Calendar, Contact, Conversation, Entry, WorkItem
from tests.hub.calls.conftest import Come
from tests.hub.calls.test_calls import eventually
from tests.hub.calls.test_numbers import lead
from tests.hub.support.engine import FakeEngine
from tests.hub.support.house import House

OPERATOR = Identity(username="operator", permissions=frozenset({"queue.all"}))
NUMBER = "12345"
FILE = Attachment(media_id="m-1", mime="audio/wav", name="talk.wav", size_bytes=10)


def choice(key: str, label: str, goto: str) -> dict[str, Any]:
    return {"key": key, "label": {"zh": label}, "goto": goto}


PATIENCE: dict[str, Any] = {"timeout_s": 10, "retries": 2, "on_timeout": "people"}
FLOW: dict[str, Any] = {
    "languages": ["zh"],
    "variables": ["contact_level"],
    "start": "hello",
    "human": "people",
    "variable_titles": {
        "account": {"zh": "公积金账号"},
        "return_number": {"zh": "回电号码"},
        "wants_reply": {"zh": "是否需要答复"},
    },
    "nodes": {
        "hello": {"step": "say", "text": {"zh": "您好，惠民市政务服务热线。"}, "goto": "level"},
        "level": {
            "step": "branch",
            "cases": [{"when": [{"variable": "contact_level", "op": "ge", "value": "3"}], "goto": "own_people"}],
            "otherwise": "hours",
        },
        "own_people": {"step": "queue", "queue_id": "elder", "priority": 20},
        "hours": {"step": "calendar", "calendar": "office-hours", "open": "main", "closed": "night"},
        "main": {
            "step": "menu",
            **PATIENCE,
            "text": {"zh": "请选择。"},
            "retry_text": {"zh": "没有这一项。"},
            "choices": [choice("1", "政策查询", "policies"), choice("2", "公积金", "account")],
        },
        "policies": {
            "step": "menu",
            **PATIENCE,
            "text": {"zh": "请选择政策。"},
            "choices": [choice("1", "租房补贴", "rent"), choice("9", "返回", "main")],
        },
        "rent": {"step": "say", "text": {"zh": "租房补贴每月最高八百元。"}, "goto": "policies"},
        "account": {
            "step": "ask",
            **PATIENCE,
            "text": {"zh": "请输入个人账号，按井号结束。"},
            "kind": "digits",
            "variable": "account",
            "goto": "fund_people",
        },
        "fund_people": {"step": "queue", "queue_id": "housing", "skills": {"housing": 3}, "show": ["account"]},
        "people": {"step": "queue", "queue_id": "general"},
        "night": {
            "step": "menu",
            **PATIENCE,
            "text": {"zh": "现在是下班时间。"},
            "choices": [choice("1", "租房补贴", "night_rent"), choice("2", "留言", "number")],
        },
        "night_rent": {"step": "say", "text": {"zh": "租房补贴每月最高八百元。"}, "goto": "night"},
        "number": {
            "step": "ask",
            **PATIENCE,
            "text": {"zh": "请输入回电号码，按井号结束。"},
            "kind": "phone",
            "variable": "return_number",
            "goto": "reply",
        },
        "reply": {
            "step": "ask",
            **PATIENCE,
            "text": {"zh": "需要答复请按 1，不需要请按 2。"},
            "kind": "yes_no",
            "variable": "wants_reply",
            "goto": "message",
        },
        "message": {
            "step": "take_message",
            **PATIENCE,
            "text": {"zh": "请留言。"},
            "queue_id": "general",
            "show": ["return_number", "wants_reply"],
            "goto": "thanks",
        },
        "thanks": {"step": "end", "text": {"zh": "感谢来电。"}},
    },
}


@pytest.fixture(autouse=True)
async def hotline(still_house: House) -> None:
    """Let everybody who calls come into ``FLOW``."""
    await lead(still_house, NUMBER, "hotline", FLOW)


async def test_every_menu_leads_to_a_person_by_zero_and_says_what_is_no_choice(engine: FakeEngine) -> None:
    call_id = await engine.arrive()
    await engine.hears(call_id, "惠民市政务服务热线", "请选择")  # who one has reached comes before all else
    await engine.press(call_id, "8")
    await engine.hears(call_id, "没有这一项")
    await engine.press(call_id, "1")
    await engine.hears(call_id, "请选择政策")
    await engine.press(call_id, "0")
    await engine.queues(call_id)
    other = await engine.arrive("tel:+8613900000002")
    await engine.hears(other, "请选择")
    await engine.press(other, "0")
    await engine.queues(other)
    assert await Conversation.filter(state="queued", queue_id="general").count() == 2


async def test_a_policy_is_read_out_and_the_menu_comes_again(engine: FakeEngine) -> None:
    call_id = await engine.arrive()
    await engine.hears(call_id, "请选择")
    await engine.press(call_id, "1")
    await engine.hears(call_id, "请选择政策")
    await engine.press(call_id, "1")
    await engine.hears(call_id, "最高八百元", "请选择政策")
    await engine.press(call_id, "9")
    await engine.hears(call_id, "请选择。")


async def test_who_has_a_high_level_meets_no_menu(engine: FakeEngine, still_house: House) -> None:
    first = await engine.arrive()
    await engine.hears(first, "请选择")
    await engine.change(first, engine.caller(first).leg_id, "ended")
    await engine.is_over(first)
    contact = await Contact.get()
    await still_house.services.contacts.edit(OPERATOR, contact.contact_id, ContactEdit(level=5), remote="")
    await engine.queues(await engine.arrive())
    item = await WorkItem.get(state="waiting")
    assert (item.queue_id, item.priority) == ("elder", 20)


async def test_keys_choose_the_skill_and_go_to_the_agent_s_screen_with_what_was_entered(
    engine: FakeEngine, come: Come
) -> None:
    agents = {name: await come(name) for name in ("zhou", "li")}  # zhou knows nothing of housing
    call_id = await engine.arrive()
    await engine.hears(call_id, "请选择")
    await engine.press(call_id, "2")
    await engine.hears(call_id, "个人账号")
    await engine.press(call_id, "31415926#")
    await engine.rings(call_id)
    li = agents["li"]
    await li.until(lambda: bool(li.tables["offers"]))
    assert not agents["zhou"].tables["offers"]
    (offer,) = li.tables["offers"].values()
    conversation = li.conversation(offer["conversation_id"])
    assert (conversation["queue_id"], conversation["address"][-4:]) == ("housing", "0001")
    assert conversation["call"]["keys"] == "2"  # what was entered may be a secret
    collected = await Entry.get(conversation_id=offer["conversation_id"], code="collected")
    assert collected.params == {"values": "公积金账号：31415926"}


async def test_at_night_the_machine_serves_and_takes_messages_with_number_and_wish(engine: FakeEngine) -> None:
    await Calendar.filter(calendar_id="office-hours").update(rules={"weekly": {}})
    call_id = await engine.arrive()
    await engine.hears(call_id, "下班时间")
    await engine.press(call_id, "1")
    await engine.hears(call_id, "最高八百元", "下班时间")
    await engine.press(call_id, "2")
    await engine.hears(call_id, "回电号码")
    await engine.press(call_id, "13900000077#")
    await engine.hears(call_id, "需要答复")
    await engine.press(call_id, "1")
    await engine.hears(call_id, "请留言")
    await engine.finish(call_id)
    await engine.records(call_id)
    await engine.finish(call_id, file=FILE, length_s=9.0)
    await engine.hears(call_id, "感谢来电")
    await eventually(WorkItem.filter(channel_class="mail", state="waiting"))
    assert await Entry.filter(code="voice_message").count() == 1
    collected = await Entry.get(code="collected")
    assert collected.params == {"values": "回电号码：13900000077，是否需要答复：是"}
