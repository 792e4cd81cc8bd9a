"""A whole hub inside the test's process: real bus, database and sockets; only channels are played by the test."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tortoise.queryset import QuerySet

from core.bus import Bus, BusSettings
from core.clock import Clock
from core.testing.nats import NatsServer
from hub.app import Hub
from hub.services import Services
from hub.settings import HttpSettings, HubSettings, LimitSettings, NatsSettings, SearchSettings
from tests.hub.support.channel import FakeChannel

START_S = 60.0  # a machine that does much else takes its time
INSTANCE = "web_chat-main"
PATIENT = {"calls_per_second": 10_000, "logins_per_minute": 10_000}  # what is not about limits meets none


class House:
    """A hub that can be stopped and started again on the same data, and the far side of its bus."""

    def __init__(self, nats: NatsServer, folder: Path, *, clock: Clock | None = None, **options: Any) -> None:
        self.nats = nats
        self.clock = clock
        limits = LimitSettings(**{**PATIENT, **options.pop("limits", {})})
        self.settings = HubSettings(
            data_dir=folder,
            nats=NatsSettings(url=nats.url),
            http=HttpSettings(port=0, **options.pop("http", {})),
            limits=limits,
            demo=options.pop("demo", True),
            search=options.pop("search", SearchSettings(is_enabled=False)),  # a process that few tests need
            **options,
        )
        self.hub: Hub
        self._task: asyncio.Task[None] | None = None

    @property
    def services(self) -> Services:
        """Return what the hub is made of."""
        return self.hub.services

    @property
    def url(self) -> str:
        """Return where browsers reach it."""
        return self.hub.url

    async def start(self, within_s: float = START_S) -> None:
        """Return when browsers and channels can come."""
        (self.settings.data_dir / "keys").mkdir(parents=True, exist_ok=True)
        self.hub = Hub(self.settings, self.clock)
        ready = asyncio.Event()
        self._task = asyncio.create_task(self.hub.run(lambda _hub: ready.set()), name="hub")
        waiting = asyncio.create_task(ready.wait())
        await asyncio.wait({self._task, waiting}, timeout=within_s, return_when=asyncio.FIRST_COMPLETED)
        if not ready.is_set():
            waiting.cancel()
            if self._task.done():
                await self._task  # says what went wrong
            await self.stop()
            raise TimeoutError("the hub did not start")

    async def stop(self) -> None:
        """Stop it in order."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    async def restart(self) -> None:
        """Stop it and start another on the same data."""
        await self.stop()
        await self.start()

    @asynccontextmanager
    async def channel(self, instance: str = INSTANCE) -> AsyncIterator[FakeChannel]:
        """Play one channel's plugin."""
        async with await Bus.connect(BusSettings(url=self.nats.url), source=instance) as bus:
            channel = FakeChannel(bus, instance)
            await channel.open()
            yield channel


async def eventually(rows: QuerySet[Any]) -> None:
    """Return when there are such rows."""
    async with asyncio.timeout(30):
        while not await rows.exists():
            await asyncio.sleep(0.005)


async def until(holds: Callable[[], Any], within_s: float = 30.0) -> None:
    """Wait until ``holds``, looking again at every turn of the loop; for what nobody announces."""
    async with asyncio.timeout(within_s):
        while not holds():
            await asyncio.sleep(0.002)
