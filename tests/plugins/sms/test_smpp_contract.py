"""The contract of every channel, by SMPP, with the npm package's SMSC as the far end."""

import itertools

import pytest

from core.events import Choice, MessageReceived, MessageStatus, SendMessage
from core.testing.contract import ChannelContract
from core.testing.samples import Inbound, Outbound
from plugins.sms import arrivals
from tests.plugins.sms.support.orders import ADDRESSES, CITIZEN, order
from tests.plugins.sms.support.smsc import NUMBER, PASSWORD, Smsc, whole


def wire(text: str, coding: int) -> dict[str, object]:
    return {"source": NUMBER, "destination": "8613800138000", "text": text, "coding": coding, "udh": []}


SENT = MessageStatus(message_id="m-1", status="sent", external_id="1")


class TestSmppContract(ChannelContract):
    module = "plugins.sms"
    peer_type = Smsc
    secrets = [PASSWORD]
    garbage = [
        {"source": "8613800138000", "esm": 4, "data": b"no receipt at all".hex()},
        {"source": "8613800138000", "esm": 4, "data": b"stat:DELIVRD".hex()},
    ]
    addresses = ADDRESSES
    outbound = [
        Outbound("Chinese", order(), SENT, wire=wire("您好，已受理", 8)),
        Outbound("Latin", order("Received {1}"), SENT, wire=wire("Received {1}", 0)),
        Outbound(
            "with answers to type",
            order("请选择", choices=(Choice(key="1", label="查询"), Choice(key="0", label="人工"))),
            SENT,
            wire=wire("请选择\n1 查询\n0 人工", 8),
        ),
        Outbound(
            "to no number",
            SendMessage(message_id="m-1", recipient="tel:nobody", text="x"),
            MessageStatus(message_id="m-1", status="failed", code="bad_address"),
        ),
        Outbound("too long", order("长" * 671), MessageStatus(message_id="m-1", status="failed", code="too_long")),
        Outbound(
            "refused",
            order(),
            MessageStatus(message_id="m-1", status="failed", code="bad_address"),
            answer={"status": 0x0B},
            wire=wire("您好，已受理", 8),
        ),
        Outbound("throttled first", order(), SENT, answer={"status": 0x58}, wire=wire("您好，已受理", 8)),
        Outbound(
            "without answer",
            order(),
            MessageStatus(message_id="m-1", status="unknown", code="connection_lost"),
            answer={"lose": True, "then": "drop"},
        ),
    ]

    inbound = [
        Inbound(
            "Chinese",
            whole("我家停水了 🚱"),
            MessageReceived(external_id="in-1", sender=CITIZEN, text="我家停水了 🚱"),
        ),
        Inbound(
            "the default alphabet",
            {"source": "8613800138000", "coding": 0, "data": "48656C6C6F1B65"},
            MessageReceived(external_id="in-1", sender=CITIZEN, text="Hello€"),
        ),
        Inbound(
            "a word that stops",
            whole(" td。"),
            MessageReceived(external_id="in-1", sender=CITIZEN, text=" td。", consent="withdrawn"),
        ),
        Inbound(
            "a service number",
            whole("验证码", source="106905712345"),
            MessageReceived(external_id="in-1", sender="tel:106905712345", text="验证码"),
        ),
    ]

    @pytest.fixture(autouse=True)
    def _count_arrivals(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """SMPP names no message, so the channel does; here it counts."""
        numbers = itertools.count(1)
        monkeypatch.setattr(arrivals, "new_id", lambda: f"in-{next(numbers)}")
