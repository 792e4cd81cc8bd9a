"""Publishing into JetStream: done when acknowledged, repeated with the same id until then."""

import asyncio
import logging
from collections.abc import Sequence
from typing import Final

import msgspec
import nats.errors

from core.bus.connection import Connection, ConnectionLost
from core.errors import BusUnavailable, PayloadTooLarge, RequestFailed
from core.ids import new_id

log = logging.getLogger(__name__)

ATTEMPT_S: Final = 2.0  # an ack that takes longer was lost; the same id makes repeating harmless
PAUSE_S: Final = 0.05
MSG_ID: Final = "Nats-Msg-Id"
BATCH_ID: Final = "Nats-Batch-Id"
BATCH_SEQUENCE: Final = "Nats-Batch-Sequence"
BATCH_COMMIT: Final = "Nats-Batch-Commit"

Message = tuple[str, bytes, str]  # subject, payload, message id
MessageWithHeaders = tuple[str, bytes, dict[str, str]]


class Fault(msgspec.Struct, frozen=True):
    """What JetStream says when it refuses; ``err_code`` is stable."""

    code: int = 0
    err_code: int = 0
    description: str = ""


class PubAck(msgspec.Struct, frozen=True):
    """JetStream's answer to a publish."""

    stream: str = ""
    seq: int = 0
    count: int = 0  # of a batch
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


async def publish_together(connection: Connection, messages: Sequence[Message]) -> bool:
    """Return True once all ``messages`` are stored, which must belong into one stream; else publish them one by one.

    An atomic batch (ADR-50): the server waits for its disk once, not once for each message. It takes a
    batch as a whole or not at all, so one message that it has already, after a crash say, refuses all.
    """
    return await publish_batch(
        connection, [(subject, payload, {MSG_ID: msg_id}) for subject, payload, msg_id in messages]
    )


async def publish_batch(connection: Connection, messages: Sequence[MessageWithHeaders]) -> bool:
    """Do so with messages that have headers of their own, such as what they expect of their subject."""
    if not messages or not connection.is_up:
        return False
    batch = new_id()
    *most, (subject, payload, headers) = messages
    try:
        for number, (each_subject, each_payload, each_headers) in enumerate(most, 1):
            each = {**each_headers, BATCH_ID: batch, BATCH_SEQUENCE: str(number)}
            await connection.nats.publish(each_subject, each_payload, headers=each)
        last = {**headers, BATCH_ID: batch, BATCH_SEQUENCE: str(len(messages)), BATCH_COMMIT: "1"}
        answer = await connection.ask(subject, payload, headers=last, timeout_s=ATTEMPT_S)
        ack = msgspec.json.decode(answer.data, type=PubAck)
    except (ConnectionLost, nats.errors.Error, msgspec.MsgspecError, TimeoutError) as error:
        log.debug("a batch of %d messages was not acknowledged: %r", len(messages), error)
        return False
    if ack.error is not None or ack.count != len(messages):
        log.debug("a batch of %d messages was refused: %s", len(messages), ack.error)
        return False
    return True
