"""Kannel between the SMSC of the benchmark and an HTTP server that does nothing: its rate, and what it risks."""

import asyncio
import tempfile
import time
from pathlib import Path

from aiohttp import web

from benchmarks.sms_network import Network, short_message
from tests.plugins.sms.support.kannel import running_kannel


async def kannel_rate(messages: int) -> tuple[float, int]:
    """Return messages a second, and for how many at most Kannel had answered that were nowhere but with itself.

    Kannel keeps those in memory and writes its store file now and then without waiting for the disk: a power cut loses
    them, and the SMSC does not repeat what was answered.
    """
    arrived = at_risk = 0
    network = Network()

    async def count(_: web.Request) -> web.Response:
        nonlocal arrived, at_risk
        at_risk = max(at_risk, network.answered - arrived)
        arrived += 1
        return web.Response()

    app = web.Application()
    app.router.add_get("/channels/sms-main/mo", count)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    delivering = asyncio.create_task(network.deliver_all())
    try:
        with tempfile.TemporaryDirectory(prefix="lianxin-sms-") as name:
            async with running_kannel(Path(name), network) as kannel:
                await web.TCPSite(runner, "127.0.0.1", kannel["port"]).start()
                began = time.monotonic()
                for number in range(messages):
                    network.to_deliver.put_nowait(short_message(number))
                while arrived < messages:
                    await asyncio.sleep(0.01)
                return messages / (time.monotonic() - began), at_risk
    finally:
        delivering.cancel()
        await network.stop()
        await runner.cleanup()
