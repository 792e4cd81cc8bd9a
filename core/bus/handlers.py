"""What stands between a subscription and a handler: decoding, and answering with a result or an error."""

import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

import msgspec
import nats.errors
from nats.aio.msg import Msg

from core.bus.connection import Connection
from core.bus.deliveries import Undecodable, open_envelope
from core.bus.wire import Payload, Raw, decode, encode, error_answer
from core.errors import LianxinError, RequestFailed
from core.events import Envelope, Event
from core.subjects import id_of

log = logging.getLogger(__name__)

T = TypeVar("T")
OnMessage = Callable[[Msg], Awaitable[None]]
OnQuestion = Callable[[str, T], Awaitable[Payload]]
OnEvent = Callable[[Envelope, Event, str], Awaitable[None]]


def answering(connection: Connection, handler: OnQuestion[T], kind: type[T]) -> OnMessage:
    """Return what answers a question of ``kind`` with the handler's result, or with its error."""

    async def answer(message: Msg) -> Raw:
        try:
            question = decode(message, kind)
        except msgspec.MsgspecError as error:
            return error_answer(RequestFailed("bad_request", str(error)))
        try:
            return encode(await handler(id_of(message.subject), question))
        except LianxinError as error:
            return error_answer(error)
        except Exception:
            log.exception("answering %s failed", message.subject)
            return error_answer(RequestFailed("internal", "internal error"))

    async def handle(message: Msg) -> None:
        if not message.reply:
            return
        raw = await answer(message)
        try:
            await connection.nats.publish(message.reply, raw.payload, headers=raw.headers or None)
        except nats.errors.Error as error:
            log.debug("answer to %s lost: %s", message.subject, error)

    return handle


def listening(handler: OnEvent) -> OnMessage:
    """Return what hands an event to ``handler`` and drops what is none."""

    async def handle(message: Msg) -> None:
        try:
            subject_id, envelope, event = open_envelope(message.subject, message.data)
        except Undecodable as error:
            log.warning("dropped from %s: %s", message.subject, error)
            return
        await handler(envelope, event, subject_id)

    return handle
