"""Lets happen on the desk what time brings about: held steps, snoozed conversations, reminders."""

import asyncio
import logging
from collections.abc import Sequence
from typing import Final, Protocol

log = logging.getLogger(__name__)

EVERY_S: Final = 0.5  # three questions by an index


class Timed(Protocol):
    """What has something to do from time to time."""

    async def tick(self) -> None:
        """Do what is due by now."""


async def keep_time(all_timed: Sequence[Timed]) -> None:
    """Let each do what is due, until cancelled; what fails in one does not hold up the others."""
    while True:
        for timed in all_timed:
            try:
                await timed.tick()
            except Exception:
                log.exception("something that was due failed")
        await asyncio.sleep(EVERY_S)
