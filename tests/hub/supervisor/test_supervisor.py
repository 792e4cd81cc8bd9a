import asyncio
import os
import signal

import psutil

from .conftest import Supervised, descendants


async def test_it_says_what_it_does_and_when_it_is_ready(supervised: Supervised):
    assert supervised.printed == [
        "lianxin: starting the bus",
        "lianxin: starting the hub",
        "lianxin: first log-in: admin / only-a-test (to be changed at once)",
        "ready http://127.0.0.1:18080",
    ]


async def test_it_stops_every_child(supervised: Supervised):
    children = descendants(supervised.process.pid)
    assert len(children) == 2
    supervised.process.send_signal(signal.SIGTERM)
    assert await supervised.process.wait() == 0
    assert not any(child.is_running() for child in children)


async def test_a_killed_supervisor_leaves_no_orphan(supervised: Supervised):
    children = descendants(supervised.process.pid)
    supervised.process.kill()
    await supervised.process.wait()
    _, alive = await asyncio.to_thread(psutil.wait_procs, children, 5)
    assert not alive


async def test_a_killed_hub_is_started_again(supervised: Supervised):
    (hub,) = (child for child in descendants(supervised.process.pid) if "fake_hub" in " ".join(child.cmdline()))
    os.kill(hub.pid, signal.SIGKILL)
    await supervised.line("the hub ended (crash: killed by SIGKILL)")
    await supervised.line("ready http://127.0.0.1:18080")
