"""Has glibc's allocator give memory back to the system: after 60 log-ins it kept 39 MB of 88 that nothing used.

Every thread gets an arena of its own there, up to eight for each processor, and a large block that is freed raises the
size from which memory is given back. Two arenas and a fixed size hold what the hub really uses.
"""

import contextlib
import ctypes
import sys
from typing import Final

_TRIM_THRESHOLD: Final = -1  # numbers of mallopt(3)
_ARENA_MAX: Final = -8
_TRIM_BYTES: Final = 131_072  # what it begins with, fixed


def give_memory_back() -> None:
    """Bound what the allocator keeps of freed memory; call it before there are threads. Elsewhere nothing happens."""
    if sys.platform != "linux":
        return
    with contextlib.suppress(AttributeError):  # musl has neither arenas nor this call
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_ARENA_MAX, 2)
        mallopt(_TRIM_THRESHOLD, _TRIM_BYTES)
