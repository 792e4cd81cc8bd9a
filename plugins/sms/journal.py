"""The channel's own memory in its data folder: what must survive a kill, written in groups with one flush each.

SQLite in WAL mode with ``synchronous=FULL``: what was awaited is on the disk, also after a power cut.
"""

import asyncio
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

from core.errors import TryLater

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], T]

FILE: Final = "journal.db"
MAX_GROUP: Final = 500

_TABLES: Final = """
CREATE TABLE IF NOT EXISTS arrivals (arrival_id TEXT PRIMARY KEY, fingerprint BLOB NOT NULL, at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS part_sets (set_id TEXT PRIMARY KEY, source TEXT NOT NULL, destination TEXT NOT NULL,
    reference INTEGER NOT NULL, total INTEGER NOT NULL, is_16_bit INTEGER NOT NULL, opened_at REAL NOT NULL,
    is_closed INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS pieces (set_id TEXT NOT NULL, number INTEGER NOT NULL, digest BLOB NOT NULL,
    data BLOB, coding INTEGER NOT NULL, PRIMARY KEY (set_id, number)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS sent_parts (part_key TEXT PRIMARY KEY, message_id TEXT NOT NULL, number INTEGER NOT NULL,
    total INTEGER NOT NULL, part_id TEXT NOT NULL, state TEXT NOT NULL, code TEXT NOT NULL, at REAL NOT NULL);
CREATE INDEX IF NOT EXISTS sent_of_message ON sent_parts (message_id);
CREATE INDEX IF NOT EXISTS sent_at ON sent_parts (at);
CREATE TABLE IF NOT EXISTS early_receipts (part_key TEXT PRIMARY KEY, state TEXT NOT NULL, code TEXT NOT NULL,
    at REAL NOT NULL);
"""


class JournalFailed(TryLater):
    """The data folder cannot be written: nothing is acknowledged until it can."""

    code = "journal_failed"


class Journal:
    """Runs pieces of work in one database, each wholly or not at all, many in one transaction."""

    def __init__(self, folder: Path) -> None:
        """Open the journal in ``folder``; JournalFailed when that cannot be done. Blocks."""
        try:
            self._db = sqlite3.connect(folder / FILE, isolation_level=None, check_same_thread=False)
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=FULL")
            self._db.executescript(_TABLES)
        except sqlite3.Error as error:
            raise JournalFailed(f"{folder / FILE}: {error}") from error
        self._waiting: list[tuple[Work[Any], asyncio.Future[Any]]] = []
        self._flushing: asyncio.Task[None] | None = None

    async def do(self, work: Work[T]) -> T:
        """Return what ``work`` returned once its changes are on the disk; JournalFailed when they are not.

        ``work`` runs in a thread.
        """
        done: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.append((work, done))
        if self._flushing is None:
            self._flushing = asyncio.create_task(self._flush())
        return await done

    async def close(self) -> None:
        """Finish what was begun."""
        if self._flushing is not None:
            await asyncio.wait({self._flushing})
        await asyncio.to_thread(self._db.close)

    async def _flush(self) -> None:
        try:
            while self._waiting:
                group, self._waiting = self._waiting[:MAX_GROUP], self._waiting[MAX_GROUP:]
                outcomes = await asyncio.to_thread(self._run, [work for work, _ in group])
                for (_, done), outcome in zip(group, outcomes, strict=True):
                    if done.done():  # whoever asked was cancelled
                        continue
                    if isinstance(outcome, Exception):
                        done.set_exception(outcome)
                    else:
                        done.set_result(outcome)
        finally:
            self._flushing = None

    def _run(self, group: list[Work[Any]]) -> list[Any]:
        outcomes: list[Any] = []
        try:
            self._db.execute("BEGIN IMMEDIATE")
            for work in group:
                outcomes.append(self._one(work))
            self._db.execute("COMMIT")
        except sqlite3.Error as error:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            return [JournalFailed(f"journal: {error}")] * len(group)
        return outcomes

    def _one(self, work: Work[T]) -> T | Exception:
        self._db.execute("SAVEPOINT work")
        try:
            outcome = work(self._db)
        except Exception as error:
            self._db.execute("ROLLBACK TO work")
            return JournalFailed(f"journal: {error}") if isinstance(error, sqlite3.Error) else error
        finally:
            self._db.execute("RELEASE work")
        return outcome
