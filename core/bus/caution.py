"""Finding the message that kills its reader: after a death in the first batch, one by one and written down.

A rewinding consumer counts no deliveries, so what was in hand is noted in a bucket before it is handed over.
"""

import logging
from contextlib import suppress
from typing import Final

import msgspec

from core.bus.buckets import Values
from core.errors import BusUnavailable, LianxinError

log = logging.getLogger(__name__)

MAX_DEATHS: Final = 3  # readers that one message may cost
CAREFUL_MESSAGES: Final = 256  # handed over one by one after a death; no more were in hand
NOTE_TIMEOUT_S: Final = 1.0


class InHand(msgspec.Struct, frozen=True):
    """The first message that was handed over, and how many readers died with exactly that one."""

    seq: int
    deaths: int = 0


class Caution:
    """One consumer's note; a process that ends in peace takes it back."""

    def __init__(self, notes: Values[InHand], key: str) -> None:
        self._notes = notes
        self._key = key
        self._found: InHand | None = None
        self._careful_left = 0
        self._is_first = True
        self._is_noted = False

    async def look_back(self) -> None:
        """Read what the last life left."""
        while True:
            try:
                self._found = await self._notes.get(self._key)
            except BusUnavailable as error:
                log.warning("cannot look back: %s", error)
            else:
                break
        self._careful_left = CAREFUL_MESSAGES if self._found else 0

    @property
    def is_careful(self) -> bool:
        """Tell whether messages have to be handed over one by one."""
        return self._careful_left > 0

    async def begin(self, seq: int) -> bool:
        """Note that ``seq`` is handed over; False when it has cost too many readers already."""
        if not (self._is_first or self.is_careful):
            return True
        found, self._found = self._found, None
        deaths = found.deaths + 1 if found and found.seq == seq else 0
        if deaths >= MAX_DEATHS:
            return False
        with suppress(LianxinError):  # a life without a note is one that does not count
            await self._notes.put(self._key, InHand(seq, deaths), timeout_s=NOTE_TIMEOUT_S)
            self._is_noted = True
        return True

    async def end(self) -> None:
        """Take the note back: whatever was handed over has not killed us."""
        self._is_first = False
        self._careful_left = max(0, self._careful_left - 1)
        if self._is_noted:
            self._is_noted = False
            with suppress(LianxinError):
                await self._notes.delete(self._key, timeout_s=NOTE_TIMEOUT_S)
