"""One plugin instance at work: its channel between the far end and the bus."""

import asyncio
import importlib
import logging
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Final

import msgspec

from core.board import Board
from core.bus import Bus, Delivery
from core.channel import CarriesCalls, Channel, ServesHttp, ShowsTyping, TapsCalls
from core.events import (
    ChannelState,
    Envelope,
    Event,
    MessageStatus,
    MessageStatuses,
    SendMessage,
    TapsPlan,
    TypingShown,
)
from core.host.calls import Plans
from core.host.job import HostJob
from core.host.lifecycle import PluginHost, Tell
from core.host.link import HubLink, envelope_id
from core.host.orders import Order, Orders
from core.host.sent import NoLedger, SentLedger
from core.host.statuses import Publish, Statuses
from core.streams import ORDERS, SENT
from core.subjects import PATTERNS, fill

log = logging.getLogger(__name__)

MAX_HELD_ORDERS: Final = 256
SENDS_END_S: Final = 2.0  # of the five seconds a supervisor gives: for sends under way
TYPING_S: Final = 5.0


class Host(PluginHost):
    """The host of a channel."""

    def __init__(self, job: HostJob, channel_type: type[Channel[Any]], tell: Tell) -> None:
        super().__init__(job, channel_type.config_type, tell)
        self._channel_type = channel_type
        if issubclass(channel_type, ServesHttp):
            # only channels that need the web server pay for it, and not while an event loop waits
            self._serve_http = importlib.import_module("core.host.http").serve

    async def _serve(self, bus: Bus) -> None:
        board = self._board(bus)
        statuses = Statuses(self._reporter(bus))
        link = HubLink(bus, self._job.instance, Path(self._job.data_dir), board.show, statuses)
        channel = self._channel_type(self._config, link)
        self._carries = channel.carries
        ledger = NoLedger() if channel.deduplicates else SentLedger(bus.bucket(SENT), self._job.instance)
        orders = Orders(channel, ledger, statuses.report)
        board.listen(lambda state: orders.rouse() if state.state == "ready" else None)
        async with AsyncExitStack() as stack:
            address = await self._open_http(stack, channel, board)
            if isinstance(channel, ShowsTyping):
                await bus.subscribe(fill(PATTERNS[TypingShown], self._job.instance), _shower(channel), concurrency=4)
            if isinstance(channel, TapsCalls):
                await bus.subscribe(fill(PATTERNS[TapsPlan], self._job.instance), _tapper(channel), concurrency=1)
            if isinstance(channel, CarriesCalls):
                await self._carry_calls(stack, bus, board, channel)
            stack.callback(bus.on_reconnect(orders.release))
            consumption = bus.consume(
                ORDERS.name, self._job.instance, _deliverer(orders), batch=1, concurrency=MAX_HELD_ORDERS
            )

            async def end() -> None:
                orders.release()
                await orders.wait_idle(SENDS_END_S)
                await consumption.close()

            try:
                await self._keep_running(bus, channel, board, end, http=address)
            finally:
                await statuses.close()

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


def _tapper(channel: TapsCalls) -> Callable[[Envelope, Event, str], Awaitable[None]]:
    async def tap(envelope: Envelope, event: Event, instance: str) -> None:
        if isinstance(event, TapsPlan):
            await channel.tap(event)

    return tap
