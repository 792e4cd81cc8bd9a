"""A supervisor in a process of its own, as ``lianxin run`` starts it, with a stand-in for the hub."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import psutil
import pytest

from core.bus import Bus, BusSettings
from core.config import Secret
from core.events import DesiredInstance, InstanceStatus
from core.streams import DESIRED
from hub.store.secrets import Sealer
from hub.supervisor.data_dir import DataDir

FAKE_HUB = Path(__file__).with_name("fake_hub.py")
PLUGINS = Path(__file__).with_name("plugins")
START = """
import json
import sys
from pathlib import Path
from hub.cli.run import _until_stopped
from hub.cli.terminal import log_to_terminal, run_loop
from core.config import decode_settings
from hub.engine.settings import EngineSettings
from hub.supervisor.settings import PluginLimits, RunSettings
from hub.supervisor.supervisor import Setup
log_to_terminal()
more = json.loads(sys.argv[3])
limits = {"memory_mib_of": {"memory": 200}, "silence_s": 3.0, "fence_after": 3, **more.pop("plugins", {})}
engine = decode_settings(EngineSettings, more.pop("engine", {}))
settings = RunSettings({"http": {"port": 18080}, **more}, PluginLimits(**limits), engine)
sys.exit(run_loop(_until_stopped(Setup(Path(sys.argv[1]), settings, hub=(sys.executable, "-P", sys.argv[2])))))
"""
WAIT_S = 30.0


class Supervised:
    """A running supervisor and the hub's way to it."""

    def __init__(self, process: asyncio.subprocess.Process, data: DataDir) -> None:
        self.process = process
        self.data = data
        self.printed: list[str] = []
        self.statuses: list[InstanceStatus] = []
        self._revision = 0
        self._news = asyncio.Condition()
        self._bus: Bus | None = None

    async def line(self, wanted: str) -> str:
        """Return the printed line that contains ``wanted``."""
        assert self.process.stdout is not None
        async with asyncio.timeout(WAIT_S):
            while line := (await self.process.stdout.readline()).decode():
                self.printed.append(line.rstrip())
                if wanted in line:
                    return line.rstrip()
        raise AssertionError(f"{wanted!r} was not printed, but {self.printed}")

    async def connect(self, **tls: str) -> Bus:
        running = self.data.running()
        assert running is not None
        seed = self.data.keys.seed("hub").reveal()
        self._bus = await Bus.connect(BusSettings(url=running.nats_url, seed=Secret(seed), **tls), source="hub")
        await self._bus.subscribe("hub.plugin.{id}.status.changed", self._hear)
        return self._bus

    async def want(self, instance: str, plugin: str, settings: str = "{}", *, is_enabled: bool = True) -> None:
        assert self._bus is not None
        self._revision += 1
        sealed = Sealer.load(self.data.path / "keys" / "data.key").seal(settings)
        desired = DesiredInstance(
            instance=instance, plugin=plugin, is_enabled=is_enabled, settings=sealed, revision=self._revision
        )
        await self._bus.bucket(DESIRED, DesiredInstance).put(instance, desired)

    async def status(self, instance: str, is_it: Callable[[InstanceStatus], bool]) -> InstanceStatus:
        """Return the first status of ``instance`` that fits."""

        def found() -> InstanceStatus | None:
            return next((status for status in self.statuses if status.instance == instance and is_it(status)), None)

        try:
            async with asyncio.timeout(WAIT_S), self._news:
                await self._news.wait_for(lambda: found() is not None)
        except TimeoutError:
            pytest.fail(f"{instance} never got there: {self.statuses}")
        status = found()
        assert status is not None
        return status

    async def _hear(self, envelope, event, instance: str) -> None:
        async with self._news:
            self.statuses.append(event)
            self._news.notify_all()

    async def close(self) -> None:
        if self._bus is not None:
            await self._bus.close()
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGTERM)
            async with asyncio.timeout(WAIT_S):
                await self.process.communicate()


@asynccontextmanager
async def supervise(tmp_path: Path, settings: str = "{}") -> AsyncIterator[Supervised]:
    """Run a supervisor that has said that it is ready."""
    data = tmp_path / "data"
    installed = tmp_path / "site" / "faulty-1.0.dist-info"
    installed.mkdir(parents=True, exist_ok=True)
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: faulty\nVersion: 1.0\n")
    (installed / "entry_points.txt").write_text("[lianxin.plugins]\nfaulty = faulty\n")
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-P", "-c", START, str(data), str(FAKE_HUB), settings,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": f"{PLUGINS}{os.pathsep}{installed.parent}"},
    )  # fmt: skip
    supervised = Supervised(process, DataDir(data))
    try:
        await supervised.line("ready http://127.0.0.1:18080")
        yield supervised
    finally:
        await supervised.close()


@pytest.fixture
async def supervised(tmp_path: Path) -> AsyncIterator[Supervised]:
    """Yield a supervisor with everything of its own."""
    async with supervise(tmp_path) as supervised:
        yield supervised


def descendants(pid: int) -> list[psutil.Process]:
    return psutil.Process(pid).children(recursive=True)
