"""Kannel's bearerbox and smsbox as processes, between an SMSC and whoever serves the callbacks."""

import asyncio
import contextlib
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from core.testing.nats import free_port
from tests.plugins.sms.support.http_gateways import CALLBACK_KEY, PASSWORD, USER
from tests.plugins.sms.support.smsc import NUMBER, SYSTEM_ID, Smsc
from tests.plugins.sms.support.smsc import PASSWORD as SMSC_PASSWORD

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


@contextlib.asynccontextmanager
async def running_kannel(folder: Path, smsc: Smsc) -> AsyncIterator[dict[str, Any]]:
    """Yield the settings that lead to a Kannel bound to ``smsc``, and the ``port`` on which it calls back."""
    programs = [shutil.which(name, path="/usr/sbin:/usr/bin") for name in ("bearerbox", "smsbox")]
    if None in programs:
        pytest.skip("needs Kannel: sudo apt-get install kannel")
    port = (await smsc.start())["backend"]["port"]
    ports = {name: free_port() for name in ("admin", "boxes", "sendsms", "ours")}
    base = f"http://127.0.0.1:{ports['ours']}/channels/sms-main"
    (folder / "kannel.conf").write_text(
        CONFIG.format(
            **ports, folder=folder, smsc=port, system_id=SYSTEM_ID, smsc_password=SMSC_PASSWORD,
            user=USER, password=PASSWORD, number=NUMBER, base=base, key=CALLBACK_KEY,
        )
    )  # fmt: skip
    processes = []
    try:
        for program, listens in zip(programs, (ports["boxes"], ports["sendsms"]), strict=True):
            assert program is not None
            process = await asyncio.create_subprocess_exec(
                *(program, "-v", "4", str(folder / "kannel.conf")),
                cwd=folder,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.DEVNULL,
            )
            processes.append(process)
            await listening(listens)
        await smsc.until(lambda: smsc.count("bound"))
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
