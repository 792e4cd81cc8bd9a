"""How long somebody will wait: from how many are ahead and how fast the queue has been moving.

While work waits, pieces leave the queue at some rate; with ``k`` to leave before one is served oneself, the wait is the
sum of ``k`` such gaps. Gaps of many agents' work are close to exponential whatever one piece takes (Palm, Khintchine),
so the sum is close to Erlang distributed, whose quantiles are taken by Wilson and Hilferty (1931).
"""

from dataclasses import dataclass
from typing import Final

MEMORY: Final = 50.0  # gaps the mean reaches back over; fewer follow a changing day faster, more are steadier
ENOUGH: Final = 5  # gaps before anything is promised
Z_90: Final = 1.2815515655446004  # 90 % of a normal distribution lie below


@dataclass(frozen=True, slots=True)
class WaitEstimate:
    """``ahead`` pieces are served first; half of all wait at most ``median_s``, nine of ten at most ``p90_s``.

    Both are None while too little is known.
    """

    ahead: int
    median_s: float | None = None
    p90_s: float | None = None


class Departures:
    """Learns the mean gap between pieces leaving a queue while others wait in it."""

    def __init__(self, mean_gap_s: float = 0.0, seen: int = 0) -> None:
        self.mean_gap_s = mean_gap_s
        self.seen = seen
        self._gap_from: float | None = None

    def entered(self, now: float) -> None:
        """Note that work waits: a gap begins unless one has."""
        if self._gap_from is None:
            self._gap_from = now

    def left(self, now: float, *, still_waiting: bool) -> None:
        """Note that work left for an agent."""
        if self._gap_from is not None and (now > self._gap_from or still_waiting):
            self.seen += 1
            self.mean_gap_s += (now - self._gap_from - self.mean_gap_s) / min(self.seen, MEMORY)
        self._gap_from = now if still_waiting else None

    def emptied(self) -> None:
        """Note that nothing waits any more though nothing was served: the gap means nothing."""
        self._gap_from = None

    def estimate(self, ahead: int) -> WaitEstimate:
        """Return the wait of who comes after ``ahead`` others."""
        if self.seen < ENOUGH:
            return WaitEstimate(ahead)
        gaps = ahead + 1
        return WaitEstimate(ahead, self.mean_gap_s * _erlang(gaps, 0.0), self.mean_gap_s * _erlang(gaps, Z_90))


def _erlang(gaps: int, z: float) -> float:
    """Return the quantile of the sum of ``gaps`` exponential times of mean 1 that belongs to ``z``."""
    spread = 1 / (9 * gaps)
    return float(gaps * (1 - spread + z * spread**0.5) ** 3)
