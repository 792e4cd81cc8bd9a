"""Starts processes that die with their parent, in groups that can be killed whole."""

import asyncio
import contextlib
import ctypes
import os
import signal
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

_PR_SET_PDEATHSIG: Final = 1
_OOM_SCORE: Final = 500  # when memory runs out, the kernel takes plugins before the hub and its database
# looked up before any fork: between fork and exec only the simplest calls are safe
_libc: Final = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


async def spawn(
    command: tuple[str, ...], *, is_expendable: bool = False, env: Mapping[str, str] | None = None
) -> asyncio.subprocess.Process:
    """Return the started ``command`` with pipes; call it from the main thread, whose death is the signal.

    Without ``env`` it has our whole environment.
    """
    return await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=env,
        start_new_session=True,
        preexec_fn=_tie_to(os.getpid(), is_expendable=is_expendable),
    )


def kill_group(pid: int, number: signal.Signals = signal.SIGKILL) -> None:
    """Send ``number`` to a child and everything it started; nothing happens when they are gone."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)


def resident_bytes(pid: int) -> int | None:
    """Return how much memory process ``pid`` holds, or None where the system does not tell."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (OSError, IndexError, ValueError):
        return None
    return pages * os.sysconf("SC_PAGE_SIZE")


def _tie_to(parent: int, *, is_expendable: bool) -> Callable[[], None]:
    def prepare() -> None:
        if _libc is not None:
            _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() != parent:  # it died before the line above
                os._exit(1)
        if is_expendable and sys.platform == "linux":
            with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:  # noqa: PTH123
                file.write(str(_OOM_SCORE))

    return prepare
