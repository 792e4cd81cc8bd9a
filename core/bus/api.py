"""JetStream's own questions: JSON in, JSON out, repeated while it is still starting or electing."""

import asyncio
from typing import Any, Final, TypeVar

import msgspec

from core.bus.connection import Connection
from core.bus.publishing import Fault
from core.bus.requests import ask
from core.bus.wire import Raw
from core.errors import BusUnavailable, RequestFailed

T = TypeVar("T")

TIMEOUT_S: Final = 10.0
PAUSE_S: Final = 0.1
UNAVAILABLE: Final = 503
STREAM_NOT_FOUND: Final = "jetstream_10059"


class Done(msgspec.Struct, frozen=True):
    """An answer of which only the absence of an error matters."""


class _Answer(msgspec.Struct, frozen=True):
    error: Fault | None = None


async def call(
    connection: Connection, name: str, question: dict[str, Any] | None, kind: type[T], *, timeout_s: float = TIMEOUT_S
) -> T:
    """Return the answer to ``$JS.API.<name>``; RequestFailed ("jetstream_<number>") or BusUnavailable."""
    payload = Raw(b"" if question is None else msgspec.json.encode(question))
    fault: Fault | None = None
    try:
        async with asyncio.timeout(timeout_s):
            while True:
                message = await ask(connection, f"$JS.API.{name}", payload, timeout_s=timeout_s, is_repeatable=True)
                fault = msgspec.json.decode(message.data, type=_Answer).error
                if fault is None:
                    return msgspec.json.decode(message.data, type=kind)
                if fault.code != UNAVAILABLE:
                    raise RequestFailed(f"jetstream_{fault.err_code}", f"{name}: {fault.description}")
                await asyncio.sleep(PAUSE_S)
    except TimeoutError as error:
        why = fault.description if fault else "no answer"
        raise BusUnavailable(f"{name} failed within {timeout_s:g} s: {why}") from error
