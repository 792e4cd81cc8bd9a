"""Says what deserves an administrator's attention, most urgent first. Pure."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from core.bus.inspection import StreamState
from core.events import InstanceStatus
from hub.figures.views import ChannelLine
from hub.system.views import Advice, Storage

LOW_SHARE: Final = 0.10
LOW_BYTES: Final = 5 * 2**30  # what a busy day with recordings needs
FULL_SHARE: Final = 0.75
LAG: Final = 1_000  # messages; a healthy reader is level within a second
RESTARTS: Final = 3
BACKUP_AGE: Final = timedelta(days=2)
WORKING: Final = frozenset({"IN", "ORDERS"})  # other streams are read at leisure


def advise(
    *,
    storage: Storage,
    streams: Iterable[StreamState],
    statuses: Iterable[InstanceStatus],
    lines: Iterable[ChannelLine],
    dead_letters: int,
    last_backup: datetime | None,
    now: datetime,
) -> list[Advice]:
    """Return what there is to do."""
    found: list[Advice] = []
    share = storage.free_bytes / max(storage.total_bytes, 1)
    if share < LOW_SHARE and storage.free_bytes < LOW_BYTES:
        found.append(Advice(concern="disk_low", value=storage.free_bytes, is_urgent=True))
    for stream in streams:
        if stream.limit_bytes > 0 and stream.size_bytes > FULL_SHARE * stream.limit_bytes:
            part = stream.size_bytes / stream.limit_bytes
            found.append(Advice(concern="stream_filling", subject=stream.name, value=part, is_urgent=True))
        for reader in stream.readers if stream.name in WORKING else ():
            if reader.waiting > LAG:
                found.append(Advice(concern="reader_lags", subject=reader.name, value=reader.waiting, is_urgent=True))
    for status in statuses:
        if status.process == "fenced":
            found.append(Advice(concern="plugin_fenced", subject=status.instance, is_urgent=True))
        elif status.restarts >= RESTARTS:
            found.append(Advice(concern="plugin_restarts", subject=status.instance, value=status.restarts))
    found += [Advice(concern="line_down", subject=line.name, is_urgent=True) for line in lines if not line.is_up]
    if dead_letters:
        found.append(Advice(concern="dead_letters", value=dead_letters))
    if last_backup is None or now - last_backup > BACKUP_AGE:
        found.append(Advice(concern="no_backup"))
    return sorted(found, key=lambda one: not one.is_urgent)
