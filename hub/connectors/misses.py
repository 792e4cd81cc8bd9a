"""Keeps anybody from guessing: who was wrong about one value too often is not asked for again for a while."""

from collections import OrderedDict
from datetime import datetime, timedelta
from typing import Final

WINDOW: Final = timedelta(hours=1)
MAX_VALUES: Final = 100_000  # remembered; beyond that the ones tried longest ago are forgotten

Guarded = tuple[str, str]  # the connector and the value that answers are guarded by


class Misses:
    """How often nothing was found for a value within the last hour, since the last time something was."""

    def __init__(self) -> None:
        self._times: OrderedDict[Guarded, list[datetime]] = OrderedDict()

    def try_now(self, guarded: Guarded, now: datetime, limit: int) -> bool:
        """Note a try, wrong until ``forgive`` or ``take_back``; False, and none is noted, when there were too many."""
        times = [time for time in self._times.get(guarded, ()) if time > now - WINDOW]
        if len(times) >= limit:
            return False
        self._times[guarded] = [*times, now]
        self._times.move_to_end(guarded)
        if len(self._times) > MAX_VALUES:
            self._times.popitem(last=False)
        return True

    def forgive(self, guarded: Guarded) -> None:
        """Forget the tries: the last one was right."""
        self._times.pop(guarded, None)

    def take_back(self, guarded: Guarded, now: datetime) -> None:
        """Forget the try noted at ``now``: it was not answered."""
        times = self._times.get(guarded, [])
        if now in times:
            times.remove(now)
