"""Notes on disk which mails are being handed over and which were taken, so that a crash leaves no doubt it need not."""

import sqlite3
import threading
import time
from pathlib import Path
from typing import Final, Literal

KEPT_S: Final = 30 * 86_400


class Journal:
    """One instance's notes; every call waits for the disk, so it belongs into a thread."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._database = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._database.execute("PRAGMA journal_mode=WAL")
        self._database.execute("PRAGMA synchronous=FULL")
        self._database.execute(
            "CREATE TABLE IF NOT EXISTS sent (message_id TEXT PRIMARY KEY, external_id TEXT, noted_at REAL NOT NULL)"
        )
        self._database.execute("DELETE FROM sent WHERE noted_at < ?", (time.time() - KEPT_S,))

    def begin(self, message_id: str) -> None:
        """Note that the far end may have ``message_id`` from now on."""
        self._write("INSERT OR REPLACE INTO sent VALUES (?, NULL, ?)", message_id, time.time())

    def finish(self, message_id: str, external_id: str) -> None:
        """Note that the far end took it."""
        self._write("INSERT OR REPLACE INTO sent VALUES (?, ?, ?)", message_id, external_id, time.time())

    def forget(self, message_id: str) -> None:
        """Note that the far end certainly did not take it."""
        self._write("DELETE FROM sent WHERE message_id = ?", message_id)

    def find(self, message_id: str) -> str | Literal[False] | None:
        """Return the far end's id, False when it was never handed over, None when nobody knows."""
        with self._lock:
            found = self._database.execute("SELECT external_id FROM sent WHERE message_id = ?", (message_id,))
            row = found.fetchone()
        return False if row is None else row[0]

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._database.close()

    def _write(self, statement: str, *values: str | float) -> None:
        with self._lock:
            self._database.execute(statement, values)
