"""Keeps below a carrier's rate: parts leave evenly, and all of them pause when the carrier says so."""

import asyncio
import time


class Pace:
    """At most ``per_second`` turns, 0 for no limit."""

    def __init__(self, per_second: float) -> None:
        self._gap_s = 1.0 / per_second if per_second else 0.0
        self._next = 0.0

    async def turn(self) -> None:
        """Wait for the next turn."""
        now = time.monotonic()
        at = max(now, self._next)
        self._next = at + self._gap_s
        if at > now:
            await asyncio.sleep(at - now)

    def pause(self, seconds: float) -> None:
        """Let nobody go for so long."""
        self._next = max(self._next, time.monotonic() + seconds)
