"""The whole house for browsers: ``lianxin run --demo``, its pipes read by a loop in a thread of its own."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.journeys.support.house import House, start_house, stop_house


@contextmanager
def running_house(data: Path) -> Iterator[House]:
    """Run the demo; Playwright's synchronous interface leaves no room for a loop in the test's own thread."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="house", daemon=True)
    thread.start()
    try:
        house = asyncio.run_coroutine_threadsafe(start_house(data, "--demo"), loop).result()
        try:
            yield house
        finally:
            asyncio.run_coroutine_threadsafe(stop_house(house), loop).result()
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
