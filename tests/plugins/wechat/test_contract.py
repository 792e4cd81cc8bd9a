"""The contract of every channel, with stand-ins of the platforms: an official account in its three modes, WeCom."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest_asyncio

from core.channel import Channel
from core.events import Choice, ContactArrived, Location, MessageReceived, MessageStatus, Profile, SendMessage
from core.testing.bench import Bench
from core.testing.contract import ChannelContract
from core.testing.samples import Inbound, Outbound
from tests.plugins.wechat.platform import (
    AES_KEY,
    ANNA,
    APP_SECRET,
    CompatiblePlatform,
    KfPlatform,
    OfficialPlatform,
    PlainPlatform,
    Platform,
    kf_written,
    written,
)

ADDRESS = f"wechat:{ANNA}"
AT = datetime.fromtimestamp(1_760_000_000, UTC)
MAP = "https://uri.amap.com/marker?position=120.155100,30.274100"


def _received(**fields: Any) -> MessageReceived:
    return MessageReceived(**{"external_id": "1", "sender": ADDRESS, "sent_at": AT, **fields})


def _order(text: str = "您好", **fields: Any) -> SendMessage:
    return SendMessage(**{"message_id": "m-1", "recipient": ADDRESS, "text": text, **fields})


def _status(status: Any, code: str = "", **fields: Any) -> MessageStatus:
    return MessageStatus(message_id="m-1", status=status, code=code, **fields)


def _refused(label: str, number: int, status: MessageStatus) -> Outbound:
    return Outbound(f"{number} {label}", _order(), status, answer={"errcode": number, "errmsg": "no"})


MENU = (Choice(key="1", label="查询"), Choice(key="0", label="转人工"))
ADDRESSES = [
    (ANNA, ADDRESS),
    (f" WeChat:{ANNA} ", ADDRESS),
    ("wechat:", None),
    ("wechat:安娜", None),
    ("telegram:4711", None),
]
REFUSALS = [
    _refused("too fast", 45011, _status("deferred", "throttled", retry_after_s=60.0)),
    _refused("busy", -1, _status("deferred", "unavailable")),
    _refused("not entitled", 48001, _status("failed", "not_authorized")),
    _refused("no such person", 40003, _status("failed", "no_such_address")),
    _refused("not on the white list", 40164, _status("deferred", "auth_failed")),
    _refused("anything else", 99999, _status("failed", "refused")),
]


class WeChatContract(ChannelContract):
    module = "plugins.wechat"
    secrets = [APP_SECRET, AES_KEY, "access-token-number"]
    addresses = ADDRESSES

    @pytest_asyncio.fixture
    async def peer(self, bench: Bench, channel_type: type[Channel[Any]]) -> AsyncIterator[Platform]:
        peer: Any = self.peer_type()
        peer.instance = bench.instance
        yield peer
        await peer.stop()


class TestOfficialAccount(WeChatContract):
    peer_type = OfficialPlatform
    garbage = [
        b"",
        b"<xml>",
        b"\xff\xfe<",
        b'<!DOCTYPE x [<!ENTITY a "b">]><xml>&a;</xml>',
        b"<xml><FromUserName>x</FromUserName></xml>",
    ]
    inbound = [
        Inbound(
            "a place that does not exist",
            written("location", Location_X="1e999", Location_Y="nan", Label="市民中心"),
            _received(text="市民中心"),
        ),
        Inbound("a message", written(Content="我家暖气不热 & <冷>"), _received(text="我家暖气不热 & <冷>")),
        Inbound(
            "a chosen line of a menu",
            written(Content="转人工", bizmsgmenuid="0"),
            _received(text="转人工", choice="0"),
        ),
        Inbound(
            "a place",
            written("location", Location_X="30.2741", Location_Y="120.1551", Scale="15", Label="市民中心"),
            _received(
                text=f"[位置] 市民中心\n{MAP}",
                location=Location(latitude=30.2741, longitude=120.1551, datum="gcj02", label="市民中心"),
            ),
        ),
        Inbound(
            "a page", written("link", Title="通知", Url="https://x.cn"), _received(text="[链接] 通知\nhttps://x.cn")
        ),
        Inbound(
            "something new",
            written("hologram"),
            _received(text="[收到一条此处无法显示的消息，请让对方换一种方式发送]"),
        ),
        Inbound(
            "a new follower",
            written("event", Event="subscribe", EventKey="qrscene_1"),
            ContactArrived(sender=ADDRESS, arrival_id="subscribe-1760000000"),
        ),
        Inbound(
            "a scanned code",
            written("event", Event="SCAN", EventKey="1", Ticket="t"),
            ContactArrived(sender=ADDRESS, arrival_id="scan-1760000000"),
        ),
        Inbound(
            "a pressed button of the account's menu",
            written("event", Event="CLICK", EventKey="2"),
            _received(external_id="click-1760000000-2", text="2", choice="2"),
        ),
    ]
    outbound = [
        Outbound(
            "a text",
            _order(),
            _status("sent", external_id="m-1-0"),
            wire={"touser": ANNA, "msgtype": "text", "text": {"content": "您好"}},
        ),
        Outbound(
            "with a menu",
            _order("请选择", choices=MENU),
            _status("sent"),
            wire={
                "touser": ANNA,
                "msgtype": "msgmenu",
                "msgmenu": {
                    "head_content": "请选择",
                    "list": [{"id": "1", "content": "查询"}, {"id": "0", "content": "转人工"}],
                    "tail_content": "",
                },
            },
        ),
        Outbound("to a stranger", _order(recipient="wechat:stranger"), _status("failed", "window_closed")),
        Outbound("to no address", _order(recipient="wechat:安娜"), _status("failed", "bad_address")),
        Outbound("nothing", _order(" "), _status("failed", "empty")),
        _refused("48 hours over", 45015, _status("failed", "window_closed")),
        _refused("five messages sent", 45047, _status("failed", "contact_must_write")),
        _refused("quota of the day", 45009, _status("deferred", "quota_used_up", retry_after_s=3600.0)),
        *REFUSALS,
    ]


class TestPlainAccount(TestOfficialAccount):
    peer_type = PlainPlatform


class TestCompatibleAccount(TestOfficialAccount):
    peer_type = CompatiblePlatform


class TestCustomerService(WeChatContract):
    peer_type = KfPlatform
    garbage = [
        None,
        {"msgid": "", "origin": 3, "msgtype": "text"},
        kf_written(number=8, external_userid="安娜"),
    ]
    _anna = Profile(name="安娜")
    inbound = [
        Inbound(
            "a place that does not exist",
            kf_written("location", number=9, location={"latitude": 99.0, "longitude": 0.0}),
            _received(external_id="kf-9", text="[收到一条此处无法显示的消息，请让对方换一种方式发送]", profile=_anna),
        ),
        Inbound(
            "a message",
            kf_written(text={"content": "我家暖气不热"}),
            _received(external_id="kf-1", text="我家暖气不热", profile=_anna),
        ),
        Inbound(
            "a chosen line of a menu",
            kf_written(text={"content": "转人工", "menu_id": "0"}),
            _received(external_id="kf-1", text="转人工", choice="0", profile=_anna),
        ),
        Inbound(
            "a place",
            kf_written("location", location={"latitude": 30.2741, "longitude": 120.1551, "name": "市民中心"}),
            _received(
                external_id="kf-1",
                text=f"[位置] 市民中心\n{MAP}",
                location=Location(latitude=30.2741, longitude=120.1551, datum="gcj02", label="市民中心"),
                profile=_anna,
            ),
        ),
        Inbound(
            "somebody who came in",
            kf_written("event", origin=4, event={"event_type": "enter_session", "external_userid": ANNA}),
            ContactArrived(sender=ADDRESS, arrival_id="kf-1", profile=_anna),
        ),
    ]
    outbound = [
        Outbound(
            "a text", _order(), _status("sent"), wire={"touser": ANNA, "msgtype": "text", "text": {"content": "您好"}}
        ),
        Outbound(
            "with a menu",
            _order("请选择", choices=MENU),
            _status("sent"),
            wire={
                "touser": ANNA,
                "msgtype": "msgmenu",
                "msgmenu": {
                    "head_content": "请选择",
                    "list": [
                        {"type": "click", "click": {"id": "1", "content": "查询"}},
                        {"type": "click", "click": {"id": "0", "content": "转人工"}},
                    ],
                },
            },
        ),
        Outbound("to a stranger", _order(recipient="wechat:stranger"), _status("failed", "window_closed")),
        _refused("five messages sent", 95001, _status("failed", "contact_must_write")),
        _refused("too many calls in a minute", 45009, _status("deferred", "throttled", retry_after_s=60.0)),
        _refused("served in WeCom's own app", 95016, _status("failed", "taken_elsewhere")),
        *REFUSALS,
    ]
