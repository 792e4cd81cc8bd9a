"""Looks at the whole installation every few seconds and keeps the last minutes for the charts."""

import asyncio
import logging
import os
import shutil
import time
from collections import deque
from datetime import datetime
from pathlib import Path
from typing import Final

from core.bus import Bus
from core.bus.inspection import StreamState
from core.clock import Clock
from core.errors import LianxinError
from core.streams import DEAD, STREAMS
from hub.backup.backups import Backups
from hub.calls.engines import Engines
from hub.figures.wallboard import Wallboard
from hub.plugin_instances import PluginInstances
from hub.settings import HubSettings, default_database
from hub.system.advice import WORKING, advise
from hub.system.processes import Seen, family
from hub.system.views import Moment, ProcessView, Storage, SystemView

log = logging.getLogger(__name__)

EVERY_S: Final = 5.0
MOMENTS: Final = 180  # a quarter of an hour


class SystemMonitor:
    """Keeps the latest view; a look costs a few milliseconds in a thread and a dozen questions on the bus."""

    def __init__(
        self,
        clock: Clock,
        bus: Bus,
        settings: HubSettings,
        *,
        version: str,
        plugins: PluginInstances,
        engines: Engines,
        wallboard: Wallboard,
        backups: Backups,
    ) -> None:
        self._clock = clock
        self._bus = bus
        self._settings = settings
        self._version = version
        self._plugins = plugins
        self._engines = engines
        self._wallboard = wallboard
        self._backups = backups
        self._started_at = clock.now()
        self._history: deque[Moment] = deque(maxlen=MOMENTS)
        self._before: dict[tuple[int, int], float] = {}  # processor seconds by process
        self._looked_at = time.monotonic()
        self._view: SystemView | None = None
        self._turn = asyncio.Lock()

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            try:
                await self._look()
            except LianxinError as error:
                log.debug("the system was not looked at: %s", error)
            await asyncio.sleep(EVERY_S)

    async def view(self) -> SystemView:
        """Return what was last seen."""
        return self._view or await self._look()

    async def _look(self) -> SystemView:
        async with self._turn:
            now = self._clock.now()
            processes = await asyncio.to_thread(self._processes)
            streams = [state for one in STREAMS if (state := await self._bus.inspect(one.name)) is not None]
            storage = await asyncio.to_thread(self._storage)
            dead_letters = sum(one.messages for one in streams if one.name == DEAD.name)
            waiting = sum(reader.waiting for one in streams if one.name in WORKING for reader in one.readers)
            self._history.append(
                Moment(
                    at=now,
                    cpu=sum(one.cpu for one in processes),
                    memory_bytes=sum(one.memory_bytes for one in processes),
                    waiting=waiting,
                )
            )
            self._view = await self._compose(now, processes, streams, storage, dead_letters)
            return self._view

    async def _compose(
        self,
        now: datetime,
        processes: list[ProcessView],
        streams: list[StreamState],
        storage: Storage,
        dead_letters: int,
    ) -> SystemView:
        backups = (await self._backups.overview()).items
        lines = list(self._wallboard.lines)
        return SystemView(
            at=now,
            version=self._version,
            started_at=self._started_at,
            processes=processes,
            streams=streams,
            storage=storage,
            lines=lines,
            engines=await self._engines.views(),
            dead_letters=dead_letters,
            advice=advise(
                storage=storage,
                streams=streams,
                statuses=self._plugins.statuses.values(),
                lines=lines,
                dead_letters=dead_letters,
                last_backup=backups[0].made_at if backups else None,
                now=now,
            ),
            history=list(self._history),
        )

    def _processes(self) -> list[ProcessView]:
        now = time.monotonic()
        elapsed_s = max(now - self._looked_at, 0.001)
        self._looked_at = now
        seen = family(os.getpid())
        instances = {status.pid: status for status in self._plugins.statuses.values() if status.pid}
        before, self._before = self._before, {(one.pid, one.started_ticks): one.cpu_s for one in seen}

        def cpu(one: Seen) -> float:
            return max(0.0, one.cpu_s - before.get((one.pid, one.started_ticks), one.cpu_s)) / elapsed_s

        return [
            ProcessView(
                pid=one.pid,
                role=one.role,
                name=status.instance if (status := instances.get(one.pid)) else "",
                cpu=cpu(one),
                memory_bytes=one.memory_bytes,
                restarts=status.restarts if status else 0,
            )
            for one in seen
        ]

    def _storage(self) -> Storage:
        folder = self._settings.data_dir
        disk = shutil.disk_usage(folder)
        database = None if self._settings.database_url else _size(default_database(folder))
        return Storage(folder=str(folder), total_bytes=disk.total, free_bytes=disk.free, database_bytes=database)


def _size(database: Path) -> int:
    """Return how much the file of an embedded database takes, with what is not yet folded in."""
    files = (database, database.with_name(database.name + "-wal"))
    return sum(file.stat().st_size for file in files if file.exists())
