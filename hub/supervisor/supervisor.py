"""The parent of everything: starts the bus, the hub and the plugins in order, and stops them in reverse."""

import asyncio
import logging
import socket
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

import msgspec

from core.bus import Bus, BusSettings
from core.clock import SystemClock
from core.config import decode_settings
from core.errors import LianxinError
from core.streams import BUCKETS, STREAMS
from hub.i18n import terminal_text
from hub.nats_server import ServerConfig, write_config
from hub.supervisor.accounts import Accounts, ClusterAccounts, EmbeddedAccounts
from hub.supervisor.answers import answer_questions
from hub.supervisor.child import Child, Limits, Order, Report
from hub.supervisor.data_dir import DataDir
from hub.supervisor.instances import Instances
from hub.supervisor.keeper import VITAL, Keeper, Status
from hub.supervisor.log_files import LogFiles
from hub.supervisor.nats_child import NatsChild
from hub.supervisor.phone_engines import PhoneEngines
from hub.supervisor.settings import RunSettings, bus_settings

log = logging.getLogger(__name__)

HUB: Final = (sys.executable, "-P", "-m", "hub")
SHOWN_LINES: Final = 3  # of what a hub that ended wrote last
HUB_START_S: Final = 60.0  # a migration of a large database has to fit


class Say(Protocol):
    """Prints a line for the person at the terminal; ``plain`` without our name before it."""

    def __call__(self, text: str, *, plain: bool = False) -> None: ...


class StartFailed(LianxinError):
    """The supervisor gave up; the text says what to look at."""

    code = "start_failed"


@dataclass(frozen=True, slots=True)
class Setup:
    """What to run, and with which settings; ``hub`` is the command of the hub's process."""

    data_dir: Path
    settings: RunSettings
    hub: tuple[str, ...] = HUB


async def supervise(setup: Setup, say: Say) -> None:
    """Run everything until cancelled; StartFailed or another LianxinError when it cannot run."""
    data = DataDir(setup.data_dir)
    await asyncio.to_thread(data.lock)
    try:
        with LogFiles(data.logs) as logs:
            await _run(setup, data, logs, say)
    finally:
        data.leave()


async def _run(setup: Setup, data: DataDir, logs: LogFiles, say: Say) -> None:
    async with _bus_server(setup, data, logs, say) as (access, accounts):
        own_seed = {} if "nats" in setup.settings.hub else {"seed": data.keys.seed("supervisor").reveal()}
        settings = decode_settings(BusSettings, bus_settings(access, **own_seed, inbox_prefix="_INBOX.supervisor"))
        async with await Bus.connect(settings, source="supervisor") as bus:
            await bus.ensure(STREAMS, BUCKETS)
            await answer_questions(bus)
            data.announce(settings.urls[0])
            hub = Hub(setup, data, logs, access, say)
            phone_engines = PhoneEngines(setup.settings.engine, data.path, say)
            instances = Instances(
                bus,
                accounts,
                data,
                logs,
                clock=SystemClock(),
                limits=setup.settings.plugins,
                phone_engines=phone_engines,
            )
            say(terminal_text("starting_hub"))
            async with (
                _running(phone_engines.run()),
                _running(hub.run()) as serving,
                _running(instances.run()) as following,
                _running(bus.wait_closed()) as expelled,
            ):
                done, _ = await asyncio.wait({serving, following, expelled}, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    task.result()
                raise StartFailed("the bus does not let the supervisor in any more")


class Hub:
    """The hub's process, and what it says at its start."""

    def __init__(self, setup: Setup, data: DataDir, logs: LogFiles, access: dict[str, Any], say: Say) -> None:
        job = {**setup.settings.hub, "data_dir": str(data.path.resolve()), "nats": access}
        self._order = Order(
            name="hub",
            command=setup.hub,
            job=msgspec.json.encode(job),
            limits=Limits(start_s=HUB_START_S),
        )
        self._write = logs.writer("hub")
        self._say = say

    async def run(self) -> None:
        """Keep the hub running until cancelled; StartFailed when it refuses its settings."""
        keeper = Keeper("the hub", self._start, self._show, VITAL)
        await keeper.run()
        raise StartFailed(f"the hub does not start: {keeper.status.detail}")

    def _start(self, on_report: Callable[[Report], None]) -> Child:
        def hear(report: Report) -> None:
            on_report(report)
            if report["event"] == "ready":
                self._announce(report)

        return Child(self._order, hear, self._write)

    def _announce(self, report: Report) -> None:
        match report.get("first_admin"):
            case {"username": str(username), "password": str(password)}:
                self._say(terminal_text("first_admin", username=username, password=password))
        for note in report.get("notes", ()):
            self._say(str(note))
        # scripts and people wait for this line: it starts with the word and nothing follows the address
        self._say(f"ready {report.get('url', '')}", plain=True)

    def _show(self, status: Status) -> None:
        if status.process == "restarting":
            self._say(terminal_text("hub_ended", reason=status.reason, detail=status.detail))
            for line in status.log[-SHOWN_LINES:]:
                self._say(f"  {line}")


@asynccontextmanager
async def _bus_server(
    setup: Setup, data: DataDir, logs: LogFiles, say: Say
) -> AsyncIterator[tuple[dict[str, Any], Accounts]]:
    """Run the embedded server, unless the settings name a cluster; yields the hub's access and the accounts."""
    if cluster := setup.settings.hub.get("nats"):
        say(terminal_text("using_bus"))
        yield cluster, ClusterAccounts(bus_settings(cluster), data.keys)
        return
    say(terminal_text("starting_bus"))
    config = ServerConfig(data_dir=data.nats.resolve(), port=_free_port())
    await asyncio.to_thread(write_config, config, {})
    server: NatsChild | None = None
    write = logs.writer("nats-server")

    def start(on_report: Callable[[Report], None]) -> NatsChild:
        nonlocal server
        server = NatsChild(config, on_report, write)
        return server

    async def reload() -> None:
        if server is not None:
            await server.reload()

    access = {"url": config.url, "seed": data.keys.seed("hub").reveal(), "inbox_prefix": "_INBOX.hub"}
    keeper = Keeper("the bus", start, lambda status: None, VITAL)
    async with _running(keeper.run()):
        yield access, EmbeddedAccounts(config, reload)


@asynccontextmanager
async def _running(work: Coroutine[Any, Any, None]) -> AsyncIterator[asyncio.Task[None]]:
    """Do ``work`` beside the body, and end it with it."""
    task = asyncio.create_task(work)
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.wait({task})


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
