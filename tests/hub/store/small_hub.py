"""A hub in small, to be killed: handles numbered messages in batches and relays what they cause.

Usage: small_hub.py URL SOCKET COUNT. The socket stands for the bus: a line a message, a line an acknowledgement.
"""

import asyncio
import sys

from core.errors import BusUnavailable
from core.events import ContactChanged, ContactView
from hub.store.engine import Store
from hub.store.models import Setting
from hub.store.outbox import Relay

BATCH = 7


class Line:
    """One connection to the bus."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._waiting: dict[str, asyncio.Future[None]] = {}

    async def publish(self, subject: str, payload: bytes, msg_id: str) -> None:
        acked = self._waiting[msg_id] = asyncio.get_running_loop().create_future()
        self._writer.write(b"%s %s\n" % (msg_id.encode(), payload))
        await acked

    async def listen(self) -> None:
        while line := await self._reader.readline():
            self._waiting.pop(line.decode().strip()).set_result(None)
        raise BusUnavailable("closed")


async def handle(store: Store, numbers: range) -> None:
    """What a consumer does with a batch: mark, write, record; each message twice, as after a lost ack."""
    async with store.work() as work:
        for number in (*numbers, *numbers):
            if await work.first_time(f"message-{number}"):
                await work.insert(Setting, [{"key": f"{number:06}", "value": {"handled": number}}])
                work.record(ContactChanged(contact=ContactView(contact_id="c", name=str(number))), "c")


async def main(url: str, socket: str, count: int) -> None:
    store = await Store.open(url)
    line = Line(*await asyncio.open_unix_connection(socket))
    async with asyncio.TaskGroup() as group:
        listening = group.create_task(line.listen())
        relaying = group.create_task(Relay(store, line.publish).run())
        for start in range(0, count, BATCH):
            await handle(store, range(start, min(start + BATCH, count)))
        while await store.fetch("SELECT 1 FROM outbox LIMIT 1"):
            await asyncio.sleep(0.01)
        relaying.cancel()
        listening.cancel()
    await store.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
