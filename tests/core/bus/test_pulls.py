"""Who waits for messages is woken one at a time, and a message always finds somebody."""

import asyncio
from typing import Any, cast

import pytest
from nats.aio.msg import Msg

from core.bus.connection import Connection
from core.bus.pulls import Pull


@pytest.fixture
def pull() -> Pull:
    """Return a buffer that the test fills itself."""

    async def prepare() -> str:
        raise AssertionError("nobody asks a server here")

    return Pull(cast("Connection", None), capacity=10, prepare=prepare)


async def fill(pull: Pull, *numbers: int) -> None:
    for number in numbers:
        await pull._arrived(Msg(cast("Any", None), subject=str(number), data=b"x"))


async def takers(pull: Pull, count: int, limit: int = 1) -> list[asyncio.Task[list[Msg]]]:
    """Return readers that wait already."""
    tasks = [asyncio.create_task(pull.take(limit)) for _ in range(count)]
    await asyncio.sleep(0)
    return tasks


async def test_readers_are_served_in_the_order_they_came(pull: Pull) -> None:
    waiting = await takers(pull, 3)
    await fill(pull, 1, 2, 3)
    taken = await asyncio.gather(*waiting)
    assert [message.subject for (message,) in taken] == ["1", "2", "3"]


async def test_a_message_for_a_reader_that_is_cancelled_goes_to_the_next(pull: Pull) -> None:
    first, second = await takers(pull, 2)
    await fill(pull, 1)
    first.cancel()  # woken already, but it did not run yet
    async with asyncio.timeout(30):
        (message,) = await second
    assert message.subject == "1"
    assert first.cancelled()


async def test_a_reader_that_left_before_is_passed_over(pull: Pull) -> None:
    first, second = await takers(pull, 2)
    first.cancel()
    await fill(pull, 1)
    async with asyncio.timeout(30):
        (message,) = await second
    assert message.subject == "1"


async def test_what_one_reader_leaves_wakes_another(pull: Pull) -> None:
    first, second = await takers(pull, 2, limit=2)
    await fill(pull, 1, 2, 3)
    async with asyncio.timeout(30):
        taken = await asyncio.gather(first, second)
    assert sorted(message.subject for messages in taken for message in messages) == ["1", "2", "3"]
