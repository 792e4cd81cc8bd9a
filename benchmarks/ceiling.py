"""The bare path: bare nats-py and SQLite, one JetStream hop and one transaction each way, one process.

What ``benchmarks.path`` is compared with. The server waits for its disk at each message, as the hub's own does.
"""

import asyncio
import contextlib
import json
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import nats

from core.ids import new_id
from core.testing.nats import NatsServer

ANSWER_S = 20.0
FETCH_S = 600.0  # a message that meets the end of a fetch comes again only after its ack wait: let none end


class Bare:
    """Sends texts there and back: publish, fetch, store, acknowledge; and the same again."""

    def __init__(self, js: Any) -> None:
        self._js = js
        self._arrived: dict[str, asyncio.Future[None]] = {}

    async def round(self, text: str) -> None:
        """Return when ``text`` is back; TimeoutError when the machine is too busy to be measured."""
        identifier = new_id()
        future = self._arrived[identifier] = asyncio.get_running_loop().create_future()
        async with asyncio.timeout(ANSWER_S):
            await self._js.publish("there", json.dumps({"id": identifier, "text": text}).encode())
            await future

    async def relay(self, there: Any, database: sqlite3.Connection) -> None:
        """Store what goes there and send it back, until cancelled."""
        while True:
            with contextlib.suppress(nats.errors.TimeoutError):
                for message in await there.fetch(64, timeout=FETCH_S):
                    _store(database, "in", message)
                    await message.ack()
                    await self._js.publish("back", message.data)

    async def read(self, back: Any, database: sqlite3.Connection) -> None:
        """Store what comes back, until cancelled."""
        while True:
            with contextlib.suppress(nats.errors.TimeoutError):
                for message in await back.fetch(64, timeout=FETCH_S):
                    self._arrived.pop(_store(database, "out", message)).set_result(None)
                    await message.ack()


@asynccontextmanager
async def bare_path(folder: Path) -> AsyncIterator[Bare]:
    """Run a server and a database of its own in ``folder``."""
    store = folder / "nats"
    store.mkdir(parents=True)
    server = NatsServer(store, config=f'jetstream {{ store_dir: "{store}/jetstream", sync_interval: always }}\n')
    await asyncio.to_thread(server.start)
    try:
        client = await nats.connect(server.url)
        js = client.jetstream()
        for name in ("there", "back"):
            await js.add_stream(name=name, subjects=[name])
        there = await js.pull_subscribe("there", durable="there")
        back = await js.pull_subscribe("back", durable="back")
        bare = Bare(js)
        with contextlib.closing(_database(folder / "ceiling.db")) as database:
            tasks = [
                asyncio.create_task(bare.relay(there, database)),
                asyncio.create_task(bare.read(back, database)),
            ]
            try:
                yield bare
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
        await client.close()
    finally:
        server.kill()


def _database(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("PRAGMA synchronous=FULL")
    database.execute("CREATE TABLE entry (id TEXT PRIMARY KEY, way TEXT, text TEXT)")
    return database


def _store(database: sqlite3.Connection, way: str, message: Any) -> str:
    value = json.loads(message.data)
    database.execute("BEGIN IMMEDIATE")
    database.execute("INSERT INTO entry VALUES (?, ?, ?)", (way + value["id"], way, value["text"]))
    database.execute("COMMIT")
    identifier: str = value["id"]
    return identifier
