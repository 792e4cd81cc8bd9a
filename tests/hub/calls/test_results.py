"""A result that a flow found is told on the phone, and sent by SMS or e-mail to who asks for that (S46)."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from hub.store.models import Conversation, Entry
from tests.hub.calls.test_numbers import lead
from tests.hub.conversing.test_other_channels import MOBILE, reaches_anyone, sms
from tests.hub.support.channel import FakeChannel
from tests.hub.support.engine import FakeEngine
from tests.hub.support.house import House

__all__ = ["sms"]

NUMBER = "12333"
RESULT = "您的公积金余额是八千元"
WAITS = {"timeout_s": 60, "on_timeout": "people"}
SENDS = {"step": "send", "text": {"zh": "您的公积金余额是{balance}"}, "goto": "sent", "on_failure": "people"}
FLOW: dict[str, Any] = {
    "start": "look",
    "human": "people",
    "languages": ["zh"],
    "variables": ["number"],
    "nodes": {
        "look": {"step": "set", "values": {"balance": "八千元", "email": "wang@example.org"}, "goto": "tell"},
        "tell": {"step": "say", "text": {"zh": "您的公积金余额是{balance}"}, "goto": "ask"},
        "ask": {
            "step": "menu",
            "text": {"zh": "还要另发一份吗？"},
            "choices": [
                {"key": "1", "label": {"zh": "短信"}, "goto": "text"},
                {"key": "2", "label": {"zh": "邮件"}, "goto": "mail"},
                {"key": "3", "label": {"zh": "不用"}, "goto": "bye"},
            ],
            **WAITS,
        },
        "text": {**SENDS, "channel": "tel", "recipient": "{number}"},
        "mail": {**SENDS, "channel": "mailto", "recipient": "{email}", "subject": {"zh": "查询结果"}},
        "sent": {"step": "say", "text": {"zh": "已经发出"}, "goto": "bye"},
        "bye": {"step": "end", "text": {"zh": "再见"}},
        "people": {"step": "queue", "queue_id": "general"},
    },
}


@pytest.fixture
async def email(still_house: House) -> AsyncIterator[FakeChannel]:
    """A channel of mails, played."""
    await reaches_anyone(still_house, "email-main", "mailto")
    async with still_house.channel("email-main") as email:
        yield email


@pytest.fixture
async def results(still_house: House, sms: FakeChannel, email: FakeChannel) -> None:
    """Let calls begin with the flow; short messages and mails can be sent."""
    await lead(still_house, NUMBER, "results", FLOW)


@pytest.mark.usefixtures("results")
async def test_a_result_is_spoken_and_sent_by_sms_and_mail_on_request(
    engine: FakeEngine, sms: FakeChannel, email: FakeChannel
) -> None:
    for key, channel, recipient in (("1", sms, MOBILE), ("2", email, "mailto:wang@example.org")):
        call_id = await engine.arrive(MOBILE, NUMBER)
        await engine.hears(call_id, RESULT)
        await engine.press(call_id, key)
        order = await channel.hears(recipient, RESULT)
        await engine.hears(call_id, "已经发出")
        line = await Entry.get(entry_id=order.message_id)
        assert (await Conversation.get(conversation_id=line.conversation_id)).channel == "tel", "one timeline"


@pytest.mark.usefixtures("results")
async def test_a_result_goes_to_nobody_who_did_not_ask_and_not_to_a_withheld_number(
    engine: FakeEngine, sms: FakeChannel
) -> None:
    call_id = await engine.arrive(MOBILE, NUMBER)
    await engine.hears(call_id, "另发一份")
    await engine.press(call_id, "3")
    await engine.hears(call_id, "再见")
    withheld = await engine.arrive("", NUMBER)
    await engine.hears(withheld, "另发一份")
    await engine.press(withheld, "1")
    await engine.queues(withheld)
    assert not [order for order in sms.orders if RESULT in order.text]
