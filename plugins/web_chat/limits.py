"""Token buckets by key in bounded memory: how often a visitor or an address of the net may do something."""

from collections import OrderedDict
from typing import Final

from core.clock import Clock

MAX_KEYS: Final = 20_000  # about 4 MB; beyond, the least recently used is forgotten


class Buckets:
    """Each key may act ``burst`` times at once and ``per_min`` times a minute in the long run."""

    def __init__(self, *, per_min: float, burst: float, clock: Clock, max_keys: int = MAX_KEYS) -> None:
        self._rate_per_s = per_min / 60
        self._burst = burst
        self._clock = clock
        self._max_keys = max_keys
        self._levels: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, key: str) -> float:
        """Return 0 when ``key`` may act now, else how many seconds it has to wait."""
        now = self._clock.monotonic()
        level, since = self._levels.pop(key, (self._burst, now))
        level = min(self._burst, level + (now - since) * self._rate_per_s)
        wait_s = 0.0 if level >= 1 else (1 - level) / self._rate_per_s
        self._levels[key] = (level - 1 if level >= 1 else level, now)
        if len(self._levels) > self._max_keys:
            self._levels.popitem(last=False)
        return wait_s

    def __len__(self) -> int:
        return len(self._levels)
