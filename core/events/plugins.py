"""Plugin instances: what should run, and what does."""

from datetime import datetime
from typing import Any, Literal

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
    """What the supervisor sees of an instance's process; ``reason`` says why it is not running.

    ``http`` is where it serves HTTP (``unix:<path>`` or a URL, empty when nowhere), known once it ``is_ready``; ``log``
    are the last lines of a process that ended.
    """

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
    is_ready: bool = False
    http: str = ""
    log: tuple[str, ...] = ()


class DeadLetter(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A message nobody could handle, parked with the reason; ``payload`` is base64 when it is not text."""

    subject: str
    consumer: str
    error: str
    deliveries: int
    payload: str
    encoding: Literal["text", "base64"] = "text"
    parked_at: datetime


class PluginsRequest(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Question: which plugins are installed?"""


class PluginView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An installed plugin; one that cannot be used has a ``fault`` and may lack the rest."""

    module: str
    name: str = ""
    kind: str = ""
    title: dict[str, str] = {}
    version: str = ""
    quality: str = ""
    capabilities: tuple[str, ...] = ()
    address_scheme: str = ""
    fault: str = ""


class PluginList(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Answer: every installed plugin by name, the broken ones last."""

    plugins: tuple[PluginView, ...] = ()


class DescribeRequest(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Question: what does the plugin of this name want to know?"""

    plugin: str


class Description(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Answer: the plugin's manifest and the JSON Schema of its settings."""

    manifest: dict[str, Any]
    schema: dict[str, Any]


class ProbeRequest(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Question: would these settings, in clear, let the plugin work?"""

    plugin: str
    settings: dict[str, Any]


class ProbeAnswer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Answer: ``faults`` by field, with ``""`` for what concerns no single field."""

    ok: bool
    code: str = ""
    faults: dict[str, str] = {}


class SwitchRequest(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Question of the command line to the hub: enable or disable this instance; enabling lifts a fence."""

    is_enabled: bool


class SwitchAnswer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Answer: what is wanted now."""

    is_enabled: bool
    revision: int
