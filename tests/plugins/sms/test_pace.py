"""The carrier's rate: turns come evenly, and nobody waits for a turn until the send runs out of time."""

import asyncio
import time

import pytest

from core.errors import SendDeferred
from plugins.sms.pace import Pace


async def test_turns_come_no_faster_than_allowed() -> None:
    pace, began = Pace(200.0), time.monotonic()
    await asyncio.gather(*(pace.turn() for _ in range(21)))
    assert time.monotonic() - began >= 0.09  # never sooner, however busy the machine


async def test_who_would_wait_too_long_comes_again() -> None:
    pace = Pace(0.01)
    await pace.turn()
    with pytest.raises(SendDeferred, match="wait for their turn"):
        await pace.turn()


async def test_without_limit_nobody_waits_but_for_a_pause() -> None:
    pace = Pace(0.0)
    await asyncio.gather(*(pace.turn() for _ in range(1000)))
    pace.pause(60.0)
    with pytest.raises(SendDeferred):
        await pace.turn()
