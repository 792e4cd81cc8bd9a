"""The contract of every channel, with a stand-in of Telegram's servers as the far end, by long poll and by webhook."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest_asyncio

from core.channel import Channel
from core.events import Choice, ContactArrived, Location, MessageReceived, MessageStatus, Profile, SendMessage
from core.testing.contract import ChannelContract
from core.testing.samples import Inbound, Outbound
from tests.plugins.telegram.bot_api import ANNA, SECRET, TOKEN, BotApi, WebhookBotApi, message, written

ADDRESS = f"telegram:{ANNA}"
PROFILE = Profile(name="Anna Li", language="zh-hans")
AT = datetime.fromtimestamp(1_760_000_000, UTC)


def _received(**fields: Any) -> MessageReceived:
    return MessageReceived(**{"external_id": "1", "sender": ADDRESS, "profile": PROFILE, "sent_at": AT, **fields})


def _order(text: str = "您好", **fields: Any) -> SendMessage:
    return SendMessage(**{"message_id": "m-1", "recipient": ADDRESS, "text": text, **fields})


def _failed(code: str) -> MessageStatus:
    return MessageStatus(message_id="m-1", status="failed", code=code)


def _pressed(key: str, label: str) -> dict[str, Any]:
    shown = written("请选择", number=9, reply_markup={"inline_keyboard": [[{"text": label, "callback_data": key}]]})
    return {
        "callback_query": {"id": "77", "from": written()["from"], "chat_instance": "1", "message": shown, "data": key}
    }


class TestByLongPoll(ChannelContract):
    module = "plugins.telegram"
    peer_type = BotApi
    secrets = [TOKEN, SECRET]
    garbage = [
        {"message": {"message_id": "x"}},
        {"message": {**written("hello"), "date": 1e99}},
        {"callback_query": []},
    ]
    addresses = [
        ("4711", ADDRESS),
        (" Telegram:4711 ", ADDRESS),
        ("telegram:0", None),
        ("@anna", None),
        ("-100123", None),
    ]
    inbound = [
        Inbound("a message", message("我家暖气不热 🏠"), _received(text="我家暖气不热 🏠")),
        Inbound(
            "a pressed button",
            _pressed("0", "转人工"),
            MessageReceived(external_id="press-77", sender=ADDRESS, text="转人工", choice="0", profile=PROFILE),
        ),
        Inbound(
            "an edited message",
            {"edited_message": written("改好了", edit_date=1_760_000_060)},
            _received(external_id="1@100", edits="1", text="改好了"),
        ),
        Inbound("a start", message("/start"), ContactArrived(sender=ADDRESS, arrival_id="1", profile=PROFILE)),
        Inbound(
            "a place",
            message(location={"latitude": 30.2741, "longitude": 120.1551}),
            _received(
                text="[位置] 30.27410, 120.15510\n"
                "https://uri.amap.com/marker?position=120.155100,30.274100&coordinate=wgs84",
                location=Location(latitude=30.2741, longitude=120.1551),
            ),
        ),
        Inbound(
            "her own number",
            message(contact={"phone_number": "+8613800000000", "first_name": "Anna", "user_id": ANNA}),
            _received(
                text="[名片] Anna +8613800000000",
                profile=Profile(name="Anna Li", language="zh-hans", phone="+8613800000000"),
            ),
        ),
        Inbound("a sticker", message(sticker={"file_id": "s", "emoji": "👍"}), _received(text="👍")),
        Inbound(
            "something new",
            message(hologram={"file_id": "h"}),
            _received(text="[收到一条此处无法显示的消息，请让对方换一种方式发送]"),
        ),
    ]
    outbound = [
        Outbound(
            "a text",
            _order(),
            MessageStatus(message_id="m-1", status="sent", external_id="1"),
            wire={"method": "sendMessage", "chat_id": ANNA, "text": "您好"},
        ),
        Outbound(
            "with buttons",
            _order("请选择", choices=(Choice(key="1", label="查询"), Choice(key="0", label="转人工"))),
            MessageStatus(message_id="m-1", status="sent"),
            wire={
                "method": "sendMessage",
                "chat_id": ANNA,
                "text": "请选择",
                "buttons": [[("查询", "1")], [("转人工", "0")]],
            },
        ),
        Outbound(
            "throttled",
            _order(),
            MessageStatus(message_id="m-1", status="deferred", code="throttled", retry_after_s=17.0),
            answer={"error_code": 429, "description": "Too Many Requests", "parameters": {"retry_after": 17}},
        ),
        Outbound(
            "blocked by her",
            _order(),
            _failed("blocked_by_contact"),
            answer={"error_code": 403, "description": "Forbidden: bot was blocked by the user"},
        ),
        Outbound("to nobody", _order(recipient="telegram:99"), _failed("no_such_address")),
        Outbound("to no address", _order(recipient="telegram:anna"), _failed("bad_address")),
        Outbound("nothing", _order(""), _failed("empty")),
        Outbound(
            "a broken server",
            _order(),
            MessageStatus(message_id="m-1", status="unknown", code="connection_lost"),
            answer={"error_code": 502, "description": "Bad Gateway"},
        ),
        Outbound(
            "a token that was revoked meanwhile",
            _order(),
            MessageStatus(message_id="m-1", status="deferred", code="auth_failed"),
            answer={"error_code": 401, "description": "Unauthorized"},
        ),
    ]

    @pytest_asyncio.fixture
    async def peer(self, channel_type: type[Channel[Any]]) -> AsyncIterator[BotApi]:
        peer = self.peer_type()
        yield peer
        await peer.stop()
        assert peer.violations == []


class TestByWebhook(TestByLongPoll):
    peer_type = WebhookBotApi
    garbage = [*TestByLongPoll.garbage, b"\xff{", b"[]", b""]
