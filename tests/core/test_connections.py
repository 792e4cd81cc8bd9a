"""Half-open sockets are closed; whoever asks something stays."""

import asyncio

from core.connections import SilentConnections


class Line:
    """A connection that notes that it was closed."""

    def __init__(self) -> None:
        self.closed = asyncio.Event()

    def force_close(self) -> None:
        self.closed.set()


async def test_a_silent_connection_is_closed_in_time() -> None:
    line = SilentConnections(first_request_s=0.01).watch(Line())
    async with asyncio.timeout(30):
        await line.closed.wait()


async def test_a_connection_that_was_heard_stays() -> None:
    silent = SilentConnections(first_request_s=0.01)
    talker, quiet = silent.watch(Line()), silent.watch(Line())
    silent.heard(talker)
    async with asyncio.timeout(30):
        await quiet.closed.wait()
    assert not talker.closed.is_set()


async def test_the_longest_silent_makes_room_for_the_newest() -> None:
    silent = SilentConnections(first_request_s=60, limit=2)
    lines = [silent.watch(Line()) for _ in range(4)]
    assert [line.closed.is_set() for line in lines] == [True, True, False, False]
    for line in lines:
        silent.heard(line)
