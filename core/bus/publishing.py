"""Publishing into JetStream: done when acknowledged, repeated with the same id until then."""

import asyncio
from typing import Final

import msgspec
import nats.errors

from core.bus.connection import Connection, ConnectionLost
from core.errors import BusUnavailable, PayloadTooLarge, RequestFailed

ATTEMPT_S: Final = 2.0  # an ack that takes longer was lost; the same id makes repeating harmless
PAUSE_S: Final = 0.05
MSG_ID: Final = "Nats-Msg-Id"


class Fault(msgspec.Struct, frozen=True):
    """What JetStream says when it refuses; ``err_code`` is stable."""

    code: int = 0
    err_code: int = 0
    description: str = ""


class PubAck(msgspec.Struct, frozen=True):
    """JetStream's answer to a publish."""

    stream: str = ""
    seq: int = 0
    error: Fault | None = None


async def publish(
    connection: Connection,
    subject: str,
    payload: bytes,
    *,
    msg_id: str,
    headers: dict[str, str] | None = None,
    timeout_s: float,
) -> PubAck:
    """Return once stored; BusUnavailable after ``timeout_s``, RequestFailed when JetStream refuses for good."""
    headers = {**(headers or {}), MSG_ID: msg_id}
    why = "the bus is away"
    try:
        async with asyncio.timeout(timeout_s):
            while True:
                await connection.wait_up()
                try:
                    answer = await connection.ask(subject, payload, headers=headers, timeout_s=ATTEMPT_S)
                except (ConnectionLost, nats.errors.ConnectionClosedError, nats.errors.OutboundBufferLimitError):
                    why = "the connection broke"
                except nats.errors.NoRespondersError:
                    why = "no stream takes it"  # also while JetStream is still starting
                except nats.errors.MaxPayloadError as error:
                    raise PayloadTooLarge(f"{subject}: the server takes no {len(payload):,} bytes") from error
                except TimeoutError:
                    why = "no acknowledgement"
                else:
                    ack = msgspec.json.decode(answer.data, type=PubAck)
                    if ack.stream and ack.error is None:
                        return ack
                    why = ack.error.description if ack.error else "answered by something else than a stream"
                    if ack.error and ack.error.code < 500:
                        raise RequestFailed(f"jetstream_{ack.error.err_code}", f"{subject}: {why}")
                await asyncio.sleep(PAUSE_S)
    except TimeoutError as error:
        raise BusUnavailable(f"{subject} was not stored within {timeout_s:g} s: {why}") from error
