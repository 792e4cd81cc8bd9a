"""Quiet hours: until when an automatic message waits."""

import re
from datetime import UTC, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

_TIME: Final = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")


def is_clock_time(text: str) -> bool:
    """Tell whether ``text`` is a time of day, ``HH:MM``."""
    return _TIME.fullmatch(text) is not None


def quiet_for_s(now: datetime, start: str, end: str, zone: ZoneInfo) -> float:
    """Return for how many seconds from ``now`` it stays quiet, 0 outside the hours; equal times are none."""
    first, last = time.fromisoformat(start), time.fromisoformat(end)
    local = now.astimezone(zone)
    is_quiet = first <= local.time() < last if first <= last else not last <= local.time() < first
    if not is_quiet or first == last:
        return 0.0
    day = local.date() if local.time() < last else local.date() + timedelta(days=1)
    opens = datetime.combine(day, last, zone)
    return (opens.astimezone(UTC) - now.astimezone(UTC)).total_seconds()
