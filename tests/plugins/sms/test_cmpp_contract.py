"""The contract of every channel, by CMPP in both versions."""

from core.events import MessageReceived, MessageStatus, Profile
from core.testing.contract import ChannelContract
from core.testing.samples import Inbound, Outbound
from tests.plugins.sms.support.ismg import NUMBER, SECRET, Ismg, Ismg3
from tests.plugins.sms.support.orders import ADDRESSES, CITIZEN, order

SENT = MessageStatus(message_id="m-1", status="sent", external_id="0000000000000001")


def wire(text: str, fmt: int) -> dict[str, object]:
    return {"source": NUMBER, "destination": "13800138000", "text": text, "fmt": fmt}


def received(text: str, number: int) -> MessageReceived:
    return MessageReceived(external_id=f"{number:016x}", sender=CITIZEN, text=text)


class TestCmpp2Contract(ChannelContract):
    module = "plugins.sms"
    peer_type = Ismg
    secrets = [SECRET]
    garbage = [
        {"body": b"\x01" * 8 + b"short"},
        {"content": b"\0" * 8, "report": True, "msg_fmt": 0},
    ]
    addresses = ADDRESSES
    inbound = [
        Inbound(
            "from a name",
            {"source": "BANK", "text": "1234", "msg_id": 6},
            MessageReceived(
                external_id=f"{6:016x}",
                sender="tel:anonymous-BANK",
                text="1234",
                profile=Profile(name="BANK（不是号码，无法回复）"),
                is_automatic=True,
            ),
        ),
        Inbound("UCS-2", {"text": "路灯坏了 💡", "msg_id": 7}, received("路灯坏了 💡", 7)),
        Inbound("GB18030", {"text": "噪音扰民", "msg_fmt": 15, "msg_id": 8}, received("噪音扰民", 8)),
        Inbound(
            "GBK that claims to be ASCII",
            {"content": "停电".encode("gbk"), "msg_fmt": 0, "msg_id": 9},
            received("停电", 9),
        ),
        Inbound("without country code", {"source": "13800138000", "text": "1", "msg_id": 10}, received("1", 10)),
    ]
    outbound = [
        Outbound("Chinese", order(), SENT, wire=wire("您好，已受理", 8)),
        Outbound("ASCII", order("Received: 42"), SENT, wire=wire("Received: 42", 0)),
        Outbound("throttled first", order(), SENT, answer={"result": 8}, wire=wire("您好，已受理", 8)),
        Outbound(
            "refused",
            order(),
            MessageStatus(message_id="m-1", status="failed", code="refused"),
            answer={"result": 5},
            wire=wire("您好，已受理", 8),
        ),
        Outbound(
            "without answer",
            order(),
            MessageStatus(message_id="m-1", status="unknown", code="connection_lost"),
            answer={"drop": True},
        ),
    ]


class TestCmpp3Contract(TestCmpp2Contract):
    peer_type = Ismg3
