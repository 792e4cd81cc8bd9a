"""The contract of every channel: against Postfix and Dovecot, and with mails coming in over our own listener."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
import pytest_asyncio

from core.channel import Channel
from core.events import Mail, MessageReceived, MessageStatus, Profile, SendMessage
from core.testing.bench import Bench
from core.testing.contract import ChannelContract
from core.testing.nats import NatsServer
from core.testing.samples import Inbound, Outbound
from tests.plugins.email.far_end import NOBODY, PASSWORD, FarEnd, Relay, missing
from tests.plugins.email.files import Files, media_id_of

LIN = "mailto:lin@example.cn"
WIRE = ("lin@example.cn", "Re: 路灯", "已派修")


def _raw(number: int, subject: str, body: str, *lines: str) -> bytes:
    head = [
        "From: =?utf-8?b?5p6X?= <Lin@Example.CN>",
        "To: hotline@lianxin.test",
        f"Subject: {subject}",
        f"Message-ID: <{number:016d}@example.cn>",
        "Date: Mon, 23 Nov 2026 10:00:00 +0800",
        *lines,
    ]
    return ("\r\n".join([*head, "", body, ""])).encode()


def _event(raw: bytes, number: int, subject: str, text: str, **mail: Any) -> MessageReceived:
    return MessageReceived(
        external_id=f"<{number:016d}@example.cn>",
        sender=LIN,
        text=text,
        profile=Profile(name="林"),
        sent_at=datetime(2026, 11, 23, 2, tzinfo=UTC),
        is_automatic=mail.pop("is_automatic", False),
        mail=Mail(
            subject=subject,
            sender="林 <Lin@Example.CN>",
            to=("hotline@lianxin.test",),
            message_id=f"<{number:016d}@example.cn>",
            original_media_id=media_id_of(mail.pop("original", raw)),
            **mail,
        ),
    )


PLAIN = _raw(1, "路灯不亮", "中山路 12 号\r\n路灯不亮", "Content-Type: text/plain; charset=utf-8")
REPLY = _raw(
    2,
    "=?gb2312?B?u9i4tKO6wre1xg==?=",
    "好的\r\n\r\n------------------ 原始邮件 ------------------\r\n发件人: 热线",
    "References: <older-message-id@example.cn>",
    "Content-Type: text/plain; charset=utf-8",
)
ABSENT = _raw(3, "Out of office: =?utf-8?b?5LyR5YGH?=", "back on Monday", "Auto-Submitted: auto-replied")


def _order(**values: Any) -> SendMessage:
    given: dict[str, Any] = {"message_id": "m-1", "recipient": LIN, "text": "已派修", "sender_kind": "agent"}
    return SendMessage(**{**given, "mail": Mail(subject="Re: 路灯"), **values})


def _status(status: Any, code: str = "") -> MessageStatus:
    return MessageStatus(message_id="m-1", status=status, code=code)


class Shared(ChannelContract):
    """What both ways in have in common."""

    __test__ = False
    module = "plugins.email"
    secrets = [PASSWORD]
    addresses = [
        ("Lin@Example.CN", LIN),
        (" mailto:lin@example.cn ", LIN),
        ("<lin+x@example.cn>", "mailto:lin+x@example.cn"),
        ("张三@例子.中国", "mailto:张三@xn--fsqu00a.xn--fiqs8s"),
        ("lin", None),
        ("lin@", None),
        ("a b@example.cn", None),
        ("lin@example.cn\r\nBcc: x@y.cn", None),
    ]
    inbound = [
        Inbound("plain", PLAIN, _event(PLAIN, 1, "路灯不亮", "中山路 12 号\n路灯不亮")),
        Inbound(
            "a reply",
            REPLY,
            _event(
                REPLY,
                2,
                "回复：路灯",
                "好的",
                references=("<older-message-id@example.cn>",),
                is_reply=True,
                quoted="------------------ 原始邮件 ------------------\n发件人: 热线",
            ),
        ),
        Inbound(
            "an absence note", ABSENT, _event(ABSENT, 3, "Out of office: 休假", "back on Monday", is_automatic=True)
        ),
    ]
    outbound = [
        Outbound("accepted", _order(), _status("sent"), wire=WIRE),
        Outbound("from a flow", _order(sender_kind="flow"), _status("sent"), wire=WIRE),
        Outbound("no such recipient", _order(recipient=f"mailto:{NOBODY}"), _status("failed", "no_such_mailbox")),
        Outbound("refused", _order(), _status("failed", "refused"), answer="554 5.7.1 spam"),
        Outbound("busy", _order(), _status("deferred", "throttled"), answer="452 4.2.2 try later", wire=WIRE),
        Outbound("no address", _order(recipient="mailto:lin"), _status("failed", "bad_address")),
    ]

    @pytest_asyncio.fixture
    async def bench(self, contract_nats_server: NatsServer) -> AsyncIterator[Bench]:
        async with Bench.open(contract_nats_server.url) as bench:
            await Files().open(bench.bus)
            yield bench

    @pytest_asyncio.fixture
    async def peer(self, channel_type: type[Channel[Any]]) -> AsyncIterator[Any]:
        peer = self.peer_type()
        yield peer
        await peer.stop()
        peer.remove()  # type: ignore[attr-defined]


@pytest.mark.skipif(missing() != "", reason=missing() or "never")
@pytest.mark.may_block("starting and stopping mail servers", limit_s=5)
class TestWithMailServers(Shared):
    __test__ = True
    peer_type = FarEnd


class TestWithAListener(Shared):
    __test__ = True
    peer_type = Relay
