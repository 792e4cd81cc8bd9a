"""The server's side of a web socket (RFC 6455) on a transport of its own; the framing is that of ``websockets``."""

import asyncio
import logging
from typing import Final, cast

from websockets.exceptions import InvalidState
from websockets.frames import CloseCode, Frame, Opcode
from websockets.protocol import Protocol, Side, State

CLOSE_S: Final = 2.0  # how long a peer may take to answer our close, and to take what was written before
MAX_WAITING: Final = 32  # messages that were not received yet; above that nothing more is read

_log = logging.getLogger(__name__)
_log.setLevel(logging.WARNING)  # at finer levels the framing logs what people write


class WebSocket(asyncio.Protocol):
    """One connection: one reader, one writer; pings are answered, messages beyond ``max_bytes`` end it.

    With ``heartbeat_s`` the peer is asked that often for a sign of life, and cut off when it gave none since.
    """

    __slots__ = (
        "_begun",
        "_closed",
        "_drained",
        "_frames",
        "_heartbeat_s",
        "_is_alive",
        "_is_paused",
        "_is_text",
        "_messages",
        "_received",
        "_timer",
        "_transport",
    )

    def __init__(self, *, max_bytes: int, heartbeat_s: float | None = None) -> None:
        self._frames = Protocol(Side.SERVER, max_size=max_bytes, logger=_log)
        self._heartbeat_s = heartbeat_s
        self._transport: asyncio.Transport | None = None
        self._messages: list[str | bytes] = []
        self._begun: bytearray | None = None  # a message that has not ended yet
        self._is_text = False
        self._is_alive = True
        self._is_paused = False
        self._timer: asyncio.TimerHandle | None = None
        self._received: asyncio.Future[None] | None = None
        self._drained: asyncio.Future[None] | None = None
        self._closed: asyncio.Future[None] | None = None

    @property
    def is_open(self) -> bool:
        """Whether messages can still be sent."""
        return self._transport is not None and self._frames.state is State.OPEN

    async def receive(self) -> str | bytes | None:
        """Return the peer's next message, bytes when it was binary, None when the socket is closed; for one reader."""
        while not self._messages and self._transport is not None:
            self._received = asyncio.get_running_loop().create_future()
            try:
                await self._received
            finally:
                self._received = None
        if not self._messages:
            return None
        if self._is_paused and self._transport is not None and len(self._messages) <= MAX_WAITING:
            self._is_paused = False
            self._transport.resume_reading()
        return self._messages.pop(0)

    async def send(self, text: bytes) -> None:
        """Send a text, in UTF-8, and wait while the peer is slow; for one writer. ConnectionResetError when closed."""
        if self._transport is None:
            raise ConnectionResetError("the socket is closed")
        try:
            self._frames.send_text(text)
        except InvalidState as error:
            raise ConnectionResetError("the socket is closed") from error
        self._flush()
        if self._drained is not None:
            await asyncio.shield(self._drained)
            if self._transport is None:
                raise ConnectionResetError("the peer is gone")

    async def close(self, code: int = CloseCode.NORMAL_CLOSURE, reason: str = "") -> None:
        """Say goodbye and return when the connection is gone; a peer that does not answer is cut off."""
        if self._transport is None:
            return
        if self._frames.state is State.OPEN:
            self._frames.send_close(code, reason)
            self._cut_off_later()
            self._flush()
        if self._closed is None:
            self._closed = asyncio.get_running_loop().create_future()
        await asyncio.shield(self._closed)

    def abort(self) -> None:
        """Cut the connection off at once."""
        if self._transport is not None:
            self._transport.abort()

    # what the transport calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's are none by class
        if self._heartbeat_s is not None:
            self._timer = asyncio.get_running_loop().call_later(self._heartbeat_s, self._beat)

    def data_received(self, data: bytes) -> None:
        self._is_alive = True
        self._frames.receive_data(data)
        for event in self._frames.events_received():
            if isinstance(event, Frame):
                self._take(event)
        self._flush()
        if len(self._messages) > MAX_WAITING and self._transport is not None and not self._is_paused:
            self._is_paused = True
            self._transport.pause_reading()

    def eof_received(self) -> None:
        self._frames.receive_eof()

    def pause_writing(self) -> None:
        if self._drained is None:
            self._drained = asyncio.get_running_loop().create_future()

    def resume_writing(self) -> None:
        drained, self._drained = self._drained, None
        if drained is not None and not drained.done():
            drained.set_result(None)

    def connection_lost(self, error: BaseException | None) -> None:
        self._transport = self._begun = None
        if self._timer is not None:
            self._timer.cancel()
        for waiter in (self._received, self._drained, self._closed):
            if waiter is not None and not waiter.done():
                waiter.set_result(None)

    def _take(self, frame: Frame) -> None:
        if frame.opcode not in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT):
            return
        if frame.opcode is not Opcode.CONT:
            self._is_text = frame.opcode is Opcode.TEXT
        if not frame.fin:
            self._begun = (self._begun or bytearray()) + frame.data
            return
        data = bytes(frame.data if self._begun is None else self._begun + frame.data)
        self._begun = None
        try:
            self._messages.append(data.decode() if self._is_text else data)
        except UnicodeDecodeError:
            self._frames.fail(CloseCode.INVALID_DATA, "not UTF-8")
            return
        if self._received is not None and not self._received.done():
            self._received.set_result(None)

    def _flush(self) -> None:
        if self._transport is None:
            return
        for data in self._frames.data_to_send():
            if data:
                self._transport.write(data)
            else:  # both have said goodbye, or the peer broke the rules
                self._cut_off_later()
                self._transport.close()

    def _cut_off_later(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(CLOSE_S, self.abort)

    def _beat(self) -> None:
        if not self._is_alive:
            self.abort()
            return
        assert self._heartbeat_s is not None
        self._is_alive = False
        self._frames.send_ping(b"")
        self._flush()
        self._timer = asyncio.get_running_loop().call_later(self._heartbeat_s, self._beat)
