"""Messages nobody could handle: parked with the reason, looked at by an admin, replayed or forgotten."""

import base64
from datetime import datetime
from typing import Final

import msgspec
from nats.aio.msg import Msg

from core.bus import publishing
from core.bus.connection import Connection
from core.events import DeadLetter
from core.subjects import DEAD_LETTER, fill

PARK_TIMEOUT_S: Final = 10.0
MAX_ERROR_CHARS: Final = 500


async def park(connection: Connection, message: Msg, consumer: str, reason: str, *, now: datetime) -> None:
    """Return when ``message`` lies in the dead-letter stream; BusUnavailable, and then it must not be given up."""
    meta = message.metadata
    text = _text(message.data)
    letter = DeadLetter(
        subject=message.subject,
        consumer=consumer,
        error=reason[:MAX_ERROR_CHARS],
        deliveries=meta.num_delivered,
        payload=base64.b64encode(message.data).decode() if text is None else text,
        encoding="base64" if text is None else "text",
        parked_at=now,
    )
    await publishing.publish(
        connection,
        fill(DEAD_LETTER, consumer),
        msgspec.json.encode(letter),
        msg_id=f"dead-{meta.stream}-{consumer}-{meta.sequence.stream}",
        timeout_s=PARK_TIMEOUT_S,
    )


def original(letter: DeadLetter) -> bytes:
    """Return the parked payload, byte for byte."""
    return base64.b64decode(letter.payload) if letter.encoding == "base64" else letter.payload.encode()


def _text(payload: bytes) -> str | None:
    # base64 adds a third; JSON's escapes may multiply odd text by six
    try:
        text = payload.decode()
    except UnicodeDecodeError:
        return None
    return text if len(msgspec.json.encode(text)) <= len(payload) * 4 // 3 + 64 else None
