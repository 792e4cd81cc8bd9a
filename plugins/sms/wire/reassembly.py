"""Puts the parts of long messages together, in whatever order, however often and from however many senders they come.

Pure: time is handed in, and what must survive is written down by the caller.
"""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import takewhile

Key = tuple[str, str, int, int, bool]  # source, destination, reference, total, whether the reference has 16 bits


@dataclass(frozen=True, slots=True)
class Piece:
    """One part's content: bytes in a coding that only its protocol understands."""

    number: int
    data: bytes
    coding: int

    @property
    def digest(self) -> bytes:
        """Return what is the same when the far end repeats itself."""
        return hashlib.blake2b(self.data, digest_size=8, salt=bytes([self.coding & 0xFF])).digest()


@dataclass(slots=True, eq=False)
class PartSet:
    """The parts of one long message so far; ``set_id`` is made when the first one comes."""

    set_id: str
    key: Key
    opened_at: float
    pieces: dict[int, Piece] = field(default_factory=dict)
    digests: dict[int, bytes] = field(default_factory=dict)  # stay when the pieces were handed on
    is_closed: bool = False

    @property
    def total(self) -> int:
        """Return how many parts there are."""
        return self.key[3]

    @property
    def is_complete(self) -> bool:
        """Tell whether every part came."""
        return len(self.digests) == self.total

    def put(self, piece: Piece) -> None:
        """Take ``piece`` in."""
        self.pieces[piece.number] = piece
        self.digests[piece.number] = piece.digest

    def forget(self, number: int) -> None:
        """Take a part out again, so that it is new when it comes again."""
        self.pieces.pop(number, None)
        del self.digests[number]


class Reassembly:
    """All sets of one instance; ``new_id`` names a set when its first part comes."""

    def __init__(self, new_id: Callable[[], str]) -> None:
        self._new_id = new_id
        self._by_key: dict[Key, list[PartSet]] = {}
        self._open: dict[str, PartSet] = {}  # oldest first
        self._closed: dict[str, PartSet] = {}  # by when they were closed

    def place(self, key: Key, piece: Piece, now: float) -> tuple[PartSet, bool]:
        """Return the set ``piece`` belongs to, and whether it is new there.

        A number that comes again with other content is another message under the same reference.
        """
        sets = self._by_key.get(key, [])
        digest = piece.digest
        for known in sets:
            if known.digests.get(piece.number) == digest:
                return known, False
        for known in reversed(sets):
            if piece.number not in known.digests:
                known.put(piece)
                return known, True
        fresh = PartSet(self._new_id(), key, now)
        fresh.put(piece)
        self.restore(fresh)
        return fresh, True

    def restore(self, known: PartSet) -> None:
        """Take in a set as it was written down; the oldest first."""
        self._by_key.setdefault(known.key, []).append(known)
        (self._closed if known.is_closed else self._open)[known.set_id] = known

    def close(self, known: PartSet) -> None:
        """Note that the message was handed on; its parts are still recognized when they come again."""
        known.is_closed = True
        known.pieces.clear()
        if self._open.pop(known.set_id, None) is not None:
            self._closed[known.set_id] = known

    def overdue(self, before: float) -> list[PartSet]:
        """Return the open sets that are complete, or whose first part came earlier than ``before``."""
        return [known for known in self._open.values() if known.opened_at < before or known.is_complete]

    def forget(self, before: float) -> list[PartSet]:
        """Drop and return closed sets whose first part came earlier than ``before``."""
        old = list(takewhile(lambda known: known.opened_at < before, self._closed.values()))
        for known in old:
            del self._closed[known.set_id]
            sets = self._by_key[known.key]
            sets.remove(known)
            if not sets:
                del self._by_key[known.key]
        return old


def joined(pieces: Iterable[Piece], total: int, decode: Callable[[bytes, int], str], gap: Callable[[int], str]) -> str:
    """Return the text of ``pieces``, with ``gap(number)`` for each part that is missing.

    Neighbours in one coding are joined before they are decoded: some phones cut through a character.
    """
    by_number = {piece.number: piece for piece in pieces}
    text: list[str] = []
    data, coding = b"", 0
    for number in range(1, total + 1):
        piece = by_number.get(number)
        if data and (piece is None or piece.coding != coding):
            text.append(decode(data, coding))
            data = b""
        if piece is None:
            text.append(gap(number))
        else:
            data, coding = data + piece.data, piece.coding
    if data:
        text.append(decode(data, coding))
    return "".join(text)
