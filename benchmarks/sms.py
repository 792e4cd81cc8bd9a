"""The SMS channel under load and kills, beside the bare JetStream.

``python -m benchmarks.sms [--messages 100000] [--kills 5]``. An SMSC (the npm package smpp), the channel in its host
process, a nats-server with ``sync_interval: always``, and here the hub's end of the bus and the phone network behind
the SMSC, which repeats what was not answered and sends receipts for all it took.

1. The storm: so many messages in and out at once, a third of them long, their parts shuffled, four references for all
   senders, the SMSC killed again and again. Counts what was lost, doubled, mixed or left unknown.
2. The rate: messages in without kills, and messages out from order to status, each beside the same envelopes with bare
   nats-py, as many in flight, on the same server and disk. With ``--kannel`` messages in through Kannel too.
"""

import argparse
import asyncio
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import msgspec
import nats

from benchmarks.kannel import kannel_rate
from benchmarks.sms_ceiling import publishing_rate, round_trip_rate
from benchmarks.sms_network import CITIZENS, WINDOW, Network, citizen, short_message
from core.bus import Bus, BusSettings, Delivery
from core.events import Event, MessageReceived, MessageStatus, MessageStatuses, SendMessage
from core.streams import BUCKETS, STREAMS, Consumer, orders_consumer
from core.subjects import PATTERNS, fill
from core.testing.nats import NatsServer
from hub.store.outbox import MIN_TOGETHER
from tests.plugins.sms.support.smsc import part, whole

INSTANCE: Final = "sms-main"
WAIT_S: Final = 120.0


class HubEnd:
    """The hub's end of the bus: what came in by id, what became of orders."""

    def __init__(self, bus: Bus) -> None:
        self.bus = bus
        self.texts: dict[tuple[str, str], str] = {}
        self.states: dict[str, str] = {}
        self.ready = asyncio.Event()
        self.settled = asyncio.Semaphore(WINDOW)
        self.last_at = time.monotonic()
        self._ordered: list[tuple[str, bytes, str]] = []
        self._publishing: asyncio.Task[None] | None = None

    async def take(self, batch: list[Delivery]) -> None:
        """Note what the channel reports; a real hub knows a repeated id as these dictionaries do."""
        for delivery in batch:
            self._note(delivery.event)
        self.last_at = time.monotonic()

    async def take_state(self, batch: list[Delivery]) -> None:
        """Note that the channel is ready."""
        for delivery in batch:
            if getattr(delivery.event, "state", "") == "ready":
                self.ready.set()

    async def order(self, number: int, text: str) -> None:
        """Order one message once there is room for it."""
        await self.settled.acquire()
        order = SendMessage(message_id=f"m-{number}", recipient=f"tel:{citizen(number)}", text=text, seq=number)
        msg_id = f"order-{number}"
        self._ordered.append((fill(PATTERNS[SendMessage], INSTANCE), self.bus.envelope(order, msg_id=msg_id), msg_id))
        if self._publishing is None or self._publishing.done():
            if self._publishing is not None:
                self._publishing.result()
            self._publishing = asyncio.create_task(self._publish())

    async def _publish(self) -> None:
        """Publish what was ordered as the hub's outbox does: what comes meanwhile goes together."""
        while self._ordered:
            some, self._ordered = self._ordered, []
            if len(some) < MIN_TOGETHER or not await self.bus.publish_together(some):
                await asyncio.gather(*(self.bus.publish_raw(at, payload, msg_id=one) for at, payload, one in some))

    def _note(self, event: Event) -> None:
        match event:
            case MessageReceived():
                self.texts[event.sender, event.external_id] = event.text
            case MessageStatuses():
                for status in event.statuses:
                    self._note(status)
            case MessageStatus() if event.status != "deferred":
                if event.message_id not in self.states:
                    self.settled.release()
                if self.states.get(event.message_id) not in ("delivered", "failed"):
                    self.states[event.message_id] = event.status


def parts_of(number: int) -> list[dict[str, Any]]:
    """Return the parts of the message with this number; every third is long, and four references serve them all."""
    source = citizen(number)[1:]
    if number % 3:
        return [whole(f"第{number}条：我家停水了，什么时候修好？", source=source)]
    total = 2 + number % 4
    reference = number // CITIZENS % 4
    return [
        part(f"{number}第{one}段，共{total}段。", reference, total, one, source=source) for one in range(1, total + 1)
    ]


def text_of(number: int) -> str:
    """Return what the hub must see of it."""
    if number % 3:
        return f"第{number}条：我家停水了，什么时候修好？"
    total = 2 + number % 4
    return "".join(f"{number}第{one}段，共{total}段。" for one in range(1, total + 1))


@asynccontextmanager
async def channel_process(nats_url: str, settings: dict[str, Any], folder: Path) -> AsyncIterator[None]:
    """Run the channel in its host, as the supervisor would."""
    job = {"instance": INSTANCE, "plugin": "plugins.sms", "settings": settings, "nats": {"url": nats_url}}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "core.host"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=(folder / "channel.log").open("wb"),
        env={"PYTHONPATH": str(Path(__file__).parent.parent)},
    )
    assert process.stdin is not None
    process.stdin.write(msgspec.json.encode({**job, "data_dir": str(folder)}) + b"\n")
    try:
        yield
    finally:
        process.terminate()
        await process.wait()


async def storm(network: Network, hub: HubEnd, messages: int, kills: int) -> bool:
    """Let everything happen at once; print what became of it and return whether all is well."""
    source = random.Random(20_04)
    parts = [one for number in range(messages) for one in parts_of(number)]
    block = 4 * WINDOW  # the reach of disorder: a reference must not come round again within it
    for start in range(0, len(parts), block):
        chunk = parts[start : start + block]
        source.shuffle(chunk)
        parts[start : start + block] = chunk
    for one in parts:
        network.to_deliver.put_nowait(one)
    began = time.monotonic()
    killing = asyncio.create_task(kill_now_and_then(network, hub, messages, kills))
    for number in range(messages):
        await hub.order(number, f"第{number}号答复：已受理。")
    await quiet(network, hub, messages)
    await killing
    took_s = time.monotonic() - began
    expected = Counter((citizen(number), text_of(number)) for number in range(messages))
    got = Counter((sender.removeprefix("tel:"), text) for (sender, _), text in hub.texts.items())
    known = {text for _, text in expected}
    lost, extra = expected - got, got - expected
    mixed = sum(count for (_, text), count in extra.items() if text not in known)
    states = Counter(hub.states.get(f"m-{number}", "none") for number in range(messages))
    doubled_out = sum(count - 1 for count in network.sent.values() if count > 1)
    unknown = [number for number in range(messages) if hub.states.get(f"m-{number}") == "unknown"]
    unknown_there = sum(network.sent[f"第{number}号答复：已受理。"] for number in unknown)
    lost_out = sum(
        not network.sent[f"第{number}号答复：已受理。"] for number in range(messages) if number not in set(unknown)
    )
    print(f"storm: {messages} in ({len(parts)} parts) and {messages} out, {kills} kills, {took_s:.0f} s")
    print(f"  in:  lost {lost.total()}  doubled {extra.total() - mixed}  mixed {mixed}  (repeated {network.repeated})")
    print(f"  out: lost {lost_out}  doubled {doubled_out}  {dict(states)}; of the unknown the SMSC has {unknown_there}")
    return not (lost or extra or doubled_out or lost_out or states["none"])


async def kill_now_and_then(network: Network, hub: HubEnd, messages: int, kills: int) -> None:
    """Kill the SMSC whenever another share of the orders is through."""
    for kill in range(1, kills + 1):
        while len(hub.states) < messages * kill / (kills + 1):
            await asyncio.sleep(0.05)
        await network.stop()
        await network.start()


async def quiet(network: Network, hub: HubEnd, messages: int) -> None:
    """Return when everything arrived, or nothing has for a long while."""
    while time.monotonic() - hub.last_at < WAIT_S:
        is_settled = len(hub.states) == messages and "sent" not in set(hub.states.values())
        if network.is_done and is_settled and len(hub.texts) >= messages:
            await asyncio.sleep(2.0)  # anything doubled would come now
            return
        await asyncio.sleep(0.1)


async def rate_in(url: str, network: Network, hub: HubEnd, messages: int) -> tuple[float, int]:
    """Return messages a second from the SMSC into JetStream, and for how many at most it was told so too early."""
    before, answered = len(hub.texts), network.answered
    at_risk = 0
    client = await nats.connect(url)
    js = client.jetstream()
    stored = (await js.stream_info("IN")).state.last_seq
    began = time.monotonic()
    for number in range(messages):
        network.to_deliver.put_nowait(short_message(number))
    while len(hub.texts) < before + messages:
        told = network.answered - answered  # read first: what is stored since then was not told yet
        at_risk = max(at_risk, told - ((await js.stream_info("IN")).state.last_seq - stored))
        await asyncio.sleep(0.05)
    rate = messages / (time.monotonic() - began)
    await client.close()
    return rate, at_risk


async def rate_out(hub: HubEnd, messages: int, first: int) -> float:
    """Return messages a second from the order to the status."""
    began = time.monotonic()
    for number in range(first, first + messages):
        await hub.order(number, f"速{number}：已受理。")
    while any(f"m-{number}" not in hub.states for number in range(first, first + messages)):
        await asyncio.sleep(0.05)
    return messages / (time.monotonic() - began)


async def run(options: argparse.Namespace) -> bool:
    """Set the scene and measure."""
    with tempfile.TemporaryDirectory(prefix="lianxin-sms-") as name:
        folder = Path(name)
        server = NatsServer(
            folder,
            config=f'jetstream {{ store_dir: "{folder}/jetstream", sync_interval: always }}\nmax_payload: 2MB\n',
        )
        await asyncio.to_thread(server.start)
        network = Network()
        try:
            async with await Bus.connect(BusSettings(url=server.url), source="hub") as bus:
                mine = f"hub.channel.{INSTANCE}.>"
                consumers = [Consumer("IN", "hub", mine), Consumer("STATE", "hub", mine), orders_consumer(INSTANCE)]
                await bus.ensure(STREAMS, BUCKETS, consumers)
                hub = HubEnd(bus)
                bus.consume("IN", "hub", hub.take, batch=256)
                bus.consume("STATE", "hub", hub.take_state)
                delivering = asyncio.create_task(network.deliver_all())
                async with channel_process(server.url, await network.start(), folder):
                    await hub.ready.wait()
                    is_well = await storm(network, hub, options.messages, options.kills) if options.messages else True
                    rates_in = [await rates(server.url, network, hub, options.sample) for _ in range(options.runs)]
                delivering.cancel()
        finally:
            await network.stop()
            server.kill()
        if options.kannel:
            kannel, at_risk = await kannel_rate(options.sample)
            ratio = max(rates_in) / kannel
            print(f"Kannel: in {kannel:.0f}/s, from the SMSC to an HTTP server: ours is {ratio:.2f} of it")
            print(f"  a power cut would have lost up to {at_risk} messages that it had answered for")
        return is_well


async def rates(url: str, network: Network, hub: HubEnd, sample: int) -> float:
    """Measure all rates once, one after the other; print them and return that of messages in."""
    into, at_risk = await rate_in(url, network, hub, sample)
    bare_in = await publishing_rate(url, sample)
    out = await rate_out(hub, sample, new_number())
    bare_out = await round_trip_rate(url, sample)
    print(f"rate: in {into:.0f}/s, {into / bare_in:.2f} of bare JetStream's {bare_in:.0f}/s; ", end="")
    print(f"a power cut would have lost {at_risk} messages that were answered for")
    print(f"      out {out:.0f}/s, {out / bare_out:.2f} of its {bare_out:.0f}/s there and back")
    return into


_numbers = iter(range(10_000_000, 100_000_000, 1_000_000))


def new_number() -> int:
    """Return where the next block of fresh message numbers begins."""
    return next(_numbers)


def main() -> int:
    """Run the command line; return its exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=100_000)
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--sample", type=int, default=5000, help="messages of each run of the rates")
    parser.add_argument("--kannel", action="store_true", help="measure Kannel as well")
    parser.add_argument("--runs", type=int, default=3)
    return 0 if asyncio.run(run(parser.parse_args())) else 1


if __name__ == "__main__":
    sys.exit(main())
