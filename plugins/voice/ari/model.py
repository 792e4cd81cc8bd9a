"""What Asterisk says of channels, bridges and the rest; fields that nobody reads here are left out."""

from datetime import datetime
from typing import Literal

import msgspec

ChannelState = Literal[
    "Down", "Rsrved", "OffHook", "Dialing", "Ring", "Ringing", "Up", "Busy", "Dialing Offhook", "Pre-ring", "Unknown"
]


class Model(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Base: unknown fields are ignored, so a newer Asterisk may say more."""


class Party(Model, frozen=True, kw_only=True):
    """One side of a call as signalled."""

    number: str = ""
    name: str = ""


class Dialplan(Model, frozen=True, kw_only=True):
    """Where in the dial plan a channel is."""

    context: str = ""
    exten: str = ""
    priority: int = 0


class Channel(Model, frozen=True, kw_only=True):
    """One leg of a call; ``name`` is ``PJSIP/<endpoint>-<number>``."""

    id: str
    name: str = ""
    state: str = "Unknown"
    protocol_id: str = ""  # the SIP Call-ID
    caller: Party = Party()
    connected: Party = Party()
    dialplan: Dialplan = Dialplan()
    accountcode: str = ""
    language: str = ""
    creationtime: str = ""
    channelvars: dict[str, str] = {}

    @property
    def endpoint(self) -> str:
        """Return the endpoint it belongs to: ``trunk-main`` of ``PJSIP/trunk-main-00000a``."""
        return self.name.partition("/")[2].rpartition("-")[0]

    @property
    def created_at(self) -> datetime:
        """Return when it was made, by the engine's clock; ValueError when Asterisk did not say."""
        return moment(self.creationtime)


class Bridge(Model, frozen=True, kw_only=True):
    """Channels that hear each other."""

    id: str
    name: str = ""
    bridge_type: str = ""
    technology: str = ""
    channels: tuple[str, ...] = ()


class Playback(Model, frozen=True, kw_only=True):
    """Something being played; ``target_uri`` is ``channel:<id>`` or ``bridge:<id>``."""

    id: str
    media_uri: str = ""
    target_uri: str = ""
    state: str = ""


class LiveRecording(Model, frozen=True, kw_only=True):
    """A recording under way or just ended."""

    name: str
    format: str = ""
    state: str = ""
    target_uri: str = ""
    cause: str = ""
    duration: int | None = None  # whole seconds


class StoredRecording(Model, frozen=True, kw_only=True):
    """A finished recording in the engine's spool."""

    name: str
    format: str = ""


class Endpoint(Model, frozen=True, kw_only=True):
    """A trunk or phone; ``state`` is online, offline or unknown."""

    technology: str
    resource: str
    state: str = "unknown"
    channel_ids: tuple[str, ...] = ()


class Application(Model, frozen=True, kw_only=True):
    """Our Stasis application and what it is told of."""

    name: str
    channel_ids: tuple[str, ...] = ()
    bridge_ids: tuple[str, ...] = ()
    endpoint_ids: tuple[str, ...] = ()


def moment(text: str) -> datetime:
    """Return a time as Asterisk writes it, such as 2026-11-22T18:00:00.125+0800; ValueError for anything else."""
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError(f"a time without zone: {text!r}")
    return at
