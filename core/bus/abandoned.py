"""Messages of a work queue whose reader is gone for good: seen one by one, oldest first, and taken away."""

import base64
from typing import Final

import msgspec

from core.bus.api import Done, call
from core.bus.connection import Connection
from core.errors import RequestFailed

NOT_FOUND: Final = "jetstream_10037"
_GONE: Final = frozenset({NOT_FOUND, "jetstream_10043", "jetstream_10057"})  # no such message, in three of its words


class _Message(msgspec.Struct, frozen=True):
    subject: str
    seq: int
    data: str = ""


class _Stored(msgspec.Struct, frozen=True):
    message: _Message


async def oldest(connection: Connection, stream: str, subject: str) -> tuple[int, bytes] | None:
    """Return sequence number and payload of the oldest message on ``subject``, None when there is none."""
    question = {"seq": 1, "next_by_subj": subject}
    try:
        stored = await call(connection, f"STREAM.MSG.GET.{stream}", question, _Stored)
    except RequestFailed as error:
        if error.code == NOT_FOUND:
            return None
        raise
    return stored.message.seq, base64.b64decode(stored.message.data)


async def remove(connection: Connection, stream: str, seq: int) -> None:
    """Take a message away for good; no harm when it is gone already."""
    try:
        await call(connection, f"STREAM.MSG.DELETE.{stream}", {"seq": seq}, Done)
    except RequestFailed as error:
        if error.code not in _GONE:
            raise
