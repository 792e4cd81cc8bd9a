"""Messages of a JetStream pull consumer, by one open request after the other.

nats-py's own ``fetch`` asks twice, makes a task per message and sits out its whole time when the server
restarts under it. Here one request is kept open, heartbeats tell that the server still knows of it, and
a broken connection ends it at once.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Final

import msgspec
import nats.errors
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription as NatsSubscription

from core.bus.connection import Connection

log = logging.getLogger(__name__)

EXPIRES_S: Final = 30.0
HEARTBEAT_S: Final = 2.0
PAUSE_S: Final = 0.1  # before asking again for a consumer that is not there (yet)
_NS: Final = 1_000_000_000
_HEARTBEAT: Final = "100"
_EXPIRED: Final = ("404", "408")  # no messages; time is up


class Pull:
    """A bounded buffer that is filled from one consumer as long as there is room.

    ``prepare`` returns the subject to ask on; it runs before the first request and again whenever
    one failed: the place to rewind or to make the consumer.
    """

    def __init__(self, connection: Connection, *, capacity: int, prepare: Callable[[], Awaitable[str]]) -> None:
        self._connection = connection
        self._capacity = capacity
        self._prepare = prepare
        self._buffer: deque[Msg] = deque()
        self._taken = 0
        self._takers: deque[asyncio.Future[None]] = deque()
        self._room = asyncio.Event()
        self._room.set()
        self._idle = asyncio.Event()
        self._idle.set()
        self._heard = 0
        self._open = 0
        self._number = 0
        self._over: asyncio.Future[str] | None = None
        self._inbox = ""

    async def take(self, limit: int) -> list[Msg]:
        """Return what is there, at least one and at most ``limit``; give them back with ``done``."""
        while not self._buffer:
            await self._filled()
        messages = [self._buffer.popleft() for _ in range(min(limit, len(self._buffer)))]
        self._taken += len(messages)
        self._idle.clear()
        if self._buffer:
            self._wake_one()
        return messages

    def done(self, count: int) -> None:
        """Make room for ``count`` more."""
        self._taken -= count
        if self._taken == 0:
            self._idle.set()
        self._room.set()

    async def empty(self) -> None:
        """Wait until everything taken was given back, and drop the rest."""
        await self._idle.wait()
        self._buffer.clear()

    def held(self) -> tuple[Msg, ...]:
        """Return what waits in the buffer."""
        return tuple(self._buffer)

    async def run(self) -> None:
        """Fill the buffer until cancelled."""
        subscription: NatsSubscription | None = None
        forget = self._connection.on_lost(lambda: self._end("lost"))
        try:
            await self._connection.wait_up()
            self._inbox = self._connection.nats.new_inbox() + "."
            subscription = await self._connection.nats.subscribe(self._inbox + "*", cb=self._arrived)
            while True:
                await self._connection.wait_up()
                next_subject = await self._prepare()
                while await self._ask(next_subject):
                    pass
        finally:
            forget()
            if subscription is not None and not self._connection.nats.is_closed:
                await subscription.unsubscribe()

    async def _ask(self, next_subject: str) -> bool:
        """Keep one request open until it is over; tell whether the next may follow without preparing again."""
        room = self._capacity - self._taken - len(self._buffer)
        while room <= 0:
            self._room.clear()
            await self._room.wait()
            room = self._capacity - self._taken - len(self._buffer)
        self._number += 1
        self._open = room
        over = self._over = asyncio.get_running_loop().create_future()
        if not self._connection.is_up:
            await asyncio.sleep(PAUSE_S)
            return False
        request = {
            "batch": self._open,
            "expires": int(EXPIRES_S * _NS),
            "idle_heartbeat": int(HEARTBEAT_S * _NS),
        }
        try:
            await self._connection.nats.publish(
                next_subject, msgspec.json.encode(request), reply=f"{self._inbox}{self._number}"
            )
        except nats.errors.Error:
            return False
        while not over.done():
            heard = self._heard
            await asyncio.wait((over,), timeout=2 * HEARTBEAT_S)
            if self._heard == heard:
                self._end("silent")
        match over.result():
            case "filled":
                return True
            case status if status in _EXPIRED:
                return True
            case status:
                log.debug("pull on %s ended: %s", next_subject, status)
                await asyncio.sleep(PAUSE_S)
                return False

    async def _arrived(self, message: Msg) -> None:
        self._heard += 1
        status = message.headers.get("Status") if message.headers and not message.data else None
        if status is None or not message.subject.startswith(self._inbox):
            self._buffer.append(message)
            self._wake_one()
            self._open -= 1
            if self._open == 0:
                self._end("filled")
        elif status != _HEARTBEAT and message.subject == f"{self._inbox}{self._number}":
            self._end(status)

    async def _filled(self) -> None:
        """Wait for a message; not all who wait are woken by it, a channel's host has hundreds of them."""
        taker = asyncio.get_running_loop().create_future()
        self._takers.append(taker)
        try:
            await taker
        except asyncio.CancelledError:
            if not taker.cancelled() and self._buffer:
                self._wake_one()  # it was woken for a message that it does not take
            raise

    def _wake_one(self) -> None:
        while self._takers:
            taker = self._takers.popleft()
            if not taker.done():  # else cancelled: nobody waits there any more
                taker.set_result(None)
                return

    def _end(self, how: str) -> None:
        if self._over is not None and not self._over.done():
            self._over.set_result(how)
