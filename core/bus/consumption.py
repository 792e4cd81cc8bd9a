"""Handling a stream's events in order, each until it is done, given up for good, or known to be poison."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final

import msgspec
import nats.errors
from nats.aio.msg import Msg

from core.bus import dead_letters
from core.bus.caution import MAX_DEATHS, Caution
from core.bus.connection import Connection, ConnectionLost
from core.bus.deliveries import Delivery, Undecodable, answer
from core.bus.pulls import Pull
from core.clock import Clock
from core.errors import LianxinError, NeverHandled, PayloadTooLarge, TryLater

log = logging.getLogger(__name__)

Handler = Callable[[list[Delivery]], Awaitable[None]]

RETRY_PAUSES_S: Final = (0.05, 0.5)  # between the attempts at one faulty message, while later ones wait
AWAY_PAUSE_S: Final = (0.1, 5.0)  # first and longest pause while something the handler needs is away
MAX_DELIVERIES: Final = 10  # a message that was handed over this often without an end kills its handlers
UNPARKABLE_DELAY_S: Final = 3_600.0
KEEP_ALIVE_S: Final = 8.0  # below a third of a consumer's ack_wait_s
RESET_TIMEOUT_S: Final = 2.0


class Consumption:
    """Hands one consumer's messages to ``handler`` in batches, ``concurrency`` batches at a time.

    What the handler leaves unsettled is acknowledged when it returns. When it raises TryLater, the same
    batch is handed over again until it succeeds. After any other exception the batch is handed over one by
    one, and a message that still fails is parked as a dead letter, after NeverHandled at once. With
    ``rewinds`` everything unacknowledged is delivered again, in order, at the start and after each break of
    the connection; only for a consumer that nobody else reads. With ``caution`` a message that ends the
    process again and again is parked, too.
    """

    def __init__(
        self,
        connection: Connection,
        clock: Clock,
        handler: Handler,
        *,
        stream: str,
        durable: str,
        batch: int,
        max_in_flight: int,
        concurrency: int,
        rewinds: bool,
        caution: Caution | None,
    ) -> None:
        self._connection = connection
        self._clock = clock
        self._handler = handler
        self._stream = stream
        self._durable = durable
        self._batch = batch
        self._concurrency = concurrency
        self._rewinds = rewinds
        self._caution = caution
        self._rewound_on = 0
        self._in_hand: dict[int, Msg] = {}
        self._pull = Pull(connection, capacity=max_in_flight, prepare=self._prepare)
        self._task = asyncio.create_task(self._run(), name=f"consume {stream}/{durable}")
        self._task.add_done_callback(_report)

    async def close(self) -> None:
        """Stop; what is in a handler now is cancelled and will be delivered again."""
        self._task.cancel()
        await asyncio.wait((self._task,))
        if self._caution is not None:
            await self._caution.end()

    async def wait(self) -> None:
        """Return when closed; raise what ended it otherwise."""
        await asyncio.wait((self._task,))
        if not self._task.cancelled():
            self._task.result()

    async def _run(self) -> None:
        if self._caution is not None:
            await self._caution.look_back()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._pull.run())
            tasks.create_task(self._keep_alive())
            for _ in range(self._concurrency):
                tasks.create_task(self._work())

    async def _work(self) -> None:
        while True:
            is_careful = self._caution is not None and self._caution.is_careful
            messages = await self._pull.take(1 if is_careful else self._batch)
            self._in_hand.update((id(message), message) for message in messages)
            try:
                await self._handle(messages)
            finally:
                for message in messages:
                    del self._in_hand[id(message)]
                self._pull.done(len(messages))

    async def _handle(self, messages: list[Msg]) -> None:
        batch = [delivery for message in messages if (delivery := await self._open(message)) is not None]
        if not batch:
            return
        if self._caution is not None and not await self._caution.begin(batch[0].stream_seq):
            await self._park(batch[0].message, f"ended its reader {MAX_DEATHS} times")
            return
        await self._bring_to_end(batch)
        await self._outlived()

    async def _outlived(self) -> None:
        if self._caution is not None:
            await self._caution.end()

    async def _open(self, message: Msg) -> Delivery | None:
        try:
            delivery = Delivery(message)
        except Undecodable as error:
            await self._park(message, str(error))
            return None
        if delivery.num_delivered > MAX_DELIVERIES:
            await self._park(message, f"delivered {delivery.num_delivered} times without an end")
            return None
        return delivery

    async def _bring_to_end(self, batch: list[Delivery]) -> None:
        if await self._attempt(batch) is None:
            return
        # one of them is bad: find out which, and let the others pass
        for delivery in batch:
            if delivery.is_settled:
                continue
            fault = await self._attempt([delivery])
            for pause_s in RETRY_PAUSES_S:
                if fault is None or isinstance(fault, NeverHandled) or delivery.is_settled:
                    break
                await asyncio.sleep(pause_s)
                fault = await self._attempt([delivery])
            if fault is not None and not delivery.is_settled:
                await self._give_up(delivery, fault)

    async def _give_up(self, delivery: Delivery, fault: Exception) -> None:
        if isinstance(fault, NeverHandled):
            log.warning("%s refused %s: %s: %s", self._durable, delivery.subject, fault.code, fault)
            reason = f"{fault.code}: {fault}"
        else:
            log.error("%s gave up on %s: %r", self._durable, delivery.subject, fault, exc_info=fault)
            reason = f"{type(fault).__name__}: {fault}"
        await self._park(delivery.message, reason)
        delivery.is_settled = True

    async def _attempt(self, batch: list[Delivery]) -> Exception | None:
        pause_s, longest_s = AWAY_PAUSE_S
        is_told = False
        while True:
            try:
                await self._handler([delivery for delivery in batch if not delivery.is_settled])
            except TryLater as error:
                if not is_told:
                    log.warning("%s waits: %s", self._durable, error)
                    is_told = True
                    await self._outlived()
                await asyncio.sleep(pause_s)
                pause_s = min(pause_s * 2, longest_s)
            except Exception as error:
                return error
            else:
                for delivery in batch:
                    await delivery.ack()
                return None

    async def _park(self, message: Msg, reason: str) -> None:
        while True:
            try:
                await dead_letters.park(self._connection, message, self._durable, reason, now=self._clock.now())
            except PayloadTooLarge as error:
                log.error("%s can neither handle nor park %s: %s", self._durable, message.subject, error)
                await answer(message, b'-NAK {"delay": %d}' % int(UNPARKABLE_DELAY_S * 1e9))
                return
            except LianxinError as error:
                log.warning("%s cannot park %s yet: %s", self._durable, message.subject, error)
                await asyncio.sleep(AWAY_PAUSE_S[0])
            else:
                await answer(message, b"+TERM")
                return

    async def _keep_alive(self) -> None:
        while True:
            await asyncio.sleep(KEEP_ALIVE_S)
            for message in (*self._in_hand.values(), *self._pull.held()):
                await answer(message, b"+WPI")

    async def _prepare(self) -> str:
        is_told = False
        while self._rewinds and self._rewound_on != self._connection.number:
            await self._pull.empty()
            number = self._connection.number
            try:
                await rewind(self._connection, self._stream, self._durable)
            except (TimeoutError, ConnectionLost, nats.errors.Error) as error:
                if not is_told:
                    log.info("%s waits for its consumer on %s: %r", self._durable, self._stream, error)
                    is_told = True
                await asyncio.sleep(AWAY_PAUSE_S[0])
                await self._connection.wait_up()
            else:
                self._rewound_on = number
        return f"$JS.API.CONSUMER.MSG.NEXT.{self._stream}.{self._durable}"


def _report(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("%s ended: %r", task.get_name(), error, exc_info=error)


class _ApiAnswer(msgspec.Struct):
    error: dict[str, str | int] | None = None


async def rewind(connection: Connection, stream: str, durable: str) -> None:
    """Forget what was delivered and not acknowledged, so that it comes again at once and in order (ADR-60).

    Without it a restarted reader gets new messages first and those its predecessor held only after their
    ack wait. nats.errors.Error when there is no such consumer.
    """
    reply = await connection.ask(
        f"$JS.API.CONSUMER.RESET.{stream}.{durable}", b"", headers=None, timeout_s=RESET_TIMEOUT_S
    )
    error = msgspec.json.decode(reply.data, type=_ApiAnswer).error
    if error is not None:
        raise nats.errors.Error(str(error.get("description")))
