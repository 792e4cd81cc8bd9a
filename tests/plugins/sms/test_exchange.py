"""A connection that takes nothing more: who asked learns it, and it is closed all the same."""

import asyncio
from typing import Any

import pytest

from core.errors import ChannelNotReady, SendUnknown
from plugins.sms.backends.exchange import Exchange, Pdu
from plugins.sms.backends.smpp.pdu import SmppFraming


class Full:
    """A writer that fails at every write; aborted, it ends what ``reader`` reads."""

    def __init__(self, reader: asyncio.StreamReader) -> None:
        self.reader = reader
        self.transport = self
        self.is_closed = False
        self.writes = 0

    def is_closing(self) -> bool:
        return self.is_closed

    def write(self, data: bytes) -> None:
        self.writes += 1
        raise RuntimeError("unable to perform operation; the handler is closed")

    async def drain(self) -> None: ...

    async def wait_closed(self) -> None: ...

    def close(self) -> None:
        self.is_closed = True

    def abort(self) -> None:
        self.close()
        self.reader.feed_eof()


def made() -> tuple[Exchange, Any]:
    reader = asyncio.StreamReader()
    writer: Any = Full(reader)
    return Exchange(reader, writer, SmppFraming(), window=1, answer_s=60.0), writer


async def handle(exchange: Exchange, pdu: Pdu) -> None: ...


async def test_a_write_that_fails_ends_the_connection_and_whoever_waits_for_its_answer() -> None:
    exchange, writer = made()
    serving = asyncio.create_task(exchange.serve(handle))
    async with asyncio.timeout(30):
        with pytest.raises(SendUnknown) as caught:
            await exchange.ask(1)
        with pytest.raises(ChannelNotReady):
            await serving
    assert caught.value.code == "connection_lost"
    await exchange.close()
    assert writer.writes == 1


async def test_an_exchange_whose_last_words_cannot_be_written_is_closed_all_the_same() -> None:
    exchange, writer = made()
    await exchange.answer(Pdu(1, 1))
    await exchange.close()
    assert (writer.writes, writer.is_closed) == (1, True)
