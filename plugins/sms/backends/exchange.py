"""Questions and answers over one connection, paired by sequence number within a window: what SMPP and CMPP share."""

import asyncio
import contextlib
import logging
import ssl
import time
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from core.errors import ChannelNotReady, SendDeferred, SendUnknown

log = logging.getLogger(__name__)

MAX_HANDLED: Final = 512  # requests of the far end under way; more are left in the socket
CONNECT_S: Final = 15.0
CLOSE_S: Final = 0.2  # of the 1.5 s a cancelled run has, for two connections
READ_BYTES: Final = 262_144


@dataclass(frozen=True, slots=True)
class Pdu:
    """One unit of either protocol; ``status`` stays 0 where the header has none."""

    command: int
    sequence: int
    body: bytes = b""
    status: int = 0


class Framing(ABC):
    """How a protocol puts units on the wire."""

    @abstractmethod
    def pack(self, pdu: Pdu) -> bytes:
        """Return ``pdu`` as it travels."""

    @abstractmethod
    def unpack(self, buffer: bytearray) -> Pdu | None:
        """Take one unit off ``buffer``, None until it is whole; ValueError when this can be no such stream."""

    @abstractmethod
    def is_answer(self, pdu: Pdu) -> bool:
        """Tell whether ``pdu`` answers something."""


Handle = Callable[["Exchange", Pdu], Awaitable[None]]


@asynccontextmanager
async def opened(
    host: str,
    port: int,
    framing: Framing,
    *,
    window: int,
    answer_s: float,
    handle: Handle,
    tls: ssl.SSLContext | None = None,
) -> AsyncIterator["Exchange"]:
    """Yield a connection that is being served; ChannelNotReady when there is none."""
    try:
        async with asyncio.timeout(CONNECT_S):
            reader, writer = await asyncio.open_connection(host, port, ssl=tls)
    except (OSError, TimeoutError) as error:
        raise ChannelNotReady(f"the far end is unreachable: {error!r}") from error
    exchange = Exchange(reader, writer, framing, window=window, answer_s=answer_s)
    exchange.serving = asyncio.create_task(exchange.serve(handle))
    try:
        yield exchange
    finally:
        exchange.serving.cancel()
        await asyncio.gather(exchange.serving, return_exceptions=True)
        await exchange.close()


class Exchange:
    """One open connection; ``serve`` must run for anything to be answered."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        framing: Framing,
        *,
        window: int,
        answer_s: float,
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._framing = framing
        self._answer_s = answer_s
        self._window = asyncio.Semaphore(window)
        self._open: dict[int, asyncio.Future[Pdu]] = {}
        self._sequence = 0
        self._is_closed = False
        self._leaving = bytearray()
        self._sent_at = time.monotonic()
        self.serving: asyncio.Task[None] | None = None

    @property
    def silent_s(self) -> float:
        """Return for how long nothing was sent."""
        return time.monotonic() - self._sent_at

    async def ask(self, command: int, body: bytes = b"", *, in_window: bool = True) -> Pdu:
        """Return the answer. SendDeferred when nothing was sent, SendUnknown when no answer came."""
        if not in_window:
            return await self._ask(command, body)
        try:
            async with asyncio.timeout(self._answer_s):
                await self._window.acquire()
        except TimeoutError:
            raise SendDeferred("unavailable", "the far end answers too slowly") from None
        try:
            return await self._ask(command, body)
        finally:
            self._window.release()

    async def answer(self, pdu: Pdu) -> None:
        """Send an answer; one that cannot be sent any more is dropped, and the far end repeats itself."""
        if self._is_closed:
            return
        self._write(pdu)
        with contextlib.suppress(ConnectionError):
            await self._writer.drain()

    async def serve(self, handle: Handle) -> None:
        """Read until the connection ends, which is ChannelNotReady; each request runs ``handle`` in its own task."""
        buffer = bytearray()
        slots = asyncio.Semaphore(MAX_HANDLED)

        async def run(pdu: Pdu) -> None:
            try:
                await handle(self, pdu)
            finally:
                slots.release()

        ended = "the far end closed the connection"
        try:
            async with asyncio.TaskGroup() as tasks:
                try:
                    while data := await self._read():
                        buffer += data
                        while (pdu := self._unpack(buffer)) is not None:
                            if self._framing.is_answer(pdu):
                                self._pair(pdu)
                            else:
                                await slots.acquire()
                                tasks.create_task(run(pdu))
                except ChannelNotReady as error:
                    ended = str(error)
                self._end()  # what is being handled is brought to its end; its answer is dropped
        finally:
            self._end()
        raise ChannelNotReady(ended)

    async def wait_ended(self) -> None:
        """Raise ChannelNotReady when the connection ends."""
        assert self.serving is not None
        await asyncio.shield(self.serving)

    async def close(self) -> None:
        """Close the connection."""
        self._end()
        self._flush()
        self._writer.close()
        with contextlib.suppress(ConnectionError, TimeoutError):
            async with asyncio.timeout(CLOSE_S):
                await self._writer.wait_closed()

    async def _ask(self, command: int, body: bytes) -> Pdu:
        if self._is_closed:
            raise SendDeferred("not_connected")
        self._sequence = self._sequence % 0x7FFFFFFF + 1
        sequence = self._sequence
        answered: asyncio.Future[Pdu] = asyncio.get_running_loop().create_future()
        self._open[sequence] = answered
        try:
            self._write(Pdu(command, sequence, body))
            async with asyncio.timeout(self._answer_s):
                with contextlib.suppress(ConnectionError):  # what was written may have arrived all the same
                    await self._writer.drain()
                return await answered
        except TimeoutError:
            raise SendUnknown("timeout", f"no answer within {self._answer_s:g} s") from None
        finally:
            self._open.pop(sequence, None)

    def _write(self, pdu: Pdu) -> None:
        """Send ``pdu`` together with what else is sent in this turn of the loop: a window's parts leave in one go."""
        if not self._leaving:
            asyncio.get_running_loop().call_soon(self._flush)
        self._leaving += self._framing.pack(pdu)

    def _flush(self) -> None:
        leaving, self._leaving = self._leaving, bytearray()
        if not leaving or self._writer.is_closing():
            return
        self._sent_at = time.monotonic()
        try:
            self._writer.write(bytes(leaving))
        except (OSError, RuntimeError) as error:  # nobody awaits this: who asked must learn that nothing comes
            log.warning("the connection takes nothing more: %s", error)
            self._end()
            self._writer.transport.abort()  # which ends the reading, and so ``serve``

    async def _read(self) -> bytes:
        try:
            return await self._reader.read(READ_BYTES)
        except (OSError, asyncio.IncompleteReadError) as error:
            raise ChannelNotReady(f"connection lost: {error}") from error

    def _unpack(self, buffer: bytearray) -> Pdu | None:
        try:
            return self._framing.unpack(buffer)
        except ValueError as error:
            raise ChannelNotReady(f"this is not the protocol: {error}") from error

    def _pair(self, pdu: Pdu) -> None:
        answered = self._open.get(pdu.sequence)
        if answered is None or answered.done():
            log.info("an answer came too late (sequence %d)", pdu.sequence)
            return
        answered.set_result(pdu)

    def _end(self) -> None:
        self._is_closed = True
        for answered in self._open.values():
            if not answered.done():
                answered.set_exception(SendUnknown("connection_lost", "the connection ended before the answer"))
