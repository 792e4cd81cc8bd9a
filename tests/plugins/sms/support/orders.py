"""Orders and addresses that every backend's test uses."""

from typing import Any

from core.events import SendMessage

CITIZEN = "tel:+8613800138000"
ADDRESSES = [
    ("138 0013 8000", CITIZEN),
    ("+86-138-0013-8000", CITIZEN),
    ("008613800138000", CITIZEN),
    ("+49 30 123456", "tel:+4930123456"),
    ("1069000123", "tel:1069000123"),
    ("12345", "tel:12345"),
    ("anna", None),
    ("", None),
]


def order(text: str = "您好，已受理", **fields: Any) -> SendMessage:
    return SendMessage(**{"message_id": "m-1", "recipient": CITIZEN, "text": text, **fields})
