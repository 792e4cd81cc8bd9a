"""Reading a stream without a place of one's own in it: the last of each subject first, then what comes."""

import asyncio
import logging
from collections.abc import AsyncGenerator
from typing import Final

from nats.aio.msg import Msg
from nats.js import api

from core.bus.connection import Connection
from core.bus.declare import create_consumer
from core.bus.pulls import PAUSE_S, Pull
from core.errors import LianxinError
from core.ids import new_id

log = logging.getLogger(__name__)

BATCH: Final = 256
FORGET_AFTER_S: Final = 60.0  # the server drops the consumer of a reader that went away


async def feed(connection: Connection, stream: str, subject: str) -> AsyncGenerator[list[Msg], None]:
    """Yield the last message of each of ``subject``'s subjects, then every new one; all last ones after a break."""

    async def prepare() -> str:
        while True:
            name = new_id()
            try:
                await create_consumer(connection, stream, name, _reader(subject))
            except LianxinError as error:
                log.debug("no reader on %s yet: %s", stream, error)
                await asyncio.sleep(PAUSE_S)
                await connection.wait_up()
            else:
                return f"$JS.API.CONSUMER.MSG.NEXT.{stream}.{name}"

    pull = Pull(connection, capacity=2 * BATCH, prepare=prepare)
    filling = asyncio.create_task(pull.run(), name=f"read {stream}")
    try:
        while True:
            taking = asyncio.create_task(pull.take(BATCH))
            try:
                await asyncio.wait((filling, taking), return_when=asyncio.FIRST_COMPLETED)
            finally:
                taking.cancel()
            if not taking.done():
                filling.result()  # raises what ended it
            messages = taking.result()
            yield messages
            pull.done(len(messages))
    finally:
        filling.cancel()
        await asyncio.wait((filling,))


def _reader(subject: str) -> api.ConsumerConfig:
    return api.ConsumerConfig(
        deliver_policy=api.DeliverPolicy.LAST_PER_SUBJECT,
        ack_policy=api.AckPolicy.NONE,
        filter_subject=subject,
        inactive_threshold=FORGET_AFTER_S,
        mem_storage=True,
        num_replicas=1,
    )
