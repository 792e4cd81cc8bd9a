"""Questions: asked again while nobody listens yet, and only when harmless after the connection broke."""

import asyncio
from typing import Final

import nats.errors
from nats.aio.msg import Msg

from core.bus.connection import Connection, ConnectionLost
from core.bus.wire import Raw
from core.errors import BusUnavailable, PayloadTooLarge

PAUSE_S: Final = 0.05


async def ask(
    connection: Connection, subject: str, question: Raw, *, timeout_s: float, is_repeatable: bool = False
) -> Msg:
    """Return the answer; BusUnavailable when there is none within ``timeout_s``.

    A lost connection ends it at once, as the question may have arrived, unless it ``is_repeatable``.
    """
    why = "the bus is away"
    try:
        async with asyncio.timeout(timeout_s):
            while True:
                await connection.wait_up()
                try:
                    return await connection.ask(
                        subject, question.payload, headers=question.headers or None, timeout_s=timeout_s
                    )
                except nats.errors.NoRespondersError:
                    why = "nobody listens"
                except nats.errors.MaxPayloadError as error:
                    raise PayloadTooLarge(f"{subject}: the server takes no {len(question.payload):,} bytes") from error
                except (ConnectionLost, nats.errors.Error) as error:
                    why = "the connection broke"
                    if not is_repeatable:
                        raise BusUnavailable(f"{subject} was not answered: {why}") from error
                await asyncio.sleep(PAUSE_S)
    except TimeoutError as error:
        raise BusUnavailable(f"{subject} was not answered within {timeout_s:g} s: {why}") from error
