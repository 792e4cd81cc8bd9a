"""A clock that moves only when a test says so."""

from datetime import UTC, datetime, timedelta
from typing import Final

MONDAY_MORNING: Final = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)  # 09:00 in Beijing, an ordinary working day


class VirtualClock:
    """A ``core.clock.Clock`` under the test's control; ``monotonic`` starts at 0."""

    def __init__(self, start: datetime = MONDAY_MORNING) -> None:
        self._start = start
        self._elapsed_s = 0.0

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self._elapsed_s)

    def monotonic(self) -> float:
        return self._elapsed_s

    def advance(self, seconds: float) -> None:
        """Let ``seconds`` (0 or more) pass at once."""
        if seconds < 0:
            raise ValueError(f"time does not run backwards: {seconds}")
        self._elapsed_s += seconds
