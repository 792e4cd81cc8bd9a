"""The real Kannel (bearerbox and smsbox) between the channel and the real SMSC: all the way to a phone and back."""

import asyncio
import contextlib
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from core.host.http import serve
from core.host.job import HttpPlace
from core.testing.nats import free_port
from tests.plugins.sms.support.http_gateways import CALLBACK_KEY, PASSWORD, USER
from tests.plugins.sms.support.orders import CITIZEN, order
from tests.plugins.sms.support.smsc import NUMBER, SYSTEM_ID, Smsc, part, receipt
from tests.plugins.sms.support.smsc import PASSWORD as SMSC_PASSWORD
from tests.plugins.sms.support.stand import MemoryHub, running

LONG = "您好，您反映的问题已经转交有关部门。" * 12
CONFIG = """
group = core
admin-port = {admin}
admin-password = admin
smsbox-port = {boxes}
log-level = 1
box-allow-ip = 127.0.0.1
store-type = file
store-location = {folder}/kannel.store

group = smsc
smsc = smpp
smsc-id = main
host = 127.0.0.1
port = {smsc}
transceiver-mode = true
smsc-username = {system_id}
smsc-password = {smsc_password}
system-type = ""
enquire-link-interval = 5
reconnect-delay = 1

group = smsbox
bearerbox-host = 127.0.0.1
bearerbox-port = {boxes}
sendsms-port = {sendsms}
http-request-retry = 20
http-queue-delay = 1
log-level = 1

group = sendsms-user
username = {user}
password = {password}
concatenation = true
max-messages = 10
default-sender = {number}
omit-empty = true

group = sms-service
keyword = default
catch-all = yes
max-messages = 0
accept-x-kannel-headers = false
get-url = "{base}/mo?key={key}&id=%I&from=%p&to=%P&text=%b&coding=%c&charset=%C"
"""


@pytest_asyncio.fixture
async def kannel(tmp_path: Path, smsc: Smsc) -> AsyncIterator[dict[str, Any]]:
    """Yield the settings that lead to a Kannel which calls us at ``base``."""
    programs = [shutil.which(name, path="/usr/sbin:/usr/bin") for name in ("bearerbox", "smsbox")]
    if None in programs:
        pytest.skip("needs Kannel: sudo apt-get install kannel")
    port = (await smsc.start())["backend"]["port"]
    ports = {name: free_port() for name in ("admin", "boxes", "sendsms", "ours")}
    base = f"http://127.0.0.1:{ports['ours']}/channels/sms-main"
    (tmp_path / "kannel.conf").write_text(
        CONFIG.format(
            **ports, folder=tmp_path, smsc=port, system_id=SYSTEM_ID, smsc_password=SMSC_PASSWORD,
            user=USER, password=PASSWORD, number=NUMBER, base=base, key=CALLBACK_KEY,
        )
    )  # fmt: skip
    processes = []
    try:
        for program, listens in zip(programs, (ports["boxes"], ports["sendsms"]), strict=True):
            assert program is not None
            process = await asyncio.create_subprocess_exec(
                *(program, "-v", "4", str(tmp_path / "kannel.conf")),
                cwd=tmp_path,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.DEVNULL,
            )
            processes.append(process)
            await listening(listens)
        await smsc.event("bound")
        backend = {
            "protocol": "kannel",
            "url": f"http://127.0.0.1:{ports['sendsms']}/cgi-bin/sendsms",
            "username": USER,
            "password": PASSWORD,
            "callback_url": base,
            "callback_key": CALLBACK_KEY,
        }
        yield {"settings": {"backend": backend, "sender": NUMBER}, "port": ports["ours"]}
    finally:
        for process in reversed(processes):
            process.kill()
            await process.wait()


async def listening(port: int) -> None:
    """Return when something listens on ``port``."""
    async with asyncio.timeout(20):
        while True:
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                return
            await asyncio.sleep(0.05)


async def test_a_long_message_goes_through_and_its_receipts_come_back(
    hub: MemoryHub, smsc: Smsc, kannel: dict[str, Any]
) -> None:
    async with running(hub, kannel["settings"]) as channel, served(channel, kannel["port"]):
        assert await channel.send(order(LONG)) == "m-1"
        await smsc.until(lambda: len(smsc.received) == 4)
        assert "".join(submitted["text"] for submitted in smsc.received) == LONG
        assert {submitted["destination"] for submitted in smsc.received} == {"8613800138000"}
        for event in [event for event in smsc.events if event["event"] == "submitted"]:
            await smsc.offer(**{**receipt(event["id"]), "destination": event["source"]})
        await hub.status("m-1", "delivered")


async def test_what_citizens_write_comes_in_whole(hub: MemoryHub, smsc: Smsc, kannel: dict[str, Any]) -> None:
    async with running(hub, kannel["settings"]) as channel, served(channel, kannel["port"]):
        for number in (3, 1, 2):
            await smsc.offer(**part(f"第{number}段🚒", 7, 3, number))
        await hub.until(lambda: hub.texts)
    assert hub.texts == [(CITIZEN, "第1段🚒第2段🚒第3段🚒")]


async def test_what_the_hub_cannot_take_kannel_brings_again(hub: MemoryHub, smsc: Smsc, kannel: dict[str, Any]) -> None:
    async with running(hub, kannel["settings"]) as channel, served(channel, kannel["port"]) as refused:
        hub.is_away = True
        await smsc.offer(source="8613800138000", coding=8, data="喂".encode("utf-16-be").hex())
        await refused.wait()
        hub.is_away = False
        await hub.until(lambda: hub.texts)
    assert hub.texts == [(CITIZEN, "喂")]


async def test_a_stranger_cannot_report(hub: MemoryHub, kannel: dict[str, Any]) -> None:
    async with (
        running(hub, kannel["settings"]) as channel,
        served(channel, kannel["port"]),
        aiohttp.ClientSession(f"http://127.0.0.1:{kannel['port']}") as http,
    ):
        for path in ("/dlr?id=m-1&type=1", "/dlr?id=m-1&type=1&sig=00", "/mo?from=1&text=x", "/mo?key=wrong"):
            async with http.get("/channels/sms-main" + path) as answer:
                assert answer.status == 403
    assert len(hub.events) == 1


@contextlib.asynccontextmanager
async def served(channel: Any, port: int) -> AsyncIterator[asyncio.Event]:
    """Serve the channel's routes as the host does; the event tells that a message was turned away."""
    refused = asyncio.Event()
    emit = channel.link.emit

    async def watch(event: Any) -> None:
        try:
            await emit(event)
        except Exception:
            refused.set()
            raise

    channel.link.emit = watch
    async with serve(channel.routes(), "sms-main", HttpPlace(port=port), dict):
        yield refused
