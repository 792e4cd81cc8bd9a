"""What the task of a call is handed, in order."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from core.events import CallArrived, CallPlan
from plugins.voice.ari import AriEvent, Bridge, Channel
from plugins.voice.marks import Mark


@dataclass(frozen=True, slots=True)
class Arrived:
    """A caller's channel that has come to us."""

    channel: Channel
    event: CallArrived


@dataclass(frozen=True, slots=True)
class Found:
    """A leg that the engine has had since before us."""

    mark: Mark
    channel: Channel
    is_ours: bool
    bridges: Sequence[Bridge]


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A caller's channel that the engine has had since before us and serves by itself now; it will come to us."""

    channel: Channel
    leg_id: str


@dataclass(frozen=True, slots=True)
class FoundTape:
    """A recording's files that the engine has had since before us."""

    recording_id: str
    names: Sequence[str]


@dataclass(frozen=True, slots=True)
class FoundMessage:
    """A voice message that was not handed in before us, or is being recorded still."""

    name: str


@dataclass(frozen=True, slots=True)
class Prepared:
    """Sounds that were missing are there, or never will be."""

    leg_id: str


@dataclass(frozen=True, slots=True)
class Recheck:
    """Something could not be done: look again."""


Item: TypeAlias = CallPlan | AriEvent | Arrived | Found | Elsewhere | FoundTape | FoundMessage | Prepared | Recheck
