"""What a child process tells its supervisor: JSON lines on what was its standard output.

``{"event": "started"}`` once the process is set up, ``{"event": "heartbeat"}`` every second from the
event loop (a blocked loop falls silent), ``{"event": "ready"}`` and ``{"event": "state", ...}`` as they come,
``{"event": "refused", "text": ...}`` before it exits with ``EXIT_CONFIG``.
"""

import asyncio
import json
import os
import sys
from typing import Any, Final

HEARTBEAT_S: Final = 1.0
EXIT_CONFIG: Final = 78  # EX_CONFIG of sysexits.h: starting again without other settings is pointless


class Reports:
    """Writes report lines to a file descriptor without ever waiting for the reader."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        os.set_blocking(fd, False)

    @classmethod
    def take_stdout(cls) -> "Reports":
        """Return reports on standard output, which from now on leads to standard error for everybody else."""
        sys.stdout.flush()
        fd = os.dup(1)
        os.dup2(2, 1)  # a stray print() of a plugin must not look like a report
        return cls(fd)

    def send(self, event: str, **fields: Any) -> None:
        """Write one line; dropped when the supervisor does not read (a pipe holds thousands of lines)."""
        line = json.dumps({"event": event, **fields}, ensure_ascii=False) + "\n"
        try:
            os.write(self._fd, line.encode())
        except (BlockingIOError, BrokenPipeError):
            return

    async def beat(self) -> None:
        """Send heartbeats until cancelled."""
        while True:
            self.send("heartbeat")
            await asyncio.sleep(HEARTBEAT_S)
