"""Payloads on the wire: JSON in and out, their limit, and how an error answers a question."""

from dataclasses import dataclass, field
from typing import Final, TypeVar, cast

import msgspec
from nats.aio.msg import Msg

from core.errors import LianxinError, PayloadTooLarge, RequestFailed

MAX_PAYLOAD_BYTES: Final = 1_048_576
ERROR_HEADER: Final = "Lianxin-Error"  # its value is the error's code, the payload its text

T = TypeVar("T")

_encoder = msgspec.json.Encoder()


@dataclass(frozen=True, slots=True)
class Raw:
    """A question or an answer as it is on the wire, for what is no JSON or has headers."""

    payload: bytes
    headers: dict[str, str] = field(default_factory=dict)


Payload = msgspec.Struct | Raw | bytes


def encode(payload: Payload) -> Raw:
    """Return ``payload`` as it travels; PayloadTooLarge above ``MAX_PAYLOAD_BYTES``."""
    match payload:
        case Raw():
            raw = payload
        case bytes():
            raw = Raw(payload)
        case _:
            raw = Raw(_encoder.encode(payload))
    check_size(raw.payload)
    return raw


def decode(message: Msg, kind: type[T]) -> T:
    """Return what ``message`` carries as ``kind``: a struct, ``bytes``, or ``Raw``; msgspec.ValidationError."""
    if kind is Raw:
        return cast("T", Raw(message.data, message.headers or {}))
    if kind is bytes:
        return cast("T", message.data)
    return msgspec.json.decode(message.data, type=kind)


def check_size(payload: bytes) -> None:
    """Raise PayloadTooLarge when the bus does not carry ``payload``."""
    if len(payload) > MAX_PAYLOAD_BYTES:
        raise PayloadTooLarge(f"{len(payload):,} bytes; the bus carries {MAX_PAYLOAD_BYTES:,}")


def error_answer(error: LianxinError) -> Raw:
    """Return the answer that makes the asking side raise RequestFailed with the same code and text."""
    return Raw(str(error).encode(), {ERROR_HEADER: error.code})


def check_answer(message: Msg) -> None:
    """Raise RequestFailed when ``message`` is an error of the other side."""
    if message.headers and ERROR_HEADER in message.headers:
        raise RequestFailed(message.headers[ERROR_HEADER], message.data.decode(errors="replace"))
