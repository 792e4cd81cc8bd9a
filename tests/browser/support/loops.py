"""An event loop in a thread of its own: Playwright's synchronous interface leaves no room for one in the test's."""

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import Future
from contextlib import AbstractAsyncContextManager, contextmanager
from typing import Any, Final, TypeVar

WAIT_S: Final = 30.0
T = TypeVar("T")


@contextmanager
def running_loop(name: str) -> Iterator[asyncio.AbstractEventLoop]:
    """Yield a loop that runs."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name=name, daemon=True)
    thread.start()
    try:
        yield loop
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


@contextmanager
def entered(
    loop: asyncio.AbstractEventLoop, make: Callable[[], AbstractAsyncContextManager[T]], *, within_s: float = WAIT_S
) -> Iterator[T]:
    """Yield what a context manager in ``loop`` yields; one task there enters and leaves it."""
    opened: Future[T] = Future()
    stop = asyncio.Event()

    async def stay() -> None:
        async with make() as made:
            opened.set_result(made)
            await stop.wait()

    staying = asyncio.run_coroutine_threadsafe(stay(), loop)
    staying.add_done_callback(lambda done: opened.done() or opened.set_exception(done.exception() or EOFError()))
    try:
        yield opened.result(within_s)
    finally:
        loop.call_soon_threadsafe(stop.set)
        staying.result(within_s)


def do(loop: asyncio.AbstractEventLoop, work: Coroutine[Any, Any, T]) -> T:
    """Return what ``work`` returns in ``loop``."""
    return asyncio.run_coroutine_threadsafe(work, loop).result(WAIT_S)
