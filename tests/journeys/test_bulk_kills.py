"""The hub is killed again and again in the middle of a bulk send: everybody gets it once, and the counts add up."""

import asyncio
import json
import random
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from core.bus import Bus, BusSettings, Delivery
from core.events import SendMessage
from core.ids import new_id
from core.testing.nats import NatsServer, nats_server, shared_nats_server
from hub.demo import PASSWORD
from hub.store.engine import Store
from hub.store.models import Address, Contact, PluginInstance, Setting
from tests.hub.support.channel import FakeChannel
from tests.hub.support.house import House
from tests.journeys.support.clients import Agent

__all__ = ["nats_server", "shared_nats_server"]

ROOT = Path(__file__).parents[2]
SMS = "sms-main"
PEOPLE = 1_500
KILLS = 5


class Carrier(FakeChannel):
    """Counts what it is given by recipient, and says when enough came to kill the hub."""

    def __init__(self, bus: Bus, instance: str) -> None:
        super().__init__(bus, instance)
        self.sent_to: Counter[str] = Counter()

    async def _take(self, deliveries: Sequence[Delivery]) -> None:
        for delivery in deliveries:
            assert isinstance(delivery.event, SendMessage)
            self.sent_to[delivery.event.recipient] += 1
        await super()._take(deliveries)


async def _fill(data: Path, nats: NatsServer) -> None:
    """Make a demo hub with an SMS instance and people to write to, and stop it."""
    house = House(nats, data)
    await house.start()
    await house.stop()
    store = await Store.open(f"sqlite://{data / 'hub.db'}")
    people = [(new_id(), f"tel:+86139{number:08}") for number in range(PEOPLE)]
    async with store.work() as work:
        await PluginInstance.create(instance=SMS, plugin="sms", is_enabled=True, revision=1)
        fast = {"per_minute": 12_000, "quiet_from": "00:00", "quiet_to": "00:00"}
        await Setting.update_or_create({"value": fast}, key="outreach")
        made = {"created_at": datetime(2026, 11, 22, tzinfo=UTC)}
        await work.insert(Contact, [{"contact_id": key, "name": uri[-4:], **made} for key, uri in people])
        await work.insert(
            Address, [{"address_id": new_id(), "uri": uri, "contact_id": key, **made} for key, uri in people]
        )
    await store.close()


@asynccontextmanager
async def _hub(data: Path, nats: NatsServer) -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-P", "-m", "hub", cwd=ROOT, env={"PYTHONPATH": str(ROOT)},
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    settings: dict[str, Any] = {"data_dir": str(data), "nats": {"url": nats.url}, "http": {"port": 0}, "demo": True}
    process.stdin.write(json.dumps(settings).encode() + b"\n")
    await process.stdin.drain()
    url = ""
    async with asyncio.timeout(60):
        while not url:
            report = json.loads(await process.stdout.readline())
            url = report.get("url", "") if report["event"] == "ready" else ""
    draining = asyncio.create_task(_drain(process.stdout))
    try:
        yield process, url
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        await draining


async def _drain(stream: asyncio.StreamReader) -> None:
    while await stream.readline():
        pass


async def test_a_bulk_send_survives_kills_without_sending_twice(nats_server: NatsServer, tmp_path: Path) -> None:
    data = tmp_path / "data"
    await _fill(data, nats_server)
    dice = random.Random(20261122)
    campaign_id = ""
    killed = 0
    async with await Bus.connect(BusSettings(url=nats_server.url), source=SMS) as bus:
        carrier = Carrier(bus, SMS)
        await carrier.open()
        for _ in range(KILLS):
            async with _hub(data, nats_server) as (process, url):
                if not campaign_id:
                    campaign_id = await _start(url)
                before = len(carrier.orders)
                enough = before + dice.randrange(20, PEOPLE // KILLS)
                await carrier.until(lambda enough=enough: len(carrier.orders) >= enough, within_s=60)  # type: ignore[misc]
                process.kill()
                killed += await process.wait() == -signal.SIGKILL
        async with _hub(data, nats_server) as (_, url), Agent(url, "chen", PASSWORD) as chen:
            async with asyncio.timeout(90):
                while (view := await chen.call("GET", f"/bulk/{campaign_id}"))["state"] != "done":
                    await asyncio.sleep(0.2)
            assert view["counts"] == {"delivered": PEOPLE}
            assert view["total"] == PEOPLE
    assert killed == KILLS
    assert len(carrier.sent_to) == PEOPLE
    assert set(carrier.sent_to.values()) == {1}


async def _start(url: str) -> str:
    async with Agent(url, "chen", PASSWORD) as chen:
        plan = {"title": "停水", "instance": SMS, "text": "明日停水", "audience": {"source": "contacts"}}
        made = await chen.call("POST", "/bulk", **plan)
        started = await chen.call("POST", f"/bulk/{made['campaign_id']}/start", at=None)
        assert started["state"] == "running"
        return str(made["campaign_id"])
