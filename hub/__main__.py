"""``python -P -m hub``: one hub process, told its settings in one JSON line on standard input."""

import asyncio
import logging
import signal
import sys
from typing import Any

import msgspec

from core.config import decode_settings
from core.errors import ConfigInvalid, LianxinError
from core.host.censor import Censor
from core.host.job import MAX_LINE_BYTES
from core.host.logs import log_as_json
from core.host.reports import EXIT_CONFIG, Reports
from core.loop import run as run_loop
from core.loop import spare_start_up
from hub.allocator import give_memory_back
from hub.app import Hub
from hub.demo import demo_notes
from hub.settings import HubSettings

log = logging.getLogger("hub")


def main() -> int:
    """Return the exit status."""
    give_memory_back()
    reports = Reports.take_stdout()
    log_as_json("hub", Censor())
    try:
        raw: dict[str, Any] = msgspec.json.decode(sys.stdin.buffer.readline(MAX_LINE_BYTES), type=dict[str, Any])
        settings = decode_settings(HubSettings, raw)
    except (ConfigInvalid, msgspec.MsgspecError) as error:
        reports.send("refused", text=str(error))
        return EXIT_CONFIG
    reports.send("started")
    return run_loop(_until_stopped(settings, reports))


async def _until_stopped(settings: HubSettings, reports: Reports) -> int:
    loop = asyncio.get_running_loop()
    running = asyncio.create_task(Hub(settings).run(lambda hub: _ready(hub, reports)))
    beating = asyncio.create_task(reports.beat())
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, running.cancel)
    try:
        await running
    except asyncio.CancelledError:
        return 0
    except ConfigInvalid as error:
        reports.send("refused", text=str(error))
        return EXIT_CONFIG
    except LianxinError as error:
        log.error("%s: %s", error.code, error)
        return 1
    finally:
        beating.cancel()
    return 0


def _ready(hub: Hub, reports: Reports) -> None:
    spare_start_up()
    first = hub.first_admin
    told = {"first_admin": {"username": first[0], "password": first[1]}} if first else {}
    reports.send("ready", url=hub.url, notes=demo_notes(hub.url) if hub.is_demo else [], **told)


if __name__ == "__main__":
    sys.exit(main())
