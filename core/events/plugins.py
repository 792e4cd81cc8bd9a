"""Plugin instances: what should run, and what does."""

from datetime import datetime
from typing import Literal

import msgspec

from core.events.base import Event

ProcessState = Literal["stopped", "starting", "running", "restarting", "fenced"]


class DesiredInstance(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One configured plugin instance; ``settings`` is sealed JSON that only the supervisor and the hub open."""

    instance: str
    plugin: str
    is_enabled: bool
    settings: str = ""
    revision: int = 0


class InstanceStatus(Event, frozen=True, kw_only=True):
    """What the supervisor sees of an instance's process; ``reason`` says why it is not running."""

    type = "instance.status_changed"
    instance: str
    plugin: str
    process: ProcessState
    reason: str = ""
    detail: str = ""
    restarts: int = 0
    revision: int = 0
    pid: int | None = None
    memory_bytes: int | None = None
    since: datetime
    version: str = ""


class DeadLetter(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A message nobody could handle, parked with the reason; ``payload`` is base64 when it is not text."""

    subject: str
    consumer: str
    error: str
    deliveries: int
    payload: str
    encoding: Literal["text", "base64"] = "text"
    parked_at: datetime
