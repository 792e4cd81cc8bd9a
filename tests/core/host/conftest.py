"""A host in this process, on a real bus, around a channel whose far end is a list."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from core.bus import Bus, BusSettings, Delivery
from core.channel import Channel, ChannelConfig
from core.config import Secret
from core.events import Carries, ChannelState, Event, MessageStatuses, SendMessage
from core.host.host import Host
from core.host.job import HostJob
from core.streams import BUCKETS, STREAMS, Consumer, orders_consumer
from core.testing.nats import NatsServer, nats_server  # noqa: F401

INSTANCE = "box-main"
READY = ChannelState(state="ready", carries=Carries())  # as the host says it of a channel
WAIT_S = 30.0


class BoxConfig(ChannelConfig, frozen=True, kw_only=True):
    name: str = "box"
    key: Secret = Secret("")


class Box(Channel[BoxConfig]):
    """Ready at once; what is sent lands in ``taken``, after whatever ``answers`` holds for it."""

    config_type = BoxConfig

    def __init__(self, config, link) -> None:
        super().__init__(config, link)
        self.taken: list[SendMessage] = []
        self.answers: list[Exception | Callable[[SendMessage], Awaitable[str]]] = []

    async def run(self) -> None:
        await self.emit(ChannelState(state="ready"))
        await asyncio.Event().wait()

    async def send(self, message: SendMessage) -> str:
        if self.answers:
            answer = self.answers.pop(0)
            if isinstance(answer, Exception):
                raise answer
            return await answer(message)
        self.taken.append(message)
        return f"x-{len(self.taken)}"

    def normalize(self, address: str) -> str:
        return address.strip()


class Hub:
    """The hub's end of the bus: gives orders and sees what the host reports."""

    def __init__(self, bus: Bus) -> None:
        self.bus = bus
        self.seen: list[Event] = []
        self._news = asyncio.Condition()
        bus.consume("IN", "hub", self._take, batch=1)
        bus.consume("STATE", "states", self._take, batch=1)

    async def order(self, message_id: str, text: str = "hello", to: str = "box:anna") -> None:
        message = SendMessage(message_id=message_id, recipient=to, text=text)
        await self.bus.publish(message, INSTANCE, msg_id=message_id, conversation_id="c-1")

    async def wait_for(self, *wanted: Event) -> None:
        """Return when each of ``wanted`` was reported; fails with what was reported instead."""
        await self.wait_until(lambda: all(event in self.seen for event in wanted))

    async def wait_until(self, is_true: Callable[[], bool]) -> None:
        try:
            async with asyncio.timeout(WAIT_S), self._news:
                await self._news.wait_for(is_true)
        except TimeoutError:
            pytest.fail(f"not reported within {WAIT_S} s; seen: {self.seen}")

    async def _take(self, batch: list[Delivery]) -> None:
        async with self._news:
            for delivery in batch:
                event = delivery.event
                self.seen += event.statuses if isinstance(event, MessageStatuses) else (event,)
            self._news.notify_all()


@pytest.fixture
async def hub(nats_server: NatsServer) -> AsyncIterator[Hub]:  # noqa: F811
    async with await Bus.connect(BusSettings(url=nats_server.url), source="hub") as bus:
        await bus.ensure(
            STREAMS, BUCKETS, [Consumer("IN", "hub"), Consumer("STATE", "states"), orders_consumer(INSTANCE)]
        )
        yield Hub(bus)


class Started:
    """A running host, its channel and its reports to the supervisor."""

    def __init__(self) -> None:
        self.channel: Any = None
        self.reports: list[dict[str, Any]] = []
        self.host: Host = None  # type: ignore[assignment]

    def tell(self, event: str, **fields: Any) -> None:
        self.reports.append({"event": event, **fields})


@pytest.fixture
def start(nats_server: NatsServer, tmp_path):  # noqa: F811
    """Return a context that runs a host around a channel class."""

    @asynccontextmanager
    async def run(channel_type: type[Channel] = Box, settings: dict[str, Any] | None = None) -> AsyncIterator[Started]:
        started = Started()

        class Watched(channel_type):  # type: ignore[valid-type,misc]
            def __init__(self, config, link) -> None:
                super().__init__(config, link)
                started.channel = self

        job = HostJob(
            instance=INSTANCE,
            plugin="box",
            settings=settings or {},
            nats={"url": nats_server.url},
            data_dir=str(tmp_path),
        )
        started.host = Host(job, Watched, started.tell)
        running = asyncio.create_task(started.host.run())
        try:
            yield started
        finally:
            running.cancel()
            await asyncio.wait({running})
            if not running.cancelled() and (error := running.exception()):
                raise error

    return run
