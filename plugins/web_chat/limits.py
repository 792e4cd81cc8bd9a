"""How often somebody may do something, and how many at once, in bounded memory."""

from collections import Counter, OrderedDict
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


class TooMany(Exception):
    """There is no room; ``code`` says whose."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Slots:
    """So many at once, and so many of them from one address of the net."""

    def __init__(self, *, max_total: int, max_ip: int) -> None:
        self._max_total = max_total
        self._max_ip = max_ip
        self._by_ip: Counter[str] = Counter()
        self._total = 0

    def enter(self, ip: str) -> None:
        """Take a slot, to be given back by ``leave``; TooMany when there is none."""
        if self._total >= self._max_total:
            raise TooMany("busy")
        if self._by_ip[ip] >= self._max_ip:
            raise TooMany("too_many_connections")
        self._by_ip[ip] += 1
        self._total += 1

    def leave(self, ip: str) -> None:
        """Give a slot back."""
        self._by_ip[ip] -= 1
        self._total -= 1
        if not self._by_ip[ip]:
            del self._by_ip[ip]

    def __len__(self) -> int:
        return self._total
