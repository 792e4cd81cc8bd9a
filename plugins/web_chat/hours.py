"""When people serve: weekly hours in the office's own time zone."""

from collections.abc import Iterable
from datetime import datetime, time
from typing import Annotated
from zoneinfo import ZoneInfo

from msgspec import Meta

from core.config import Settings

TimeOfDay = Annotated[str, Meta(pattern=r"\A([01]\d|2[0-3]):[0-5]\d\Z")]
Weekday = Annotated[int, Meta(ge=1, le=7)]  # ISO 8601: Monday is 1


class OpeningHours(Settings, frozen=True, kw_only=True):
    """From ``opens`` until ``closes`` on each of ``days``; past midnight when it closes before it opens."""

    days: tuple[Weekday, ...] = (1, 2, 3, 4, 5, 6, 7)
    opens: TimeOfDay = "08:30"
    closes: TimeOfDay = "20:30"


def is_open(hours: Iterable[OpeningHours], zone: ZoneInfo, now: datetime) -> bool:
    """Tell whether somebody serves at the aware time ``now``; no hours at all means always."""
    local = now.astimezone(zone)
    today, yesterday = local.isoweekday(), (local.isoweekday() - 2) % 7 + 1
    entries = tuple(hours)
    for entry in entries:
        opens, closes, at = time.fromisoformat(entry.opens), time.fromisoformat(entry.closes), local.time()
        if opens < closes:
            inside = today in entry.days and opens <= at < closes
        else:
            inside = (today in entry.days and at >= opens) or (yesterday in entry.days and at < closes)
        if inside:
            return True
    return not entries
