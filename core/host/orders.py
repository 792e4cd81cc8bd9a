"""Delivers orders: to each recipient one after the other, to several recipients at once, every message once.

An order is done only when its outcome is stored on the bus; a deferred order holds the later
ones of its recipient, so that nobody reads an answer before its question.
"""

import asyncio
import contextlib
import logging
import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Final, Literal, ParamSpec, TypeVar

from core.backoff import Backoff
from core.channel import Channel, FindsSent
from core.errors import BusUnavailable, ChannelAuthFailed, ChannelNotReady, SendDeferred, SendError, SendUnknown
from core.events import MessageStatus, SendMessage
from core.host.sent import Ledger
from core.ids import new_id

log = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")

SEND_TIMEOUT_S: Final = 60.0
MAX_RETRY_AFTER_S: Final = 3600.0  # a far end that asks for more is asked again after an hour
MAX_DOUBTS: Final = 3  # a message that crashes the plugin each time does not hold its recipient's lane for ever

Report = Callable[[MessageStatus, str | None], Awaitable[object]]


@dataclass(slots=True)
class Order:
    """One message on its way; ``conversation_id`` goes into its reports, ``mark`` into the ledger.

    ``told`` is the code of the deferral that was reported last.
    """

    message: SendMessage
    conversation_id: str | None = None
    mark: str = field(default_factory=new_id)
    doubts: int = 0
    told: str = ""


@dataclass(slots=True)
class Lane:
    """Who writes to one recipient, in the order of arrival."""

    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    orders: int = 0


class Orders:
    """The lanes of one channel; ``report`` publishes a status about a conversation, or raises BusUnavailable."""

    def __init__(self, channel: Channel[Any], ledger: Ledger, report: Report) -> None:
        self._channel = channel
        self._ledger = ledger
        self._report = report
        self._slots = asyncio.Semaphore(channel.concurrency)
        self._lanes: dict[str, Lane] = {}
        self._roused = asyncio.Event()
        self._released = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()

    async def deliver(self, order: Order) -> bool:
        """Return True when the order's outcome is stored, False when it was released before and must come again."""
        released = self._released
        recipient = order.message.recipient
        lane = self._lanes.setdefault(recipient, Lane())
        lane.orders += 1
        self._idle.clear()
        try:
            status = await self._take_turns(order, lane, released)
            if status is None:
                return False
            # outside of the lane: the next order need not wait until this outcome is stored
            await _insist(self._report, status, order.conversation_id)
            return True
        finally:
            lane.orders -= 1
            if not lane.orders:
                del self._lanes[recipient]
            if not self._lanes:
                self._idle.set()

    def rouse(self) -> None:
        """Let orders that wait out a back-off try now: the far end is back."""
        self._roused.set()
        self._roused = asyncio.Event()

    def release(self) -> None:
        """Give back what is not being sent right now."""
        self._released.set()
        self._released = asyncio.Event()
        self.rouse()

    async def wait_idle(self, limit_s: float) -> None:
        """Wait until nothing is held, at most ``limit_s``."""
        await _wait(self._idle, limit_s)

    async def _take_turns(self, order: Order, lane: Lane, released: asyncio.Event) -> MessageStatus | None:
        """Return the outcome, or None when the order was released before; one that can wait lets others pass."""
        while True:
            async with lane.turn:
                outcome = await self._settle(order, released)
            if not isinstance(outcome, SendDeferred):
                return outcome
            await _wait(released, _bounded(outcome.retry_after_s or 0.0))

    async def _settle(self, order: Order, released: asyncio.Event) -> MessageStatus | SendDeferred | None:
        """Return the outcome, None when the order was released before, or a deferral that lets others pass."""
        backoff = Backoff(first_s=1.0, limit_s=60.0)
        while not released.is_set():
            roused = self._roused  # taken before the try: a far end that returns during it is not missed
            try:
                async with self._slots:
                    return await self._attempt(order)
            except SendUnknown as doubt:  # the far end was asked and cannot say
                return _unknown(order.message, doubt)
            except SendDeferred as deferred:
                if deferred.code != order.told:
                    order.told = deferred.code
                    await _insist(self._report, _deferred(order.message, deferred), order.conversation_id)
                if deferred.lets_pass and deferred.retry_after_s:
                    return deferred
                if deferred.retry_after_s is None:
                    await _wait(roused, backoff.next_s())
                else:
                    await _wait(released, _bounded(deferred.retry_after_s))
        return None

    async def _attempt(self, order: Order) -> MessageStatus:
        """Return the outcome of one try; SendDeferred when there will be another."""
        earlier = await _insist(self._ledger.begin, order.message.message_id, order.mark)
        if earlier:
            return _sent(order.message, earlier)
        if earlier == "":
            if not isinstance(self._channel, FindsSent):
                return _unknown(order.message, SendUnknown("in_doubt", "interrupted while it was being sent"))
            if (found := await self._find(self._channel, order.message)) is not False:
                return await self._finish(order.message, found)
        return await self._send(order)

    async def _send(self, order: Order) -> MessageStatus:
        message = order.message
        order.mark = new_id()  # from here on the mark in the ledger means doubt
        try:
            async with asyncio.timeout(SEND_TIMEOUT_S):
                external_id = await self._channel.send(message)
        except SendUnknown as doubt:
            return await self._resolve(order, doubt)
        except SendDeferred:
            await _insist(self._ledger.forget, message.message_id)
            raise
        except (ChannelNotReady, ChannelAuthFailed) as error:
            await _insist(self._ledger.forget, message.message_id)
            raise SendDeferred(error.code, str(error)) from error
        except SendError as refusal:
            await _insist(self._ledger.forget, message.message_id)
            return _failed(message, refusal)
        except TimeoutError:
            return await self._resolve(order, SendUnknown("timeout", "the far end did not answer in time"))
        except Exception as error:
            log.exception("sending %s failed unexpectedly", message.message_id)
            return await self._resolve(order, SendUnknown("crashed", f"{type(error).__name__} in the plugin"))
        return await self._finish(message, external_id)

    async def _resolve(self, order: Order, doubt: SendUnknown) -> MessageStatus:
        """Find out what became of a message in doubt; SendDeferred when it may be sent again."""
        order.doubts += 1
        if isinstance(self._channel, FindsSent):
            if (found := await self._find(self._channel, order.message)) is not False:
                return await self._finish(order.message, found)
            await _insist(self._ledger.forget, order.message.message_id)
        elif not self._channel.deduplicates:
            return _unknown(order.message, doubt)
        if order.doubts == MAX_DOUBTS:
            return _unknown(order.message, doubt)
        raise SendDeferred(doubt.code, str(doubt))

    async def _find(self, channel: FindsSent, message: SendMessage) -> str | Literal[False]:
        try:
            async with asyncio.timeout(SEND_TIMEOUT_S):
                return await channel.find_sent(message.message_id)
        except SendUnknown:
            raise
        except Exception as error:
            log.warning("asking whether %s was sent failed: %s", message.message_id, type(error).__name__)
            raise SendDeferred("in_doubt", "the far end cannot say whether it has the message") from error

    async def _finish(self, message: SendMessage, external_id: str) -> MessageStatus:
        await _insist(self._ledger.finish, message.message_id, external_id)
        return _sent(message, external_id)


async def _wait(interrupt: asyncio.Event, limit_s: float) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(limit_s):
            await interrupt.wait()


async def _insist(write: Callable[P, Awaitable[T]], *arguments: P.args, **options: P.kwargs) -> T:
    """Repeat ``write`` until the bus takes it."""
    backoff = Backoff(first_s=0.1, limit_s=5.0)
    while True:
        try:
            return await write(*arguments, **options)
        except BusUnavailable:
            await asyncio.sleep(backoff.next_s())


def _sent(message: SendMessage, external_id: str) -> MessageStatus:
    return MessageStatus(
        message_id=message.message_id, order_id=message.order_id, status="sent", external_id=external_id
    )


def _failed(message: SendMessage, error: SendError) -> MessageStatus:
    return MessageStatus(
        message_id=message.message_id,
        order_id=message.order_id,
        status="failed",
        code=error.code,
        reason=_reason(error),
    )


def _unknown(message: SendMessage, doubt: SendUnknown) -> MessageStatus:
    return MessageStatus(
        message_id=message.message_id,
        order_id=message.order_id,
        status="unknown",
        code=doubt.code,
        reason=_reason(doubt),
    )


def _deferred(message: SendMessage, error: SendDeferred) -> MessageStatus:
    return MessageStatus(
        message_id=message.message_id,
        order_id=message.order_id,
        status="deferred",
        code=error.code,
        reason=_reason(error),
        retry_after_s=None if error.retry_after_s is None else _bounded(error.retry_after_s),
    )


def _reason(error: SendError) -> str:
    return "" if str(error) == error.code else str(error)


def _bounded(retry_after_s: float) -> float:
    return min(max(retry_after_s, 0.0), MAX_RETRY_AFTER_S) if math.isfinite(retry_after_s) else MAX_RETRY_AFTER_S
