"""One plugin instance at work: its channel between the far end and the bus."""

import asyncio
import contextlib
import importlib
import logging
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Final

import msgspec

from core.board import Board
from core.bus import Bus, BusSettings, Delivery
from core.channel import CarriesCalls, Channel, ServesHttp, ShowsTyping
from core.config import decode_settings
from core.errors import BusUnavailable
from core.events import ChannelState, Envelope, Event, MessageStatus, MessageStatuses, SendMessage, TypingShown
from core.host.calls import Plans
from core.host.censor import Censor
from core.host.job import HostJob
from core.host.link import HubLink, envelope_id
from core.host.orders import Order, Orders
from core.host.runner import Runner
from core.host.sent import NoLedger, SentLedger
from core.host.statuses import Publish, Statuses
from core.ids import new_id
from core.streams import ORDERS, SENT
from core.subjects import PATTERNS, fill

log = logging.getLogger(__name__)

MAX_HELD_ORDERS: Final = 256
SENDS_END_S: Final = 2.0  # of the five seconds a supervisor gives: for sends under way,
RUN_END_S: Final = 1.5  # for run() to end,
FAREWELL_S: Final = 0.5  # and to say that we stopped
TYPING_S: Final = 5.0

Tell = Callable[..., None]


class BusClosed(Exception):
    """The server sent us away for good."""


class Host:
    """Runs the channel of ``job`` until cancelled; ``run`` returns within 5 s even when the plugin does not."""

    def __init__(self, job: HostJob, channel_type: type[Channel[Any]], tell: Tell) -> None:
        """ConfigInvalid when the job's settings do not fit; ``tell`` sends reports to the supervisor."""
        self._job = job
        self._tell = tell
        self._channel_type = channel_type
        self._config = decode_settings(channel_type.config_type, job.settings)
        self._bus_settings = decode_settings(BusSettings, job.nats)
        self.censor = Censor(self._config)
        if issubclass(channel_type, ServesHttp):
            # only channels that need the web server pay for it, and not while an event loop waits
            self._serve_http = importlib.import_module("core.host.http").serve
        self.is_stuck = False  # the plugin ignored its cancellation; only the end of the process ends it

    async def run(self) -> None:
        """Run until cancelled; BusClosed when the bus does not want us any more."""
        bus = await self._connect()
        try:
            await self._serve(bus)
        finally:
            await bus.close()

    async def _connect(self) -> Bus:
        while True:
            try:
                return await Bus.connect(self._bus_settings, source=self._job.instance)
            except BusUnavailable as error:
                log.warning("%s", error)

    async def _serve(self, bus: Bus) -> None:
        board = Board(ChannelState(state="starting"), self._publisher(bus))
        statuses = Statuses(self._reporter(bus))
        link = HubLink(bus, self._job.instance, Path(self._job.data_dir), board.show, statuses)
        channel = self._channel_type(self._config, link)
        ledger = NoLedger() if channel.deduplicates else SentLedger(bus.bucket(SENT), self._job.instance)
        orders = Orders(channel, ledger, statuses.report)
        board.listen(lambda state: self._note(state, orders))
        async with AsyncExitStack() as stack:
            address = await self._open_http(stack, channel, board)
            if isinstance(channel, ShowsTyping):
                await bus.subscribe(fill(PATTERNS[TypingShown], self._job.instance), _shower(channel), concurrency=4)
            if isinstance(channel, CarriesCalls):
                await self._carry_calls(stack, bus, board, channel)
            stack.callback(bus.on_reconnect(orders.release))
            consumption = bus.consume(
                ORDERS.name, self._job.instance, _deliverer(orders), batch=1, concurrency=MAX_HELD_ORDERS
            )
            running = asyncio.create_task(Runner(channel, board).run())
            publishing = asyncio.create_task(board.run())
            self._tell("ready", http=address)
            try:
                await bus.wait_closed()
                raise BusClosed("the bus closed the connection")
            finally:
                orders.release()
                await orders.wait_idle(SENDS_END_S)
                await consumption.close()
                await self._end(running)
                await statuses.close()
                publishing.cancel()
                await self._say_good_bye(board)

    async def _carry_calls(
        self, stack: AsyncExitStack, bus: Bus, board: Board[ChannelState], channel: CarriesCalls
    ) -> None:
        plans = Plans(bus, self._job.instance, channel)
        await plans.listen()

        def compare_when_ready(state: ChannelState) -> None:
            if state.state == "ready":
                plans.compare_soon()

        board.listen(compare_when_ready)
        stack.callback(bus.on_reconnect(plans.compare_soon))
        stack.callback(asyncio.create_task(plans.run()).cancel)

    async def _open_http(self, stack: AsyncExitStack, channel: Channel[Any], board: Board[ChannelState]) -> str:
        if not isinstance(channel, ServesHttp):
            return ""

        def health() -> dict[str, str]:
            return {"state": board.latest.state, "code": board.latest.code}

        serving = self._serve_http(channel.routes(), self._job.instance, self._job.http, health)
        address: str = await stack.enter_async_context(serving)
        return address

    async def _end(self, running: asyncio.Task[None]) -> None:
        running.cancel()
        await asyncio.wait({running}, timeout=RUN_END_S)
        if not running.done():
            self.is_stuck = True
            log.error("run() did not end within %g s of its cancellation", RUN_END_S)

    async def _say_good_bye(self, board: Board[ChannelState]) -> None:
        board.show(ChannelState(state="stopped"))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(FAREWELL_S):
                await board.flush()

    def _note(self, state: ChannelState, orders: Orders) -> None:
        self._tell("state", state=state.state, code=state.code)
        if state.state == "ready":
            orders.rouse()

    def _publisher(self, bus: Bus) -> Callable[[ChannelState], Awaitable[None]]:
        async def publish(state: ChannelState) -> None:
            state = msgspec.structs.replace(state, reason=self.censor(state.reason))
            await bus.publish(state, self._job.instance, msg_id=new_id())

        return publish

    def _reporter(self, bus: Bus) -> Publish:
        def censored(status: MessageStatus) -> MessageStatus:
            return msgspec.structs.replace(status, reason=self.censor(status.reason)) if status.reason else status

        async def report(event: MessageStatus | MessageStatuses, conversation_id: str | None) -> None:
            match event:
                case MessageStatus():
                    event = censored(event)
                case MessageStatuses():
                    event = MessageStatuses(statuses=tuple(censored(status) for status in event.statuses))
            msg_id = envelope_id(self._job.instance, event)
            await bus.publish(event, self._job.instance, msg_id=msg_id, conversation_id=conversation_id)

        return report


def _deliverer(orders: Orders) -> Callable[[list[Delivery]], Awaitable[None]]:
    async def deliver(batch: list[Delivery]) -> None:
        for delivery in batch:
            if not isinstance(delivery.event, SendMessage):
                raise TypeError(f"{delivery.envelope.type} is no order")
            if not await orders.deliver(Order(delivery.event, delivery.envelope.conversation_id)):
                await delivery.nak()

    return deliver


def _shower(channel: ShowsTyping) -> Callable[[Envelope, Event, str], Awaitable[None]]:
    async def show(envelope: Envelope, event: Event, instance: str) -> None:
        if isinstance(event, TypingShown):
            async with asyncio.timeout(TYPING_S):
                await channel.show_typing(event.recipient, is_typing=event.is_typing)

    return show
