"""What ``benchmarks.sms`` is held against: bare nats-py on the same server, with the same envelopes.

In is one publish. Out is there and back, an order and its status; ``python -m benchmarks.sms_ceiling URL`` is the other
end of that.
"""

import asyncio
import contextlib
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import msgspec
import nats
from nats.js.errors import NotFoundError

from benchmarks.sms_network import WINDOW, citizen
from core.clock import SystemClock
from core.events import Event, MessageReceived, MessageStatus, SendMessage, seal
from core.ids import new_id

ANSWER_S: Final = 20.0
FETCH_S: Final = 600.0  # a message that meets the end of a fetch comes again only after its ack wait: let none end


async def publishing_rate(url: str, messages: int) -> float:
    """Return publishes a second of messages from citizens."""
    client = await nats.connect(url)
    js = client.jetstream()
    await js.add_stream(name="BARE", subjects=["bare"])  # the same one at each run
    payloads = [
        _envelope(MessageReceived(external_id=new_id(), sender=f"tel:{citizen(number)}", text=f"速{number}：何时来水"))
        for number in range(messages)
    ]
    began = time.monotonic()
    await _publish_all(js, "bare", payloads)
    rate = messages / (time.monotonic() - began)
    await client.close()
    return rate


async def round_trip_rate(url: str, messages: int) -> float:
    """Return orders a second whose status came back."""
    client = await nats.connect(url)
    js = client.jetstream()
    for name in ("order", "status"):
        with contextlib.suppress(NotFoundError):
            await js.delete_stream(f"BARE-{name}")
        await js.add_stream(name=f"BARE-{name}", subjects=[f"bare.{name}"])
    back = await js.pull_subscribe("bare.status", durable="back")
    other_end = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "benchmarks.sms_ceiling", url),
        cwd=Path(__file__).parent.parent,
        stdout=asyncio.subprocess.PIPE,
    )
    assert other_end.stdout is not None
    await other_end.stdout.readline()
    payloads = [
        _envelope(SendMessage(message_id=new_id(), recipient=f"tel:{citizen(number)}", text=f"速{number}：已受理。"))
        for number in range(messages)
    ]
    under_way = asyncio.Semaphore(WINDOW)
    began = time.monotonic()
    ordering = asyncio.create_task(_publish_all(js, "bare.order", payloads, under_way))
    seen = 0
    while seen < messages:
        some = await back.fetch(WINDOW, timeout=ANSWER_S)
        seen += len(some)
        for message in some:
            under_way.release()
            await message.ack()
    rate = messages / (time.monotonic() - began)
    await ordering
    other_end.kill()
    await other_end.wait()
    await client.close()
    return rate


async def answer_orders(url: str) -> None:
    """Answer each order with a status, until killed."""
    client = await nats.connect(url)
    js = client.jetstream()
    orders = await js.pull_subscribe("bare.order", durable="orders")

    async def answer(message: Any) -> None:
        status = MessageStatus(message_id=new_id(), status="sent")
        await js.publish("bare.status", _envelope(status), headers={"Nats-Msg-Id": new_id()})
        await message.ack()

    print("ready", flush=True)
    while True:
        await asyncio.gather(*map(answer, await orders.fetch(WINDOW, timeout=FETCH_S)))


async def _publish_all(
    js: Any, subject: str, payloads: Iterable[bytes], under_way: asyncio.Semaphore | None = None
) -> None:
    """Publish from as many tasks as there are messages under way; with ``under_way`` each waits for room there."""
    rest = iter(payloads)

    async def publish() -> None:
        for payload in rest:
            if under_way is not None:
                await under_way.acquire()
            await js.publish(subject, payload, headers={"Nats-Msg-Id": new_id()})

    async with asyncio.TaskGroup() as tasks:
        for _ in range(WINDOW):
            tasks.create_task(publish())


def _envelope(event: Event) -> bytes:
    return msgspec.json.encode(seal(event, id=new_id(), source="sms-main", time=SystemClock().now()))


if __name__ == "__main__":
    asyncio.run(answer_orders(sys.argv[1]))
