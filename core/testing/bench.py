"""A channel in its host, in this process, on a real bus, with the hub's end in the test's hand."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

from core.bus import Bus, BusSettings, Delivery
from core.channel import Channel, Link
from core.events import (
    Attachment,
    ChannelState,
    Envelope,
    Event,
    History,
    MessageReceived,
    MessageStatus,
    MessageStatuses,
    SendMessage,
    TypingReported,
)
from core.host.host import Host
from core.host.job import HostJob
from core.ids import new_id
from core.streams import BUCKETS, STREAMS, Consumer, orders_consumer
from core.subjects import PATTERNS, fill

WAIT_S: Final = 15.0
STOP_LIMIT_S: Final = 5.0

_numbers = itertools.count(1)


class NotReported(AssertionError):
    """What a test waited for did not come; the text lists what came instead."""


class Bench:
    """The hub's end: gives orders and sees what the host reports about its one instance."""

    def __init__(self, bus: Bus, url: str, instance: str) -> None:
        self.bus = bus
        self._url = url
        self.instance = instance
        self.seen: list[Event] = []
        self.emitted: list[Event] = []
        self.reports: list[dict[str, Any]] = []
        self.settings: dict[str, Any] | None = None
        self.channel: Channel[Any] | None = None
        self.host: Host | None = None
        self._news = asyncio.Condition()

    @classmethod
    @asynccontextmanager
    async def open(cls, url: str) -> AsyncIterator["Bench"]:
        """Yield a bench with an instance name of its own on the server at ``url``."""
        instance = f"contract-{next(_numbers)}-{new_id()[-8:]}"
        async with await Bus.connect(BusSettings(url=url), source="hub") as bus:
            consumers = [
                Consumer("IN", instance, f"hub.channel.{instance}.>"),
                Consumer("STATE", instance, f"hub.channel.{instance}.>"),
                orders_consumer(instance),
            ]
            await bus.ensure(STREAMS, BUCKETS, consumers)
            bench = cls(bus, url, instance)
            for stream in ("IN", "STATE"):
                bus.consume(stream, instance, bench._take, batch=1)
            await bus.subscribe(fill(PATTERNS[TypingReported], instance), bench._hear)
            yield bench

    @asynccontextmanager
    async def running(
        self, channel_type: type[Channel[Any]], settings: dict[str, Any], data_dir: Path
    ) -> AsyncIterator["Bench"]:
        """Run a host around ``channel_type`` meanwhile; NotReported when it does not end in time."""
        job = HostJob(
            instance=self.instance,
            plugin=channel_type.__module__,
            settings=settings,
            nats={"url": self._url},
            data_dir=str(data_dir),
        )
        self.host = Host(job, self._watched(channel_type), self._tell)
        task = asyncio.create_task(self.host.run())
        try:
            yield self
        finally:
            await self._stop(task)

    @property
    def http(self) -> str:
        """Return where the channel serves HTTP, "" when it does not."""
        ready = [report["http"] for report in self.reports if report["event"] == "ready"]
        return ready[-1] if ready else ""

    async def order(self, message: SendMessage) -> None:
        """Give an order; the same one again is a new envelope about the same message."""
        await self.bus.publish(message, self.instance, msg_id=new_id())

    async def ready(self) -> None:
        """Return when the channel says that it is ready, and was not already when it was started last."""
        await self.wait_until(lambda: bool(self.states) and self.states[-1].state == "ready")

    async def status(self, message_id: str, *states: str) -> MessageStatus:
        """Return the newest status of a message once it is one of ``states``."""

        def newest() -> MessageStatus | None:
            mine = [e for e in self.seen if isinstance(e, MessageStatus) and e.message_id == message_id]
            return mine[-1] if mine and mine[-1].status in states else None

        await self.wait_until(lambda: newest() is not None)
        status = newest()
        assert status is not None
        return status

    async def event(self, event: Event) -> None:
        """Return when ``event`` reached the hub."""
        await self.wait_until(lambda: event in self.seen)

    async def wait_until(self, is_true: Callable[[], bool]) -> None:
        """Return when ``is_true`` of what was seen."""
        try:
            async with asyncio.timeout(WAIT_S), self._news:
                await self._news.wait_for(is_true)
        except TimeoutError:
            raise NotReported(f"not reported within {WAIT_S:g} s; this was: {self.seen}") from None

    @property
    def states(self) -> list[ChannelState]:
        """Return the channel's states, oldest first."""
        return [event for event in self.seen if isinstance(event, ChannelState)]

    @property
    def messages(self) -> list[MessageReceived]:
        """Return the received messages, oldest first."""
        return [event for event in self.seen if isinstance(event, MessageReceived)]

    async def _stop(self, task: asyncio.Task[None]) -> None:
        assert self.host is not None
        task.cancel()
        _, late = await asyncio.wait({task}, timeout=STOP_LIMIT_S)
        if late or self.host.is_stuck:
            raise NotReported(f"the channel did not stop within {STOP_LIMIT_S:g} s of its cancellation")
        if not task.cancelled() and (error := task.exception()) is not None:
            raise error

    async def _take(self, batch: list[Delivery]) -> None:
        async with self._news:
            for delivery in batch:
                event = delivery.event
                self.seen += event.statuses if isinstance(event, MessageStatuses) else (event,)
            self._news.notify_all()

    async def _hear(self, envelope: Envelope, event: Event, instance: str) -> None:
        async with self._news:
            self.seen.append(event)
            self._news.notify_all()

    def _tell(self, event: str, **fields: Any) -> None:
        self.reports.append({"event": event, **fields})

    def _watched(self, channel_type: type[Channel[Any]]) -> type[Channel[Any]]:
        bench = self

        class Watched(channel_type):  # type: ignore[valid-type, misc]
            def __init__(self, config: Any, link: Link) -> None:
                super().__init__(config, Recorder(link, bench.emitted))
                bench.channel = self

        Watched.__name__ = channel_type.__name__
        return Watched


class Recorder:
    """A link that notes what is emitted before the host drops what repeats itself."""

    def __init__(self, link: Link, emitted: list[Event]) -> None:
        self._link = link
        self._emitted = emitted
        self.instance = link.instance
        self.data_dir = link.data_dir

    async def emit(self, event: Event) -> None:
        self._emitted.append(event)
        await self._link.emit(event)

    async def history(self, address: str, *, after_seq: int = 0, limit: int = 50) -> History:
        return await self._link.history(address, after_seq=after_seq, limit=limit)

    async def put_media(self, data: bytes, *, mime: str, name: str = "") -> Attachment:
        return await self._link.put_media(data, mime=mime, name=name)

    async def put_file(self, path: Path, *, mime: str, name: str = "") -> Attachment:
        return await self._link.put_file(path, mime=mime, name=name)

    async def get_media(self, media_id: str) -> tuple[bytes, str]:
        return await self._link.get_media(media_id)
