"""Counts what is under way, so that a connection is not closed while it still carries something."""

import asyncio
import contextlib
from collections.abc import Iterator


class Underway:
    """``with`` marks one piece of work; ``ended`` waits for all of it."""

    def __init__(self) -> None:
        self._count = 0
        self._idle = asyncio.Event()
        self._idle.set()

    @contextlib.contextmanager
    def mark(self) -> Iterator[None]:
        """Count one more meanwhile."""
        self._count += 1
        self._idle.clear()
        try:
            yield
        finally:
            self._count -= 1
            if not self._count:
                self._idle.set()

    async def ended(self, limit_s: float) -> None:
        """Return when nothing is under way, at most after ``limit_s``."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(limit_s):
                await self._idle.wait()
