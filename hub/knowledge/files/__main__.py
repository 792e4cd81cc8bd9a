"""``python -P -m hub.knowledge.files``: the text of one file, whose name comes in the first line of standard input."""

import os
import sys
from typing import Final

import msgspec

from hub.knowledge.files.extraction import text_of
from hub.knowledge.files.reader import Reading
from hub.knowledge.importing.drafts import NotReadable

MEMORY_BYTES: Final = 1_610_612_736
CPU_S: Final = 60
NICENESS: Final = 10


def main() -> int:
    """Return the exit status."""
    _limit()
    name = sys.stdin.buffer.readline().decode().rstrip("\n")
    try:
        answer = Reading(text=text_of(sys.stdin.buffer.read(), name))
    except NotReadable as error:
        answer = Reading(problem=error.problem)
    except MemoryError:
        answer = Reading(problem="too_large")
    sys.stdout.buffer.write(msgspec.json.encode(answer))
    return 0


def _limit() -> None:
    if sys.platform != "win32":
        import resource  # noqa: PLC0415 - there is none on Windows

        os.nice(NICENESS)
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
        resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


if __name__ == "__main__":
    sys.exit(main())
