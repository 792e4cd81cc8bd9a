"""Keeps below a carrier's rate: parts leave evenly, and all of them pause when the carrier says so."""

import asyncio
import time
from typing import Final

from core.errors import SendDeferred

MAX_WAIT_S: Final = 10.0  # whoever would wait longer comes again, so that no send runs out of its time


class Pace:
    """At most ``per_second`` turns, 0 for no limit."""

    def __init__(self, per_second: float) -> None:
        self._gap_s = 1.0 / per_second if per_second else 0.0
        self._next = 0.0

    async def turn(self) -> None:
        """Wait for the next turn; SendDeferred when that is far away."""
        now = time.monotonic()
        at = max(now, self._next)
        if at - now > MAX_WAIT_S:
            raise SendDeferred("throttled", "many messages wait for their turn")
        self._next = at + self._gap_s
        if at > now:
            await asyncio.sleep(at - now)

    def pause(self, seconds: float) -> None:
        """Let nobody go for so long."""
        self._next = max(self._next, time.monotonic() + seconds)
