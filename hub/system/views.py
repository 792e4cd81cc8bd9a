"""The state of the installation as administrators see it."""

from datetime import datetime
from typing import Literal

import msgspec

from core.bus.inspection import StreamState
from hub.calls.engines import EngineView
from hub.figures.views import ChannelLine
from hub.system.processes import Role


class ProcessView(msgspec.Struct, frozen=True, kw_only=True):
    """A process; ``cpu`` is the share of one core since the last look, ``name`` a plugin's instance."""

    pid: int
    role: Role
    name: str = ""
    cpu: float
    memory_bytes: int
    restarts: int = 0


class Storage(msgspec.Struct, frozen=True, kw_only=True):
    """Where the data lies; ``database_bytes`` None when it is another server's."""

    folder: str
    total_bytes: int
    free_bytes: int
    database_bytes: int | None


class Moment(msgspec.Struct, frozen=True, kw_only=True):
    """A point of the charts: all processes together, and all that waits in streams."""

    at: datetime
    cpu: float
    memory_bytes: int
    waiting: int


Concern = Literal[
    "disk_low", "stream_filling", "reader_lags", "plugin_fenced", "plugin_restarts", "dead_letters", "line_down",
    "no_backup",
]  # fmt: skip


class Advice(msgspec.Struct, frozen=True, kw_only=True):
    """Something to be done; the words for ``concern`` are the browser's. ``value`` in the concern's own unit."""

    concern: Concern
    subject: str = ""
    value: float = 0.0
    is_urgent: bool = False


class SystemView(msgspec.Struct, frozen=True, kw_only=True):
    """Everything at one moment."""

    at: datetime
    version: str
    started_at: datetime
    processes: list[ProcessView]
    streams: list[StreamState]
    storage: Storage
    lines: list[ChannelLine]
    engines: list[EngineView]
    dead_letters: int
    advice: list[Advice]
    history: list[Moment]
