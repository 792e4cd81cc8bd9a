"""What is due when: one deadline per key, in a heap with lazy deletion."""

import heapq
from typing import Literal

Key = tuple[Literal["offer", "step", "wrap_up", "unblock"], str, str]

SLACK = 64  # dead entries tolerated in a small heap before it is swept


class Timers:
    """Deadlines by key; setting one again replaces it. Of two at the same time the smaller key comes first."""

    def __init__(self) -> None:
        self._due: dict[Key, float] = {}
        self._heap: list[tuple[float, Key]] = []

    def set(self, key: Key, due: float) -> None:
        """Let ``key`` be due at ``due``."""
        self._due[key] = due
        heapq.heappush(self._heap, (due, key))
        if len(self._heap) > 2 * len(self._due) + SLACK:
            self._heap = [entry for entry in self._heap if self._due.get(entry[1]) == entry[0]]
            heapq.heapify(self._heap)

    def cancel(self, key: Key) -> None:
        """Forget ``key``; nothing happens when it is not set."""
        self._due.pop(key, None)

    def next_due(self) -> float | None:
        """Return the earliest deadline."""
        heap = self._heap
        while heap and self._due.get(heap[0][1]) != heap[0][0]:
            heapq.heappop(heap)
        return heap[0][0] if heap else None

    def pop(self, now: float) -> Key | None:
        """Take the earliest deadline out when it is not after ``now``."""
        due = self.next_due()
        if due is None or due > now:
            return None
        _, key = heapq.heappop(self._heap)
        del self._due[key]
        return key
