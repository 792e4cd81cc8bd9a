"""Finds callbacks that hold up the event loop, without blaming them for a busy machine.

What counts is the time a callback kept the loop's thread, computing or sleeping, less the time the
thread was ready but got no processor (Linux: /proc/thread-self/schedstat; elsewhere only processor
time is counted). Sees asyncio's own loops; uvloop runs its callbacks out of reach.
"""

import asyncio
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

SCHEDSTAT: Final = "/proc/thread-self/schedstat"  # nanoseconds run, nanoseconds waited for a processor, time slices


@dataclass(frozen=True, slots=True)
class Blockage:
    """One callback that kept the loop waiting for ``held_s``."""

    callback: str
    held_s: float

    def __str__(self) -> str:
        return f"held the event loop for {self.held_s:.2f} s: {self.callback}"


@contextmanager
def watch_loop(limit_s: float = 0.5) -> Iterator[list[Blockage]]:
    """Yield a list that receives each callback of this thread's loops that holds them longer than ``limit_s``."""
    blockages: list[Blockage] = []
    thread_id = threading.get_ident()
    run = asyncio.Handle._run
    is_over = False  # a greenlet (Playwright's) may leave a callback and come back to it after the watch

    with _stopwatch() as elapsed_s:

        def timed_run(handle: asyncio.Handle) -> None:
            if threading.get_ident() != thread_id:
                run(handle)
                return
            started_s = elapsed_s()
            try:
                run(handle)
            finally:
                if not is_over and (held_s := elapsed_s() - started_s) > limit_s:
                    blockages.append(Blockage(_describe(handle), held_s))

        asyncio.Handle._run = timed_run  # type: ignore[method-assign, assignment]
        try:
            yield blockages
        finally:
            is_over = True
            asyncio.Handle._run = run  # type: ignore[method-assign]


@contextmanager
def _stopwatch() -> Iterator[Callable[[], float]]:
    """Yield a function that returns the seconds this thread has run or slept."""
    try:
        schedstat = os.open(SCHEDSTAT, os.O_RDONLY)
    except OSError:
        yield time.thread_time
        return

    def elapsed_s() -> float:
        waited_ns = int(os.pread(schedstat, 96, 0).split()[1])
        return time.perf_counter() - waited_ns / 1e9

    try:
        yield elapsed_s
    finally:
        os.close(schedstat)


def _describe(handle: Any) -> str:
    owner = getattr(handle._callback, "__self__", None)  # a task's step says less than the task
    return repr(owner) if isinstance(owner, asyncio.Task) else repr(handle)
