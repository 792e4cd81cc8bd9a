"""A hub killed again and again in the middle of its work loses nothing and doubles nothing."""

import asyncio
import random
import signal
import sys
from pathlib import Path

import msgspec

from core.events import Envelope
from hub.store.engine import Store

COUNT = 300
KILLS = 6
SCRIPT = Path(__file__).with_name("small_hub.py")
ROOT = SCRIPT.parents[3]


class Bus:
    """Takes and acknowledges messages, knows repeated ones by their id, and kills who sends on request."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.repeated = 0
        self._ids: set[str] = set()
        self._kill_after: int | None = None
        self._process: asyncio.subprocess.Process | None = None

    def watch(self, process: asyncio.subprocess.Process, kill_after: int | None) -> None:
        self._process, self._kill_after = process, kill_after

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := await reader.readline():
                msg_id, _, payload = line.strip().partition(b" ")
                if self._kill_after is not None:
                    self._kill_after -= 1
                    if self._kill_after < 0:
                        self._process.kill()
                        return
                self._take(msg_id.decode(), payload)
                writer.write(msg_id + b"\n")
        finally:
            writer.close()

    def _take(self, msg_id: str, payload: bytes) -> None:
        if msg_id in self._ids:
            self.repeated += 1
        else:
            self._ids.add(msg_id)
            self.names.append(msgspec.json.decode(payload, type=Envelope).event().contact.name)


async def test_a_killed_hub_loses_nothing_and_doubles_nothing(shaped_url: str, tmp_path: Path) -> None:
    bus = Bus()
    socket = tmp_path / "bus"
    server = await asyncio.start_unix_server(bus.serve, socket, limit=1 << 20)
    killed = 0
    dice = random.Random(20261122)
    for kill_after in [*(dice.randrange(1, 2 * COUNT // KILLS) for _ in range(KILLS)), None]:
        process = await asyncio.create_subprocess_exec(
            sys.executable, SCRIPT, shaped_url, socket, str(COUNT), cwd=ROOT, env={"PYTHONPATH": str(ROOT)}
        )
        bus.watch(process, kill_after)
        async with asyncio.timeout(60):
            status = await process.wait()
        killed += status == -signal.SIGKILL
        assert status in (0, -signal.SIGKILL)
    server.close()
    assert killed >= KILLS // 2  # the last ones may find nothing left to do
    assert bus.names == [str(number) for number in range(COUNT)]
    store = await Store.open(shaped_url)
    try:
        kept = [row["key"] for row in await store.fetch("SELECT key FROM setting ORDER BY key")]
        left = await store.fetch("SELECT 1 FROM outbox")
    finally:
        await store.close()
    assert kept == [f"{number:06}" for number in range(COUNT)]
    assert left == []
