"""The search process as the hub's child: started with it, restarted when it dies, gone when it goes (docs/adr/0016)."""

import logging
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import msgspec

from hub.knowledge.finding import Finder
from hub.knowledge.search.job import SearchJob
from hub.settings import NatsSettings, SearchSettings
from hub.supervisor.child import Child, Limits, Order, Report
from hub.supervisor.keeper import VITAL, Keeper, Status

log = logging.getLogger(__name__)

COMMAND: Final = (sys.executable, "-P", "-m", "hub.knowledge.search")


class SearchProcess:
    """Keeps the process alive and tells the finder when somebody answers."""

    def __init__(self, settings: SearchSettings, nats: NatsSettings, data_dir: Path, finder: Finder) -> None:
        job = SearchJob(engine=settings.engine, folder=str(data_dir / "search"), nats=_bus_settings(nats))
        self._order = Order(
            name="search",
            command=COMMAND,
            job=msgspec.json.encode(job),
            limits=Limits(memory_bytes=settings.memory_mb * 1_048_576),
            is_expendable=True,
        )
        self._finder = finder
        self.keeper = Keeper("the search", self._start, self._show, VITAL)

    async def run(self) -> None:
        """Keep it running until cancelled."""
        try:
            await self.keeper.run()
            log.error("there is no search: %s", self.keeper.status.detail)
        finally:
            self._finder.is_up = False

    def _start(self, on_report: Callable[[Report], None]) -> Child:
        def hear(report: Report) -> None:
            on_report(report)
            if report["event"] == "ready":
                self._finder.is_up = True

        return Child(self._order, hear, _pass_on)

    def _show(self, status: Status) -> None:
        if status.process != "running":
            self._finder.is_up = False


def _pass_on(line: str) -> None:
    """Let a line of the child's log stand in the hub's own."""
    sys.stderr.write(line + "\n")


def _bus_settings(nats: NatsSettings) -> dict[str, Any]:
    return {
        "url": nats.url,
        "seed": nats.seed.reveal(),
        "inbox_prefix": nats.inbox_prefix,
        "tls_ca": nats.tls_ca,
        "tls_cert": nats.tls_certificate,
        "tls_key": nats.tls_key,
    }
