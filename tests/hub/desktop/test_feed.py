"""One browser's queue: in order, bounded, over at once when it is over."""

import asyncio

from hub.desktop.feed import QUEUE_FRAMES, Connection


async def test_frames_come_out_as_they_went_in() -> None:
    connection = Connection()
    taken = asyncio.create_task(connection.take())
    await asyncio.sleep(0)
    connection.push(b"1")
    connection.push(b"2")
    assert await taken == b"1"
    assert await connection.take() == b"2"


async def test_a_slow_browser_is_sent_away_with_what_it_has_not_read() -> None:
    connection = Connection()
    for _ in range(QUEUE_FRAMES + 1):
        connection.push(b"x")
    assert connection.bye_code == "slow"
    connection.push(b"later")
    assert await connection.take() is None


async def test_a_waiting_writer_learns_that_it_is_over() -> None:
    connection = Connection()
    taken = asyncio.create_task(connection.take())
    await asyncio.sleep(0)
    connection.close("logged_out")
    connection.close("gone")
    assert await taken is None
    assert connection.bye_code == "logged_out"


async def test_a_writer_that_gave_up_waiting_loses_nothing() -> None:
    connection = Connection()
    taken = asyncio.create_task(connection.take())
    await asyncio.sleep(0)
    taken.cancel()
    await asyncio.gather(taken, return_exceptions=True)
    connection.push(b"1")
    assert await connection.take() == b"1"
