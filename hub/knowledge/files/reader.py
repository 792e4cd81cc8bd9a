"""Has files read in a process of their own, one each: what a hostile one does to it stays there."""

import asyncio
import logging
import os
import signal
import sys
from typing import Final

import msgspec

from hub.knowledge.importing.drafts import Problem
from hub.supervisor.spawn import kill_group, spawn

log = logging.getLogger(__name__)

COMMAND: Final = (sys.executable, "-P", "-m", "hub.knowledge.files")
READ_S: Final = 120.0
MAX_FILE_BYTES: Final = 64 << 20
PASSED_ON: Final = ("PATH", "LANG", "LC_ALL", "PYTHONPATH", "PYTHONHOME", "LD_LIBRARY_PATH", "SYSTEMROOT")


class Reading(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The text of a file, or why there is none."""

    text: str = ""
    problem: Problem | None = None


async def read_text(data: bytes, name: str) -> Reading:
    """Return what stands in the file ``name``; whatever happens to its reader is a ``problem``."""
    if len(data) > MAX_FILE_BYTES:
        return Reading(problem="too_large")
    process = await spawn(COMMAND, is_expendable=True, env=_environment())
    try:
        async with asyncio.timeout(READ_S):
            answer, _ = await process.communicate(" ".join(name.splitlines()).encode() + b"\n" + data)
        return msgspec.json.decode(answer, type=Reading)
    except TimeoutError:
        return Reading(problem="too_slow")
    except msgspec.MsgspecError:
        log.warning("the reader of a file ended with status %s", process.returncode)
        return Reading(problem="too_slow" if process.returncode == -signal.SIGXCPU else "unreadable")
    finally:
        if process.returncode is None:
            kill_group(process.pid)
            await process.wait()


def _environment() -> dict[str, str]:
    """Return what the reader needs of ours, which may hold secrets."""
    return {name: os.environ[name] for name in PASSED_ON if name in os.environ}
