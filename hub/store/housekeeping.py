"""Deletes what is no longer needed, in small units so that nobody waits long."""

from datetime import datetime, timedelta
from typing import Final

from hub.store.engine import Store

KEEP_INBOX: Final = timedelta(days=30)  # must outlive the stream IN, which keeps 7 days
AT_ONCE: Final = 1000


async def prune_inbox(store: Store, now: datetime) -> int:
    """Delete the marks of envelopes handled more than ``KEEP_INBOX`` before ``now``; return how many."""
    return await _prune(store, "inbox", "envelope_id", "received_at", now - KEEP_INBOX)


async def prune_sessions(store: Store, now: datetime) -> int:
    """Delete the sessions that ended before ``now``; return how many."""
    return await _prune(store, "session", "token_hash", "expires_at", now)


async def _prune(store: Store, table: str, key: str, column: str, before: datetime) -> int:
    deleted = 0
    while True:
        async with store.work() as work:
            some = await work.execute(
                f"DELETE FROM {table} WHERE {key} IN (SELECT {key} FROM {table} WHERE {column} < ? LIMIT ?)",  # noqa: S608
                before,
                AT_ONCE,
            )
        deleted += some
        if some < AT_ONCE:
            return deleted
