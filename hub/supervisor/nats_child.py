"""The embedded nats-server as a child: it speaks no report protocol, so it is asked for its greeting."""

import asyncio
import signal
from collections.abc import Callable
from typing import Final

from hub.nats_server import ServerConfig, command, reload
from hub.supervisor.child import Child, Limits, Order, Report
from hub.supervisor.spawn import kill_group

START_POLL_S: Final = 0.02
ASK_EVERY_S: Final = 3.0
ANSWER_S: Final = 3.0
MAX_MISSED: Final = 3


class NatsChild(Child):
    """One run of the server with ``config``."""

    def __init__(
        self, config: ServerConfig, on_report: Callable[[Report], None], on_log: Callable[[str], None]
    ) -> None:
        super().__init__(Order(name="nats-server", command=tuple(command(config)), limits=Limits()), on_report, on_log)
        self._port = config.port

    async def reload(self) -> None:
        """Have the server read its configuration again; nobody else's connection breaks."""
        pid = self.pid
        if pid is not None:
            await reload(lambda number: kill_group(pid, signal.Signals(number)))

    async def _watch(self, process: asyncio.subprocess.Process) -> None:
        try:
            async with asyncio.timeout(self._order.limits.start_s):
                while not await _greets(self._port):  # noqa: ASYNC110 - only the server itself knows
                    await asyncio.sleep(START_POLL_S)
        except TimeoutError:
            self._verdict = ("start_timeout", f"no greeting within {self._order.limits.start_s:g} s")
        else:
            self._take({"event": "started"})
            missed = 0
            while missed < MAX_MISSED:
                await asyncio.sleep(ASK_EVERY_S)
                missed = 0 if await _greets(self._port) else missed + 1
            self._verdict = ("hang", f"{MAX_MISSED} questions were not answered")
        kill_group(process.pid)


async def _greets(port: int) -> bool:
    try:
        async with asyncio.timeout(ANSWER_S):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                return (await reader.readline()).startswith(b"INFO ")
            finally:
                writer.close()
    except (OSError, TimeoutError, ValueError):
        return False
