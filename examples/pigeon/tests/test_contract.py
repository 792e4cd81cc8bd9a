from loft import KEY, Loft

from lianxin import MessageReceived, MessageStatus, SendMessage
from lianxin.testing import ChannelContract, Inbound, Outbound


def order(text: str = "Corn is on its way.") -> SendMessage:
    return SendMessage(message_id="m-1", recipient="pigeon:DE-0042", text=text)


WIRE = {"id": "m-1", "to": "pigeon:DE-0042", "text": "Corn is on its way."}


class TestPigeonContract(ChannelContract):
    module = "pigeon"
    peer_type = Loft
    secrets = [KEY]
    garbage = [{}, {"id": "b-9", "ring": "no ring", "text": "?"}, {"ring": "DE-0042"}]
    addresses = [("de-0042", "pigeon:DE-0042"), (" DE-0042 ", "pigeon:DE-0042"), ("sparrow", None)]
    inbound = [
        Inbound(
            "plain text",
            {"id": "b-7", "ring": "de-0042", "text": "Any corn?"},
            MessageReceived(external_id="b-7", sender="pigeon:DE-0042", text="Any corn?"),
        ),
        Inbound(
            "not latin",
            {"id": "b-8", "ring": "FR-1815", "text": "你好 🕊"},
            MessageReceived(external_id="b-8", sender="pigeon:FR-1815", text="你好 🕊"),
        ),
    ]
    outbound = [
        Outbound(
            "accepted", order(), MessageStatus(message_id="m-1", status="sent", external_id="b-1"), wire=WIRE
        ),
        Outbound(
            "too long", order("x" * 141), MessageStatus(message_id="m-1", status="failed", code="too_long")
        ),
        Outbound(
            "throttled",
            order(),
            MessageStatus(message_id="m-1", status="deferred", code="throttled", retry_after_s=60.0),
            answer={"status": 429, "headers": {"Retry-After": "60"}},
            wire=WIRE,
        ),
        Outbound(
            "refused",
            order(),
            MessageStatus(message_id="m-1", status="failed", code="refused"),
            answer={"status": 422},
            wire=WIRE,
        ),
    ]  # fmt: skip
