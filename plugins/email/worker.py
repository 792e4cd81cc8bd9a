"""``python -P -m plugins.email.worker MAIL FOLDER``: reads one big mail, its files into FOLDER, the rest as JSON."""

import mmap
import sys
from pathlib import Path
from typing import Final

import msgspec

from plugins.email.wire import Ours, Parsed, parse

MEMORY_BYTES: Final = 1_610_612_736


def main() -> int:
    """Return the exit status."""
    _limit_memory()
    source, folder = Path(sys.argv[1]), Path(sys.argv[2])
    ours = msgspec.json.decode(sys.stdin.buffer.read(), type=Ours)
    with source.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as raw:
        parsed = parse(raw, ours)
        sys.stdout.buffer.write(msgspec.json.encode(_put_aside(parsed, folder)))
    return 0


def _put_aside(parsed: Parsed, folder: Path) -> Parsed:
    """Return ``parsed`` with its files' bytes in ``folder``."""
    files = []
    for number, file in enumerate(parsed.files):
        path = folder / f"file-{number}"
        path.write_bytes(file.data)
        files.append(msgspec.structs.replace(file, data=b"", path=str(path)))
    return msgspec.structs.replace(parsed, files=tuple(files))


def _limit_memory() -> None:
    if sys.platform != "win32":
        import resource  # noqa: PLC0415 - there is none on Windows

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))


if __name__ == "__main__":
    sys.exit(main())
