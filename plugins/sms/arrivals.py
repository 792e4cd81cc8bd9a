"""Ids for received messages that come without one, so that a message the far end repeats is known again.

An id is written down before the hub hears of the message. When the connection ends, what was answered last is in
doubt: the far end may not have heard the answer and repeats the message, which then gets the id it had. Answers
that the far end certainly has are settled and forgotten, so that a citizen may well write the same word twice.
"""

from dataclasses import dataclass
from typing import Final

from core.clock import Clock
from core.ids import new_id
from plugins.sms.journal import Journal

REPEATED_WITHIN_S: Final = 3600.0  # after a break an SMSC repeats what it doubts at once, or in its first retries
SLOW_S: Final = 5.0  # an answer given later may have come too late, and the same message comes again


@dataclass(slots=True)
class Arrival:
    """One received message; ``answer`` is the running number of its answer, None while it is under way."""

    arrival_id: str
    fingerprint: bytes
    at: float
    began_at: float
    answer: int | None = None
    is_doubtful: bool = False  # its connection is gone, or its answer was late


class Arrivals:
    """What was answered and is not settled; kept in the journal."""

    def __init__(self, journal: Journal, clock: Clock) -> None:
        self._journal = journal
        self._clock = clock
        self._known: dict[bytes, list[Arrival]] = {}
        self._answers = 0

    async def load(self) -> None:
        """Take up what a predecessor left in doubt."""
        rows = await self._journal.do(
            lambda db: db.execute("SELECT arrival_id, fingerprint, at FROM arrivals ORDER BY at").fetchall()
        )
        for arrival_id, fingerprint, at in rows:
            arrival = Arrival(arrival_id, fingerprint, at, 0.0, is_doubtful=True)
            self._known.setdefault(fingerprint, []).append(arrival)

    async def admit(self, fingerprint: bytes) -> Arrival:
        """Return the arrival this is: one in doubt or under way, else a new one that is written down."""
        known = self._known.setdefault(fingerprint, [])
        for arrival in known:
            if arrival.is_doubtful or arrival.answer is None:
                arrival.is_doubtful, arrival.answer = False, None
                arrival.began_at = self._clock.monotonic()
                return arrival
        arrival = Arrival(new_id(), fingerprint, self._clock.now().timestamp(), self._clock.monotonic())
        known.append(arrival)
        row = (arrival.arrival_id, fingerprint, arrival.at)
        await self._journal.do(lambda db: db.execute("INSERT OR IGNORE INTO arrivals VALUES (?, ?, ?)", row))
        return arrival

    def answered(self, arrival: Arrival) -> None:
        """Note that the far end is being told."""
        self._answers += 1
        arrival.answer = self._answers
        arrival.is_doubtful |= self._clock.monotonic() - arrival.began_at > SLOW_S

    @property
    def checkpoint(self) -> int:
        """Return what ``settle`` wants: all answers so far."""
        return self._answers

    async def settle(self, checkpoint: int) -> None:
        """Forget the answers up to ``checkpoint``, which the far end certainly has."""
        await self._forget(
            [
                arrival
                for arrivals in self._known.values()
                for arrival in arrivals
                if not arrival.is_doubtful and arrival.answer is not None and arrival.answer <= checkpoint
            ]
        )

    def doubt(self) -> None:
        """Note that the connection is gone: no answer is certain to have arrived."""
        for arrivals in self._known.values():
            for arrival in arrivals:
                arrival.is_doubtful = True

    async def expire(self) -> None:
        """Forget doubts that are too old for a repetition."""
        limit = self._clock.now().timestamp() - REPEATED_WITHIN_S
        await self._forget([one for known in self._known.values() for one in known if one.at < limit])

    async def _forget(self, arrivals: list[Arrival]) -> None:
        for arrival in arrivals:
            known = self._known[arrival.fingerprint]
            known.remove(arrival)
            if not known:
                del self._known[arrival.fingerprint]
        ids = [(arrival.arrival_id,) for arrival in arrivals]
        if ids:
            await self._journal.do(lambda db: db.executemany("DELETE FROM arrivals WHERE arrival_id = ?", ids))
