"""``python -P -m hub.knowledge.search``: the search process, told its job in one JSON line on standard input."""

import asyncio
import logging
import os
import signal
import sys
from pathlib import Path
from typing import Final

import msgspec

from core.bus import Bus, BusSettings
from core.config import decode_settings
from core.errors import ConfigInvalid, LianxinError
from core.host.censor import Censor
from core.host.job import MAX_LINE_BYTES
from core.host.logs import log_as_json
from core.host.reports import EXIT_CONFIG, Reports
from core.loop import run as run_loop
from core.loop import spare_start_up
from hub.knowledge.search.job import SearchJob
from hub.knowledge.search.service import SearchService

log = logging.getLogger("hub.search")

NICENESS: Final = 5  # messages come first
SWITCH_S: Final = 0.001  # a search in one thread must not wait long for the indexing in another


def main() -> int:
    """Return the exit status."""
    reports = Reports.take_stdout()
    log_as_json("search", Censor())
    try:
        job = msgspec.json.decode(sys.stdin.buffer.readline(MAX_LINE_BYTES), type=SearchJob)
        settings = decode_settings(BusSettings, job.nats)
    except (ConfigInvalid, msgspec.MsgspecError) as error:
        reports.send("refused", text=str(error))
        return EXIT_CONFIG
    sys.setswitchinterval(SWITCH_S)
    if sys.platform != "win32":
        os.nice(NICENESS)
    reports.send("started")
    return run_loop(_until_stopped(job, settings, reports))


async def _until_stopped(job: SearchJob, settings: BusSettings, reports: Reports) -> int:
    loop = asyncio.get_running_loop()
    running = asyncio.create_task(_run(job, settings, reports))
    beating = asyncio.create_task(reports.beat())
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, running.cancel)
    try:
        await running
    except asyncio.CancelledError:
        return 0
    except ImportError as error:
        reports.send("refused", text=f"engine {job.engine}: {error}")
        return EXIT_CONFIG
    except LianxinError as error:
        log.error("%s: %s", error.code, error)
        return 1
    finally:
        beating.cancel()
    return 0


async def _run(job: SearchJob, settings: BusSettings, reports: Reports) -> None:
    def ready() -> None:
        spare_start_up()
        reports.send("ready")

    async with await Bus.connect(settings, source="search") as bus:
        await SearchService(bus, Path(job.folder), job.engine).run(ready)


if __name__ == "__main__":
    sys.exit(main())
