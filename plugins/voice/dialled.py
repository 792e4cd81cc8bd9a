"""Remembers which legs have been called, so that after a crash nobody who hung up meanwhile is called again."""

import logging
import time
from pathlib import Path
from typing import Final

log = logging.getLogger(__name__)

KEPT_S: Final = 43_200.0  # no call lasts longer


class DialledLegs:
    """A line per leg in a file: written before the leg is called, read at the next start.

    The file need not survive a power cut, for then no call does either.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._legs: set[str] = set()

    def load(self) -> None:
        """Read what was noted, without what is long over."""
        limit = time.time() - KEPT_S
        lines = self._path.read_text("utf-8").splitlines() if self._path.exists() else []
        kept = [line for line in lines if _time(line) > limit]
        self._legs = {line.partition(" ")[2] for line in kept}
        self._path.write_text("".join(f"{line}\n" for line in kept), "utf-8")

    def add(self, leg_id: str) -> None:
        """Note that a leg is about to be called; it blocks for some microseconds."""
        if leg_id not in self._legs:
            self._legs.add(leg_id)
            with self._path.open("a", encoding="utf-8") as file:
                file.write(f"{time.time():.0f} {leg_id}\n")

    def __contains__(self, leg_id: str) -> bool:
        return leg_id in self._legs


def _time(line: str) -> float:
    try:
        return float(line.partition(" ")[0])
    except ValueError:
        return 0.0
