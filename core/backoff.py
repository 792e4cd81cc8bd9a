"""Waits between attempts: growing by a factor, capped, and jittered so that many do not return at once."""

import random
from dataclasses import dataclass, field


@dataclass(slots=True)
class Backoff:
    """Yields the next wait; ``reset`` after success. Each wait lies between half and the whole of its step."""

    first_s: float
    limit_s: float
    factor: float = 2.0
    attempts: int = field(default=0, init=False)

    def next_s(self) -> float:
        """Return how long to wait now, and count the attempt."""
        exponent = min(self.attempts, 64)  # 2.0 ** 1025 overflows; any limit is reached long before
        step_s = min(self.limit_s, self.first_s * self.factor**exponent)
        self.attempts += 1
        return step_s * random.uniform(0.5, 1.0)  # noqa: S311 - spreading load, not keeping secrets

    def reset(self) -> None:
        """Start over with the first wait."""
        self.attempts = 0
