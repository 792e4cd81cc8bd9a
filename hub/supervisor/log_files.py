"""The children's logs: one bounded file each, written by a thread so that nobody waits for the disk."""

import logging
import logging.handlers
import queue
from collections.abc import Callable
from pathlib import Path
from typing import Final

MAX_FILE_BYTES: Final = 5 * 1024 * 1024
KEPT_FILES: Final = 3
MAX_WAITING: Final = 10_000  # lines; a child that writes faster than the disk loses some


class LogFiles:
    """Log files below ``folder``; use as a context manager."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: dict[str, logging.handlers.RotatingFileHandler] = {}
        self._queue: queue.Queue[logging.LogRecord] = queue.Queue(MAX_WAITING)
        self._listener = logging.handlers.QueueListener(self._queue, _Sorter(self._file))

    def __enter__(self) -> "LogFiles":
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._listener.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.stop()
        for file in self._files.values():
            file.close()

    def writer(self, name: str) -> Callable[[str], None]:
        """Return what appends one line to the log of ``name``."""

        def write(line: str) -> None:
            try:
                self._queue.put_nowait(logging.makeLogRecord({"name": name, "msg": line}))
            except queue.Full:
                return

        return write

    def _file(self, name: str) -> logging.Handler:
        if name not in self._files:
            path = self._folder / f"{name}.log"
            file = logging.handlers.RotatingFileHandler(
                path, maxBytes=MAX_FILE_BYTES, backupCount=KEPT_FILES, encoding="utf-8"
            )
            self._files[name] = file
        return self._files[name]


class _Sorter(logging.Handler):
    """Gives each line to its own file."""

    def __init__(self, file: Callable[[str], logging.Handler]) -> None:
        super().__init__()
        self._file = file

    def emit(self, record: logging.LogRecord) -> None:
        self._file(record.name).emit(record)
