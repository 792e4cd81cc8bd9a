"""Running a process's main coroutine on uvloop where there is one, on asyncio's own loop elsewhere."""

import asyncio
import gc
import importlib
import sys
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


def run(main: Coroutine[Any, Any, T]) -> T:
    """Return what ``main`` returns; like ``asyncio.run`` it cancels what is left over."""
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        return runner.run(main)


def spare_start_up() -> None:
    """Keep the garbage collector from looking again at what start-up made: a hub stood still for 0.25 s each time."""
    gc.collect()
    gc.freeze()


def _loop_factory() -> Any:
    if sys.platform == "win32":
        return None
    try:
        return importlib.import_module("uvloop").new_event_loop
    except ImportError:
        return None
