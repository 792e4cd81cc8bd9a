"""A citizen chooses how the answer comes: by telephone, SMS or e-mail (S16)."""

from typing import Any

import pytest

from hub.accounts.identity import Identity
from hub.store.models import Address, Conversation
from tests.hub.conversing.conftest import Come
from tests.hub.conversing.test_other_channels import MOBILE, WANG, reaches_anyone, sms
from tests.hub.support.channel import FakeChannel
from tests.hub.support.house import House

__all__ = ["sms"]

OPERATOR = Identity(username="operator", permissions=frozenset({"address.reveal"}))
MAIL = "mailto:wang@example.org"


WAITS = {"timeout_s": 600, "on_timeout": "people"}


def asks(kind: str, question: str, goto: str) -> dict[str, Any]:
    """Return a step that asks for an address."""
    return {"step": "ask", "text": {"zh": question}, "variable": kind, "kind": kind, "goto": goto, **WAITS}


def confirms(channel: str, recipient: str) -> dict[str, Any]:
    """Return a step that says at an address that the answer will come there."""
    text = {"zh": "您的来信已受理，答复将发到这里"}
    return {
        "step": "send",
        "channel": channel,
        "recipient": recipient,
        "text": text,
        "answers_follow": True,
        "goto": "done",
    }


FLOW: dict[str, Any] = {
    "start": "message",
    "human": "people",
    "languages": ["zh"],
    "nodes": {
        "message": {
            "step": "take_message",
            "text": {"zh": "请说明您的问题"},
            "queue_id": "general",
            "goto": "way",
            **WAITS,
        },
        "way": {
            "step": "menu",
            "text": {"zh": "您希望怎样得到答复？"},
            "choices": [
                {"key": "1", "label": {"zh": "电话"}, "goto": "number"},
                {"key": "2", "label": {"zh": "短信"}, "goto": "mobile"},
                {"key": "3", "label": {"zh": "电子邮件"}, "goto": "address"},
            ],
            **WAITS,
        },
        "number": asks("phone", "请留下电话号码", "called"),
        "mobile": asks("phone", "请留下手机号", "by_sms"),
        "address": asks("email", "请留下邮箱", "by_mail"),
        "by_sms": confirms("tel", "{phone}"),
        "by_mail": confirms("mailto", "{email}"),
        "called": {"step": "end", "text": {"zh": "我们会给您打电话"}},
        "done": {"step": "end"},
        "people": {"step": "queue", "queue_id": "general"},
    },
}


@pytest.fixture
async def choice(still_house: House, sms: FakeChannel) -> None:
    """Let web chat ask how the answer shall come; mails can be sent."""
    await reaches_anyone(still_house, "email-main", "mailto")
    library = still_house.services.flow_library
    version, faults = await library.add_version(OPERATOR, "hotline", FLOW)
    assert faults == ()
    await library.publish(OPERATOR, "hotline", version)


async def leave_message(channel: FakeChannel, key: str, address: str) -> None:
    """Write as Wang does: a question, the way, and the address."""
    await channel.write(WANG, "你好")
    await channel.hears(WANG, "请说明您的问题")
    await channel.write(WANG, "公积金怎么提取")
    await channel.hears(WANG, "怎样得到答复")
    await channel.write(WANG, key)
    await channel.hears(WANG, "请留下")
    await channel.write(WANG, address)


@pytest.mark.usefixtures("choice")
async def test_an_answer_comes_by_sms_when_that_was_chosen(channel: FakeChannel, sms: FakeChannel, come: Come) -> None:
    await leave_message(channel, "2", "13800001234")
    await sms.hears(MOBILE, "答复将发到这里")
    zhou = await come("zhou")
    conversation_id = await zhou.take_offer()
    assert zhou.conversation(conversation_id)["reply_instance"] == "sms-main"
    await zhou.say(conversation_id, "带身份证到窗口即可")
    await sms.hears(MOBILE, "带身份证到窗口即可")
    assert not [text for text in channel.sent(WANG) if "带身份证" in text]


@pytest.mark.usefixtures("choice")
async def test_an_answer_comes_by_mail_when_that_was_chosen(
    still_house: House, channel: FakeChannel, come: Come
) -> None:
    async with still_house.channel("email-main") as email:
        await leave_message(channel, "3", "wang@example.org")
        await email.hears(MAIL, "答复将发到这里")
        zhou = await come("zhou")
        await zhou.say(await zhou.take_offer(), "带身份证到窗口即可")
        await email.hears(MAIL, "带身份证到窗口即可")


@pytest.mark.usefixtures("choice")
async def test_who_wants_a_call_leaves_the_number_to_call(channel: FakeChannel, come: Come) -> None:
    await leave_message(channel, "1", "13800001234")
    await channel.hears(WANG, "我们会给您打电话")
    zhou = await come("zhou")
    conversation = zhou.conversation(await zhou.take_offer())
    number = await Address.get(uri=MOBILE)
    assert number.contact_id == conversation["contact_id"], "the card shows the number, to be called with a click"


@pytest.mark.usefixtures("choice")
async def test_answers_never_go_to_somebody_elses_telephone(channel: FakeChannel, sms: FakeChannel, come: Come) -> None:
    await sms.write(MOBILE, "人工")
    li = await come("li")
    theirs = await li.take_offer()
    await leave_message(channel, "2", "13800001234")
    await sms.hears(MOBILE, "答复将发到这里")
    zhou = await come("zhou")
    conversation = await Conversation.exclude(conversation_id=theirs).get()
    assert conversation.reply_address == ""
    await zhou.until(lambda: bool(zhou.tables["offers"]) or bool(li.tables["offers"]))
