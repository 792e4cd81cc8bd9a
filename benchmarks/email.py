"""The e-mail channel: how fast mails come in, and what big ones cost.

``python -m benchmarks.email [idle|listener|memory]``

- ``idle``: from the moment Dovecot's LMTP server took a mail to the event on the bus; 40 mails, one after the other.
- ``listener``: mails/s over 8 connections into the channel's listener (parsed, original stored, event acknowledged by
  JetStream before 250), beside an aiosmtpd server in this process that only says 250; alternating, three runs each.
- ``memory``: the highest resident memory of this process, sender and taker of a mail of 10,000 parts and one of 50 MB.

The files' store and the hub's end of the bus are in this process; real ones cost a wait for the disk more.
"""

import asyncio
import resource
import smtplib
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

from aiosmtpd.controller import Controller

from core.host.load import load_channel
from core.testing.bench import Bench
from core.testing.nats import NatsServer
from tests.plugins.email.corpus import ZH, mail
from tests.plugins.email.far_end import ADDRESS, FarEnd, Relay, Sink, free_port
from tests.plugins.email.files import Files

MAILS: Final = 40
CONNECTIONS: Final = 8
EACH: Final = 100


@asynccontextmanager
async def channel(settings: dict[str, Any], folder: Path) -> AsyncIterator[Bench]:
    """Run the channel on a bus of its own."""
    server = NatsServer(folder)
    await asyncio.to_thread(server.start)
    try:
        async with Bench.open(server.url) as bench:
            await Files().open(bench.bus)
            async with bench.running(load_channel("plugins.email")[0], settings, folder / "data"):
                await bench.ready()
                yield bench
    finally:
        await asyncio.to_thread(server.kill)


def numbered(number: int, body: str | bytes = ZH, *fields: str) -> bytes:
    """Return a mail unlike all others."""
    return mail(*fields, body=body).replace(b"0123456789abcdef", b"mail-number-%08d" % number)


async def idle(folder: Path) -> None:
    """Print how long a mail takes from the mailbox to the bus."""
    servers = FarEnd()
    try:
        took: list[float] = []
        async with channel(await servers.start(), folder) as bench:
            for number in range(MAILS):
                await servers.deliver(numbered(number))
                began = time.monotonic()
                await bench.wait_until(lambda count=number + 1: len(bench.messages) == count)
                took.append((time.monotonic() - began) * 1000)
        took.sort()
        print(f"idle: {MAILS} mails, median {statistics.median(took):.0f} ms, p95 {took[int(MAILS * 0.95)]:.0f} ms")
    finally:
        await servers.stop()
        servers.remove()


async def listener(folder: Path) -> None:
    """Print how many mails a second the listener takes, beside a server that keeps nothing."""
    relay, bare_port = Relay(), free_port()
    bare = Controller(Sink(), hostname="127.0.0.1", port=bare_port)
    await asyncio.to_thread(bare.start)
    rates: dict[str, list[float]] = {"listener": [], "bare": []}
    try:
        async with channel(await relay.start(), folder):
            for run in range(3):
                rates["bare"].append(await asyncio.to_thread(pour, bare_port, run))
                rates["listener"].append(await asyncio.to_thread(pour, relay.listener, run))
    finally:
        await asyncio.to_thread(bare.stop)
        await relay.stop()
    ours, theirs = (statistics.median(rates[name]) for name in ("listener", "bare"))
    print(f"listener: {ours:.0f} mails/s, bare aiosmtpd {theirs:.0f} mails/s, ratio {ours / theirs:.2f}")


def pour(port: int, run: int) -> float:
    """Send mails over several connections; return how many a second were taken."""

    def send(connection: int) -> None:
        with smtplib.SMTP("127.0.0.1", port, timeout=60) as client:
            for number in range(EACH):
                raw = numbered((run * CONNECTIONS + connection) * EACH + number)
                client.sendmail("citizen@example.cn", [ADDRESS], raw)

    began = time.monotonic()
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        list(pool.map(send, range(CONNECTIONS)))
    return CONNECTIONS * EACH / (time.monotonic() - began)


async def memory(folder: Path) -> None:
    """Print what a mail of 50 MB and one of 10,000 parts cost."""
    relay = Relay()
    try:
        async with channel(await relay.start(), folder) as bench:
            part = b"--a\r\nContent-Type: application/pdf; name=a.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n"
            big = part + (b"QUJD" * 19 + b"\r\n") * 641_000 + b"\r\n--a--"
            many = b"--a\r\nContent-Type: image/png; name=a.png\r\n\r\nabc\r\n" * 10_000 + b"--a--"
            for number, (label, body) in enumerate((("10,000 parts", many), ("50 MB", big))):
                before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
                raw = numbered(number, body, "Content-Type: multipart/mixed; boundary=a")
                began = time.monotonic()
                await relay.deliver(raw)
                await bench.wait_until(lambda count=number + 1: len(bench.messages) == count)
                took = time.monotonic() - began
                ours = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
                print(
                    f"memory: {label} ({len(raw) / 1e6:.1f} MB) in {took:.1f} s, this process {before / 1024:.0f} → "
                    f"{ours / 1024:.0f} MiB (sender included)"
                )
                print("  warnings:", bench.messages[-1].mail and bench.messages[-1].mail.warnings)
    finally:
        await relay.stop()


async def main() -> None:
    """Run what was asked for, all of it by default."""
    for name, measure in (("idle", idle), ("listener", listener), ("memory", memory)):
        if name in (sys.argv[1:] or [name]):
            with tempfile.TemporaryDirectory() as folder:
                await measure(Path(folder))


if __name__ == "__main__":
    asyncio.run(main())
