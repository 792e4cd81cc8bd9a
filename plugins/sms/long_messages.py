"""Long messages on their way in: the reassembly, with every part written down before it is acknowledged."""

from sqlite3 import Connection

from core.clock import Clock
from core.ids import new_id
from plugins.sms.journal import Journal
from plugins.sms.wire.reassembly import Key, PartSet, Piece, Reassembly

MAX_LATE_S = 86_400.0  # how long parts of a message that was handed on are known again


class LongMessages:
    """The sets of parts of one instance; kept in the journal."""

    def __init__(self, journal: Journal, clock: Clock, wait_s: float) -> None:
        self._journal = journal
        self._clock = clock
        self._wait_s = wait_s
        self._sets = Reassembly(new_id)

    async def load(self) -> None:
        """Take up what a predecessor left."""
        for known in await self._journal.do(_read):
            self._sets.restore(known)

    async def add(self, key: Key, piece: Piece) -> tuple[PartSet, bool]:
        """Return the set ``piece`` belongs to once it is written down, and whether it is a part too late for it.

        A late part is written down by ``write``, when the hub has it.
        """
        known, is_new = self._sets.place(key, piece, self._clock.now().timestamp())
        is_late = is_new and known.is_closed
        if not is_late:
            await self.write(known, piece)  # also a repetition: the first one's writing may not be done yet
        return known, is_late

    async def write(self, known: PartSet, piece: Piece) -> None:
        """Write ``piece`` down; its text only while it is needed."""
        digest, is_closed = piece.digest, known.is_closed

        def write(db: Connection) -> None:
            row = (known.set_id, *known.key, known.opened_at, is_closed)
            db.execute("INSERT OR IGNORE INTO part_sets VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
            values = (known.set_id, piece.number, digest, None if is_closed else piece.data, piece.coding)
            db.execute("INSERT OR IGNORE INTO pieces VALUES (?, ?, ?, ?, ?)", values)

        await self._journal.do(write)

    async def close(self, known: PartSet) -> None:
        """Note that the message was handed on; its text is forgotten."""
        self._sets.close(known)

        def write(db: Connection) -> None:
            db.execute("UPDATE part_sets SET is_closed = 1 WHERE set_id = ?", (known.set_id,))
            db.execute("UPDATE pieces SET data = NULL WHERE set_id = ?", (known.set_id,))

        await self._journal.do(write)

    def overdue(self) -> list[PartSet]:
        """Return the open sets that are complete, or have waited long enough."""
        return self._sets.overdue(self._clock.now().timestamp() - self._wait_s)

    async def expire(self) -> None:
        """Forget sets that were handed on long ago."""
        old = [
            (known.set_id,)
            for known in self._sets.forget(self._clock.now().timestamp() - max(MAX_LATE_S, self._wait_s))
        ]

        def write(db: Connection) -> None:
            db.executemany("DELETE FROM part_sets WHERE set_id = ?", old)
            db.executemany("DELETE FROM pieces WHERE set_id = ?", old)

        if old:
            await self._journal.do(write)


def _read(db: Connection) -> list[PartSet]:
    sets: dict[str, PartSet] = {}
    for set_id, source, destination, reference, total, is_16_bit, opened_at, is_closed in db.execute(
        "SELECT * FROM part_sets ORDER BY opened_at"
    ):
        key = (source, destination, reference, total, bool(is_16_bit))
        sets[set_id] = PartSet(set_id, key, opened_at, is_closed=bool(is_closed))
    for set_id, number, digest, data, coding in db.execute("SELECT * FROM pieces"):
        known = sets[set_id]
        known.digests[number] = digest
        if data is not None:
            known.pieces[number] = Piece(number, data, coding)
    return list(sets.values())
