"""Messages nobody could handle: parked with the reason, looked at by an admin, replayed or forgotten."""

import asyncio
import base64
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import msgspec
from nats.aio.msg import Msg

from core.bus import abandoned, publishing
from core.bus.api import call
from core.bus.connection import Connection
from core.bus.requests import ask
from core.bus.wire import Raw
from core.errors import RequestFailed
from core.events import DeadLetter
from core.streams import DEAD
from core.subjects import DEAD_LETTER, fill

PARK_TIMEOUT_S: Final = 10.0
READ_TIMEOUT_S: Final = 5.0
MAX_ERROR_CHARS: Final = 500


@dataclass(frozen=True, slots=True)
class Parked:
    """A dead letter and its sequence number, by which it is replayed or discarded."""

    seq: int
    letter: DeadLetter


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


async def read(connection: Connection, *, limit: int, before: int | None) -> list[Parked]:
    """Return the newest ``limit`` letters with a sequence number below ``before``, newest first."""
    state = (await call(connection, f"STREAM.INFO.{DEAD.name}", {"deleted_details": True}, _Info)).state
    last = state.last_seq if before is None else min(state.last_seq, before - 1)
    gone = frozenset(state.deleted or ())
    numbers = [seq for seq in range(last, max(state.first_seq, 1) - 1, -1) if seq not in gone][:limit]
    letters = await asyncio.gather(*(find(connection, seq) for seq in numbers))
    return [letter for letter in letters if letter is not None]


async def find(connection: Connection, seq: int) -> Parked | None:
    """Return the letter with that sequence number, or None."""
    question = Raw(msgspec.json.encode({"seq": seq}))
    subject = f"$JS.API.DIRECT.GET.{DEAD.name}"
    message = await ask(connection, subject, question, timeout_s=READ_TIMEOUT_S, is_repeatable=True)
    if (message.headers or {}).get("Status"):
        return None
    return Parked(seq, msgspec.json.decode(message.data, type=DeadLetter))


async def replay(connection: Connection, seq: int) -> None:
    """Publish a letter's message where it was, for every reader to know by its id, and take the letter away."""
    parked = await find(connection, seq)
    if parked is None:
        raise RequestFailed("not_found", f"there is no dead letter {seq}")
    letter = parked.letter
    payload = base64.b64decode(letter.payload) if letter.encoding == "base64" else letter.payload.encode()
    msg_id = f"replay-{seq}-{letter.parked_at.timestamp()}"
    await publishing.publish(connection, letter.subject, payload, msg_id=msg_id, timeout_s=PARK_TIMEOUT_S)
    await discard(connection, seq)


async def discard(connection: Connection, seq: int) -> None:
    """Take a letter away for good; no harm when it is gone already."""
    await abandoned.remove(connection, DEAD.name, seq)


class _State(msgspec.Struct):
    first_seq: int = 0
    last_seq: int = 0
    deleted: list[int] | None = None


class _Info(msgspec.Struct):
    state: _State


def _text(payload: bytes) -> str | None:
    # base64 adds a third; JSON's escapes may multiply odd text by six
    try:
        text = payload.decode()
    except UnicodeDecodeError:
        return None
    return text if len(msgspec.json.encode(text)) <= len(payload) * 4 // 3 + 64 else None
