"""Stands in for the hub: reads its job, says what the hub says, and puts into DESIRED what a test asked for."""

import asyncio
import json
import os
import signal
import sys

from core.bus import Bus, BusSettings
from core.config import decode_settings
from core.host.reports import Reports
from hub.supervisor.settings import bus_settings


async def main(job: dict, reports: Reports) -> None:
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    beating = asyncio.create_task(reports.beat())
    reports.send("started", version="test")
    async with await Bus.connect(decode_settings(BusSettings, bus_settings(job["nats"])), source="hub"):
        reports.send(
            "ready",
            url=f"http://127.0.0.1:{job.get('http', {}).get('port', 8080)}",
            first_admin={"username": "admin", "password": "only-a-test"},
        )
        print("the hub is up", file=sys.stderr, flush=True)
        await stopped.wait()
    beating.cancel()


if __name__ == "__main__":
    if os.environ.get("HUB_REFUSES"):
        reports = Reports.take_stdout()
        reports.send("refused", text="database_url: no such engine")
        sys.exit(78)
    asyncio.run(main(json.loads(sys.stdin.readline()), Reports.take_stdout()))
