"""One connection to NATS that never gives up, and what nats-py 2.16 leaves to its users."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from typing import Final

import nats.errors
from nats.aio.client import Client, Srv
from nats.aio.msg import Msg
from nats.aio.transport import TcpTransport

from core.bus.settings import BusSettings
from core.errors import BusUnavailable

log = logging.getLogger(__name__)

RECONNECT_WAIT_S: Final = 0.1  # nats-py's own 2 s would be the length of every hiccup
CLOSE_TIMEOUT_S: Final = 2.0
MAX_REFUSALS: Final = 10  # after which an expelled user stops knocking
PING_INTERVAL_S: Final = 10  # a silent server is noticed after 20-30 s
MAX_REMEMBERED_FAULTS: Final = 256
NO_RESPONDERS: Final = "503"

Callback = Callable[[], None]


class ConnectionLost(Exception):
    """The connection broke while an answer was awaited: nobody knows whether the question arrived."""


class Connection:
    """A nats-py client, whether it is up, and the answers it waits for."""

    def __init__(self, settings: BusSettings, *, name: str) -> None:
        self.nats: Client = _Client(settings)
        self.is_closing = False
        self.number = 0  # of this connection among those made: another number, another life of the server
        self._settings = settings
        self._name = name
        self._up = asyncio.Event()
        self._closed = asyncio.Event()
        self._on_lost: list[Callback] = []
        self._on_reconnect: list[Callback] = []
        self._waiting: dict[str, asyncio.Future[Msg | None]] = {}
        self._asked = 0
        self._inbox = ""
        self._told: set[str] = set()
        self._last_fault = ""
        self._refusals = 0
        self._leaving: asyncio.Task[None] | None = None

    @property
    def is_up(self) -> bool:
        """Tell whether the server can be reached now, as far as known."""
        return self._up.is_set() and self.nats.is_connected

    async def open(self) -> None:
        """Return when connected; BusUnavailable when that takes longer than the settings allow."""
        settings = self._settings
        try:
            async with asyncio.timeout(settings.connect_timeout_s):
                await self.nats.connect(
                    list(settings.urls),
                    name=self._name,
                    error_cb=self._failed,
                    disconnected_cb=self._lost,
                    reconnected_cb=self._found,
                    closed_cb=self._ended,
                    max_reconnect_attempts=-1,
                    reconnect_time_wait=RECONNECT_WAIT_S,  # type: ignore[arg-type]
                    ping_interval=PING_INTERVAL_S,
                    tls=settings.tls_context(),
                    nkeys_seed_str=settings.seed.reveal() or None,
                    user_credentials=settings.credentials or None,
                    inbox_prefix=settings.inbox_prefix,
                )
        except TimeoutError as error:
            await self._leave()
            why = self._last_fault or "no answer"
            raise BusUnavailable(
                f"no bus at {settings.places} within {settings.connect_timeout_s:g} s: {why}"
            ) from error
        self.number = 1
        self._inbox = self.nats.new_inbox() + "."
        await self.nats.subscribe(self._inbox + "*", cb=self._answered)
        self._up.set()

    async def close(self) -> None:
        """Say good-bye; what was not acknowledged is not waited for."""
        self.is_closing = True
        self._forget_answers()
        if self._leaving is not None:
            await self._leaving
        await self._leave()

    async def _leave(self) -> None:
        # on uvloop nats-py trips over a transport that broke in the same moment: RuntimeError, or a cancelled future
        closing = asyncio.create_task(self.nats.close())
        await asyncio.wait((closing,), timeout=CLOSE_TIMEOUT_S)
        if not closing.done() or closing.cancelled() or closing.exception() is not None:
            log.debug("the connection to the bus did not close in order")
            closing.cancel()
            await self._ended()

    async def wait_up(self) -> None:
        """Return when the server can be reached; BusUnavailable when it never will be again."""
        await self._up.wait()
        if self.nats.is_closed:
            raise BusUnavailable("the connection to the bus is closed")

    async def wait_closed(self) -> None:
        """Return when the connection is over for good: we closed it, or the server sent us away."""
        await self._closed.wait()

    def on_lost(self, callback: Callback) -> Callback:
        """Call ``callback`` whenever the connection breaks; the returned function takes it back."""
        self._on_lost.append(callback)
        return lambda: self._on_lost.remove(callback)

    def on_reconnect(self, callback: Callback) -> Callback:
        """Call ``callback`` whenever a broken connection is back; the returned function takes it back."""
        self._on_reconnect.append(callback)
        return lambda: self._on_reconnect.remove(callback)

    async def ask(self, subject: str, payload: bytes, *, headers: dict[str, str] | None, timeout_s: float) -> Msg:
        """Return the answer; TimeoutError, ConnectionLost, or nats.errors.NoRespondersError otherwise.

        Unlike ``Client.request`` this ends at once when the connection breaks: the answer will never come.
        """
        token, answer = self._expect()
        try:
            await self.nats.publish(subject, payload, reply=self._inbox + token, headers=headers)
            async with asyncio.timeout(timeout_s):
                message = await answer
        finally:
            del self._waiting[token]
        if message is None:
            raise ConnectionLost
        if not message.data and message.headers and message.headers.get("Status") == NO_RESPONDERS:
            raise nats.errors.NoRespondersError
        return message

    async def barrier(self, *, timeout_s: float = 10.0) -> None:
        """Return when the server has seen everything sent before, subscriptions included; or BusUnavailable.

        ``Client.flush`` is no such thing: its PING overtakes what waits in the client's own buffer, and
        when it is cancelled or late, the PONG meets a cancelled future and the reader dies of it. A message
        to ourselves travels in the same queue as everything else.
        """
        try:
            async with asyncio.timeout(timeout_s):
                while True:
                    await self.wait_up()
                    with suppress(ConnectionLost, nats.errors.Error):
                        await self._echo()
                        return
                    await asyncio.sleep(RECONNECT_WAIT_S)
        except TimeoutError as error:
            raise BusUnavailable(f"no echo within {timeout_s:g} s; may we publish to our own inbox?") from error

    async def _echo(self) -> None:
        token, echo = self._expect()
        try:
            await self.nats.publish(self._inbox + token)
            if await echo is None:
                raise ConnectionLost
        finally:
            del self._waiting[token]

    def _expect(self) -> tuple[str, asyncio.Future[Msg | None]]:
        self._asked += 1
        token = str(self._asked)
        answer = self._waiting[token] = asyncio.get_running_loop().create_future()
        return token, answer

    async def _answered(self, message: Msg) -> None:
        answer = self._waiting.get(message.subject[len(self._inbox) :])
        if answer is not None and not answer.done():
            answer.set_result(message)

    def _forget_answers(self) -> None:
        for answer in self._waiting.values():
            if not answer.done():
                answer.set_result(None)

    async def _lost(self) -> None:
        if self._up.is_set():
            self._up.clear()
            if not self.is_closing:
                log.warning("the bus went away")
        self._forget_answers()
        _call(self._on_lost)

    async def _found(self) -> None:
        self._last_fault = ""
        self._refusals = 0
        self.number += 1
        self._up.set()
        log.info("the bus is back")
        _call(self._on_reconnect)

    async def _ended(self) -> None:
        # nats-py closes for ever on most -ERR lines, an expelled user among them: whoever owns the bus must notice
        if not self.is_closing:
            log.error("the bus closed the connection for good: %s", self._last_fault or self.nats.last_error)
        self._up.set()  # who waits for the way back must wake up and see that there is none
        self._closed.set()

    async def _failed(self, error: Exception) -> None:
        fault = f"{type(error).__name__}: {error}"
        if isinstance(error, nats.errors.SlowConsumerError):
            fault = f"a handler of {error.subject} is too slow, messages are dropped"
        elif isinstance(error, OSError | nats.errors.Error | TimeoutError) and "permissions violation" not in fault:
            # the connection broke or cannot be made; _lost says so once
            log.debug("bus: %s", fault)
            if "authorization violation" in fault.lower():
                self._refused()
            elif self._refusals and isinstance(error, ConnectionResetError):
                return  # another refusal: the reset has overtaken the server's word
            self._last_fault = fault
            return
        if fault not in self._told and len(self._told) < MAX_REMEMBERED_FAULTS:
            self._told.add(fault)
            log.warning("bus: %s", fault, exc_info=None if isinstance(error, nats.errors.Error) else error)

    def _refused(self) -> None:
        # during the first connect the caller's time limit decides; later a refusal means that we were removed
        self._refusals += 1
        if self.number and self._refusals >= MAX_REFUSALS and self._leaving is None:
            self._leaving = asyncio.create_task(self._leave())


class _Client(Client):
    """nats-py's client, except that it never talks in clear when TLS was asked for, and leaks no sockets."""

    def __init__(self, settings: BusSettings) -> None:
        super().__init__()
        self._wants_tls = settings.wants_tls

    async def _connect_to_server(self, s: Srv) -> None:
        if s.uri.scheme in ("nats", "tls"):
            # nats-py drops the socket of a refused reconnect without closing it
            if isinstance(self._transport, _Transport):
                self._transport.close()  # type: ignore[no-untyped-call]
            else:
                self._transport = _Transport()  # type: ignore[no-untyped-call]
        await super()._connect_to_server(s)

    def _connect_command(self) -> bytes:
        # nats-py upgrades only when the server's first line asks for it, so anyone in between could leave that out
        if self._wants_tls and not self._server_info.get("tls_required") and not self.options["tls_handshake_first"]:
            raise nats.errors.SecureConnWantedError
        return super()._connect_command()


class _Transport(TcpTransport):
    """A transport that says "broken" in asyncio's word on uvloop, too.

    uvloop raises RuntimeError on writing to a closed socket, which nats-py's reconnecting takes for a bug and ends.
    """

    def __bool__(self) -> bool:
        return True  # else nats-py would put its own in our place before the first connect

    def write(self, payload: bytes) -> None:
        try:
            super().write(payload)  # type: ignore[no-untyped-call]
        except RuntimeError as error:
            raise ConnectionResetError(str(error)) from error

    def writelines(self, payload: list[bytes]) -> None:
        try:
            super().writelines(payload)  # type: ignore[no-untyped-call]
        except RuntimeError as error:
            raise ConnectionResetError(str(error)) from error


def _call(callbacks: list[Callback]) -> None:
    # an exception here would end nats-py's reconnecting for ever
    for callback in tuple(callbacks):
        try:
            callback()
        except Exception:
            log.exception("a callback of the bus failed")
