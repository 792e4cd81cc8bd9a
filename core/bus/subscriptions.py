"""Plain NATS subscriptions with a bound on how many messages are handled at the same time."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final

from nats.aio.msg import Msg
from nats.aio.subscription import Subscription as NatsSubscription

from core.bus.connection import Connection

log = logging.getLogger(__name__)

CLOSE_TIMEOUT_S: Final = 2.0
# what waits beyond the handlers' bound; more is dropped, as plain NATS promises nothing
MAX_WAITING: Final = 4_096
MAX_WAITING_BYTES: Final = 16 * 1_048_576


class Subscription:
    """Handles what arrives on one pattern, at most ``concurrency`` at a time."""

    def __init__(self, connection: Connection, handle: Callable[[Msg], Awaitable[None]], *, concurrency: int) -> None:
        self._connection = connection
        self._handle = handle
        self._slots = asyncio.Semaphore(concurrency)
        self._running: set[asyncio.Task[None]] = set()
        self._subscription: NatsSubscription | None = None

    async def open(self, pattern: str, *, group: str) -> None:
        """Return when the server delivers to us; BusUnavailable when it never will."""
        await self._connection.wait_up()
        self._subscription = await self._connection.nats.subscribe(
            pattern,
            queue=group,
            cb=self._arrived,
            pending_msgs_limit=MAX_WAITING,
            pending_bytes_limit=MAX_WAITING_BYTES,
        )
        await self._connection.barrier()

    async def close(self) -> None:
        """Take nothing more, and return when what was begun is done, or cancelled when that takes too long."""
        subscription, self._subscription = self._subscription, None
        if subscription is not None and not self._connection.nats.is_closed:
            await subscription.unsubscribe()
        if not self._running:
            return
        _, late = await asyncio.wait(self._running, timeout=CLOSE_TIMEOUT_S)
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late)

    async def _arrived(self, message: Msg) -> None:
        # nats-py waits here before it hands over the next message
        await self._slots.acquire()
        task = asyncio.create_task(self._run(message))
        self._running.add(task)
        task.add_done_callback(self._finished)

    async def _run(self, message: Msg) -> None:
        try:
            await self._handle(message)
        except Exception:
            log.exception("handling %s failed", message.subject)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self._slots.release()
