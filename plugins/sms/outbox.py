"""Messages on their way out: parts, what the far end said of each, and receipts folded into one state."""

import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta
from functools import partial
from sqlite3 import Connection
from typing import Final

from core.clock import Clock
from core.errors import SendDeferred, SendUnknown, TryLater
from core.events import Event, MessageStatus
from plugins.sms.backends import Backend, Part
from plugins.sms.journal import Journal, JournalFailed
from plugins.sms.wire.receipts import Receipt

log = logging.getLogger(__name__)

EARLY_S: Final = 600.0  # a receipt may overtake the answer to its message
FINAL: Final = frozenset({"delivered", "failed"})

Emit = Callable[[Event], Awaitable[None]]
PartState = tuple[int, int, str, str, str]  # number, total, part id, state, code


class Outbox:
    """What was handed to the carrier; kept in the journal for ``keep_days``."""

    def __init__(self, journal: Journal, clock: Clock, emit: Emit, backend: Backend, keep_days: int) -> None:
        self._journal = journal
        self._clock = clock
        self._emit = emit
        self._backend = backend
        self._keep_days = keep_days

    async def accepted(self, message_id: str) -> dict[int, str]:
        """Return the ids of the parts of a message that the far end took in an earlier try; or SendDeferred."""
        try:
            rows = await self._journal.do(lambda db: _parts(db, message_id))
        except JournalFailed as error:
            raise SendDeferred(error.code, str(error)) from error
        return {number: part_id for number, _, part_id, _, _ in rows}

    async def accept(self, part: Part, part_id: str) -> None:
        """Note that the far end took ``part``; a receipt that came already counts at once.

        SendUnknown when it cannot be noted: a try that goes on would not know of it.
        """
        place = part.place
        number, total = (place.number, place.total) if place else (1, 1)
        is_named = bool(part_id.strip("0"))  # some far ends name nothing: no receipt can be about it
        key, now = self._backend.key(part_id) if is_named else f"{part.message_id}/{number}", self._now()

        def write(db: Connection) -> bool:
            early = db.execute("SELECT state, code FROM early_receipts WHERE part_key = ?", (key,)).fetchone()
            state, code = early or ("accepted", "")
            row = (key, part.message_id, number, total, part_id, state, code, now)
            db.execute("INSERT OR REPLACE INTO sent_parts VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
            return early is not None

        try:
            is_early = await self._journal.do(write)
        except JournalFailed as error:
            raise SendUnknown("not_noted", "the far end took it, and that could not be written down") from error
        if is_early:
            with suppress(TryLater):  # the message is out all the same; tidying tells it again
                await self._report_early()

    async def note(self, receipt: Receipt) -> None:
        """Take in a receipt; one about a part nobody knows is kept for a while."""
        key, now = self._backend.receipt_key(receipt.part_id), self._now()
        if receipt.state not in FINAL:
            return  # the message is under way, which we know

        def write(db: Connection) -> tuple[str, list[PartState]]:
            known = db.execute("SELECT message_id FROM sent_parts WHERE part_key = ?", (key,)).fetchone()
            if known is None:
                early = (key, receipt.state, receipt.code, now)
                db.execute("INSERT OR REPLACE INTO early_receipts VALUES (?, ?, ?, ?)", early)
                return "", []
            row = (receipt.state, receipt.code, key)
            db.execute("UPDATE sent_parts SET state = ?, code = ? WHERE part_key = ?", row)
            return known[0], _parts(db, known[0])

        message_id, parts = await self._journal.do(write)
        if parts:
            await self._report(message_id, parts)

    async def tidy(self) -> None:
        """Report what could not be reported before, and forget what is too old for a receipt."""
        await self._report_early()
        now = self._now()
        old = now - timedelta(days=self._keep_days).total_seconds()

        def write(db: Connection) -> int:
            db.execute("DELETE FROM sent_parts WHERE at < ?", (old,))
            return db.execute("DELETE FROM early_receipts WHERE at < ?", (now - EARLY_S,)).rowcount

        if strays := await self._journal.do(write):
            log.info("%d receipts were about messages nobody knows", strays)

    async def _report_early(self) -> None:
        """Report the receipts that came before the answers to their parts, and forget each once that is done."""
        rows = await self._journal.do(
            lambda db: [
                (key, message_id, _parts(db, message_id))
                for key, message_id in db.execute(
                    "SELECT part_key, message_id FROM early_receipts JOIN sent_parts USING (part_key)"
                ).fetchall()
            ]
        )
        for key, message_id, parts in rows:
            await self._report(message_id, parts)
            await self._journal.do(partial(_forget_early, key=key))

    async def _report(self, message_id: str, parts: list[PartState]) -> None:
        status = folded(message_id, parts)
        if status is not None:
            await self._emit(status)

    def _now(self) -> float:
        return self._clock.now().timestamp()


def folded(message_id: str, parts: list[PartState]) -> MessageStatus | None:
    """Return what became of a message by its ``parts``: failed as soon as one is, delivered when all are."""
    first = parts[0][2]
    for number, total, _, state, code in parts:
        if state == "failed":
            reason = f"part {number} of {total}: {code}" if total > 1 else code
            return MessageStatus(
                message_id=message_id, status="failed", external_id=first, code="undelivered", reason=reason
            )
    if len(parts) == parts[0][1] and all(state == "delivered" for *_, state, _ in parts):
        return MessageStatus(message_id=message_id, status="delivered", external_id=first)
    return None


def _forget_early(db: Connection, *, key: str) -> None:
    db.execute("DELETE FROM early_receipts WHERE part_key = ?", (key,))


def _parts(db: Connection, message_id: str) -> list[PartState]:
    return db.execute(
        "SELECT number, total, part_id, state, code FROM sent_parts WHERE message_id = ? ORDER BY number", (message_id,)
    ).fetchall()
