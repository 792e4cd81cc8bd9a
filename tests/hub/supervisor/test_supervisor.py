import asyncio
import json
import os
import signal
from pathlib import Path

import psutil
import pytest

from core.testing.nats import NatsServer, nats_server  # noqa: F401
from tests.core.bus.certificates import Authority, authority, tls_server  # noqa: F401

from .conftest import WAIT_S, Supervised, descendants, supervise


async def with_a_plugin(supervised: Supervised, **tls: str) -> None:
    await supervised.connect(**tls)
    await supervised.want("calm", "faulty")
    await supervised.status("calm", lambda status: status.process == "running")


async def test_it_says_what_it_does_and_when_it_is_ready(supervised: Supervised):
    assert supervised.printed == [
        "lianxin: starting the bus",
        "lianxin: starting the hub",
        "lianxin: first log-in: admin / only-a-test (to be changed at once)",
        "ready http://127.0.0.1:18080",
    ]


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])  # Ctrl-C, a service, a closed terminal
async def test_it_stops_every_child(supervised: Supervised, how: signal.Signals):
    await with_a_plugin(supervised)
    children = descendants(supervised.process.pid)
    assert len(children) == 3
    supervised.process.send_signal(how)
    assert await asyncio.wait_for(supervised.process.wait(), WAIT_S) == 0
    assert not any(child.is_running() for child in children)


async def test_a_killed_supervisor_leaves_no_orphan(supervised: Supervised):
    await with_a_plugin(supervised)
    children = descendants(supervised.process.pid)
    assert len(children) == 3
    supervised.process.kill()
    await supervised.process.wait()
    _, alive = await asyncio.to_thread(psutil.wait_procs, children, WAIT_S)
    for child in alive:
        child.kill()
    assert not alive


async def test_a_killed_hub_is_started_again(supervised: Supervised):
    (hub,) = (child for child in descendants(supervised.process.pid) if "fake_hub" in " ".join(child.cmdline()))
    os.kill(hub.pid, signal.SIGKILL)
    await supervised.line("the hub ended (crash: killed by SIGKILL)")
    await supervised.line("ready http://127.0.0.1:18080")


async def test_a_cluster_of_the_settings_takes_the_place_of_the_own_bus(tmp_path: Path, nats_server: NatsServer):  # noqa: F811
    async with supervise(tmp_path, json.dumps({"nats": {"url": nats_server.url}})) as supervised:
        assert supervised.printed[0] == "lianxin: using the bus of the settings"
        assert len(descendants(supervised.process.pid)) == 1
        await with_a_plugin(supervised)


async def test_a_cluster_that_wants_certificates_gets_those_of_the_settings(
    tmp_path: Path,
    authority: Authority,  # noqa: F811
    tls_server: NatsServer,  # noqa: F811
):
    certificate, key = authority.issue("house")
    nats = {
        "url": tls_server.url.replace("nats://", "tls://"),
        "tls_ca": authority.path,
        "tls_certificate": certificate,
        "tls_key": key,
    }
    async with supervise(tmp_path, json.dumps({"nats": nats})) as supervised:
        await with_a_plugin(supervised, tls_ca=authority.path, tls_cert=certificate, tls_key=key)
