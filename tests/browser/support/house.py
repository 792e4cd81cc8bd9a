"""The whole house for browsers: ``lianxin run --demo``, its pipes read by a loop in a thread of its own."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from tests.browser.support.loops import entered, running_loop
from tests.journeys.support.house import House, start_house, stop_house

START_S = 90.0


@contextmanager
def running_house(data: Path) -> Iterator[House]:
    """Run the demo."""

    @asynccontextmanager
    async def house() -> AsyncIterator[House]:
        running = await start_house(data, "--demo")
        try:
            yield running
        finally:
            await stop_house(running)

    with running_loop("house") as loop, entered(loop, house, within_s=START_S) as running:
        yield running
