"""Calls from SIPp, which forgives nothing."""

import asyncio
from contextlib import aclosing
from pathlib import Path

from plugins.voice.ari import Ari
from plugins.voice.ari.events import StasisEnd, StasisStart
from tests.plugins.voice.support.engine import Board
from tests.plugins.voice.support.sipp import call_in

CALLS = 60


async def test_calls_that_arrive_together_are_all_answered_and_ended_in_order(board: Board, tmp_path: Path) -> None:
    await board.trunk()
    ended = asyncio.create_task(serve(board.ari, CALLS))
    status, printed = await call_in(board.sip, tmp_path, number="12345", calls=CALLS, per_s=30)
    assert status == 0, printed[-2000:]
    async with asyncio.timeout(30):
        assert await ended == CALLS


async def serve(ari: Ari, calls: int) -> int:
    """Answer each call, ring it off at once, and return how many have gone after ``calls`` of them."""
    gone = 0
    async with aclosing(aiter(ari.events())) as stream:
        async for event in stream:
            match event:
                case StasisStart(channel=channel):
                    await ari.answer(channel.id)
                    await ari.hang_up(channel.id)
                case StasisEnd():
                    gone += 1
            if gone == calls:
                return gone
    return gone
