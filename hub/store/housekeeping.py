"""Forgets what is no longer needed, in small units so that nobody waits long."""

from datetime import datetime, timedelta
from typing import Final

from hub.store.engine import Store

KEEP_INBOX: Final = timedelta(days=30)  # must outlive the stream IN, which keeps 7 days
KEEP_UTTERANCES: Final = timedelta(days=7)  # as long as the stream IN may still bring what ends them
KEEP_STRETCHES: Final = timedelta(days=800)  # twice the longest report: it, and the time before beside it
AT_ONCE: Final = 1000


async def prune_inbox(store: Store, now: datetime) -> int:
    """Delete the marks of envelopes handled more than ``KEEP_INBOX`` before ``now``; return how many."""
    return await _prune(store, "inbox", "envelope_id", "received_at", now - KEEP_INBOX)


async def prune_sessions(store: Store, now: datetime) -> int:
    """Delete the sessions that ended before ``now``; return how many."""
    return await _prune(store, "session", "token_hash", "expires_at", now)


async def prune_stretches(store: Store, now: datetime) -> int:
    """Delete what agents did that ended more than ``KEEP_STRETCHES`` before ``now``; return how many stretches."""
    return await _prune(store, "agent_stretch", "stretch_id", "ended_at", now - KEEP_STRETCHES)


async def forget_utterances(store: Store, now: datetime) -> int:
    """Empty what calls that ended more than ``KEEP_UTTERANCES`` before ``now`` were being told; return how many.

    It holds a flow's answers for a recording that comes late.
    """
    return await _repeat(
        store,
        "UPDATE phone_call SET utterance = NULL WHERE call_id IN"
        " (SELECT call_id FROM phone_call WHERE ended_at < ? AND utterance IS NOT NULL LIMIT ?)",
        now - KEEP_UTTERANCES,
    )


async def _prune(store: Store, table: str, key: str, column: str, before: datetime) -> int:
    sql = f"DELETE FROM {table} WHERE {key} IN (SELECT {key} FROM {table} WHERE {column} < ? LIMIT ?)"  # noqa: S608
    return await _repeat(store, sql, before)


async def _repeat(store: Store, sql: str, before: datetime) -> int:
    """Run ``sql`` for ``AT_ONCE`` rows at a time until there are no more; return how many there were."""
    changed = 0
    while True:
        async with store.work() as work:
            some = await work.execute(sql, before, AT_ONCE)
        changed += some
        if some < AT_ONCE:
            return changed
