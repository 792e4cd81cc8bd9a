"""The events that Asterisk sends; those not named here are ignored."""

from datetime import datetime
from typing import Final, get_args

import msgspec

from plugins.voice.ari.model import Bridge, Channel, Endpoint, LiveRecording, Playback, moment


class EventBase(msgspec.Struct, frozen=True, kw_only=True, tag_field="type"):
    """What every event says; ``timestamp`` is the engine's clock."""

    timestamp: str = ""

    @property
    def at(self) -> datetime:
        """Return when it happened; ValueError when Asterisk did not say."""
        return moment(self.timestamp)


class StasisStart(EventBase, frozen=True, kw_only=True):
    """A channel has come to us; ``args`` are those of the dial plan or of the one who originated it."""

    channel: Channel
    args: tuple[str, ...] = ()
    replace_channel: Channel | None = None  # whose place it takes, after a transfer


class StasisEnd(EventBase, frozen=True, kw_only=True):
    """A channel has left us: hung up, or back in the dial plan."""

    channel: Channel


class ChannelCreated(EventBase, frozen=True, kw_only=True):
    """A channel was made."""

    channel: Channel


class ChannelStateChange(EventBase, frozen=True, kw_only=True):
    """A channel rings, is answered …"""

    channel: Channel


class ChannelDtmfReceived(EventBase, frozen=True, kw_only=True):
    """A key was pressed and let go."""

    channel: Channel
    digit: str
    duration_ms: int = 0


class ChannelHangupRequest(EventBase, frozen=True, kw_only=True):
    """A channel is about to end."""

    channel: Channel
    cause: int = 0
    soft: bool = False


class ChannelDestroyed(EventBase, frozen=True, kw_only=True):
    """A channel has ended; ``cause`` is a Q.850 number, ``tech_cause`` the SIP status where Asterisk tells it."""

    channel: Channel
    cause: int = 0
    cause_txt: str = ""
    tech_cause: int = 0


class ChannelHold(EventBase, frozen=True, kw_only=True):
    """The phone at the other end has put us on hold."""

    channel: Channel


class ChannelUnhold(EventBase, frozen=True, kw_only=True):
    """… and taken us back."""

    channel: Channel


class ChannelTalkingStarted(EventBase, frozen=True, kw_only=True):
    """Speech began, where talk detection is on."""

    channel: Channel


class ChannelTalkingFinished(EventBase, frozen=True, kw_only=True):
    """Speech ended after ``duration`` milliseconds."""

    channel: Channel
    duration: int = 0


class ChannelToneDetected(EventBase, frozen=True, kw_only=True):
    """The tone that was listened for, such as a fax's, was heard."""

    channel: Channel


class ChannelVarset(EventBase, frozen=True, kw_only=True):
    """A variable was set; without ``channel`` a global one."""

    variable: str
    value: str = ""
    channel: Channel | None = None


class ChannelUserevent(EventBase, frozen=True, kw_only=True):
    """Something of the dial plan's own."""

    eventname: str
    userevent: dict[str, str] = {}
    channel: Channel | None = None


class Dial(EventBase, frozen=True, kw_only=True):
    """How a dialled channel is getting on: ``dialstatus`` is empty, RINGING, PROGRESS, ANSWER, BUSY, NOANSWER …"""

    peer: Channel
    dialstatus: str = ""
    dialstring: str = ""


class ChannelEnteredBridge(EventBase, frozen=True, kw_only=True):
    """A channel hears a bridge."""

    bridge: Bridge
    channel: Channel


class ChannelLeftBridge(EventBase, frozen=True, kw_only=True):
    """A channel does not hear a bridge any more."""

    bridge: Bridge
    channel: Channel


class BridgeCreated(EventBase, frozen=True, kw_only=True):
    """A bridge was made."""

    bridge: Bridge


class BridgeDestroyed(EventBase, frozen=True, kw_only=True):
    """A bridge is gone."""

    bridge: Bridge


class BridgeBlindTransfer(EventBase, frozen=True, kw_only=True):
    """A phone has transferred by itself (SIP REFER)."""

    channel: Channel
    exten: str = ""
    context: str = ""
    result: str = ""
    bridge: Bridge | None = None
    transferee: Channel | None = None
    replace_channel: Channel | None = None


class BridgeAttendedTransfer(EventBase, frozen=True, kw_only=True):
    """A phone has joined its two calls by itself (SIP REFER with Replaces)."""

    transferer_first_leg: Channel
    transferer_second_leg: Channel
    result: str = ""
    destination_type: str = ""


class PlaybackStarted(EventBase, frozen=True, kw_only=True):
    """Something begins to be heard."""

    playback: Playback


class PlaybackFinished(EventBase, frozen=True, kw_only=True):
    """It was heard to its end, stopped, or failed: see ``playback.state``."""

    playback: Playback


class RecordingStarted(EventBase, frozen=True, kw_only=True):
    """A recording runs."""

    recording: LiveRecording


class RecordingFinished(EventBase, frozen=True, kw_only=True):
    """A recording is whole."""

    recording: LiveRecording


class RecordingFailed(EventBase, frozen=True, kw_only=True):
    """A recording did not come about; ``recording.cause`` says why."""

    recording: LiveRecording


class EndpointStateChange(EventBase, frozen=True, kw_only=True):
    """A trunk or phone went on- or offline."""

    endpoint: Endpoint


class Contact(msgspec.Struct, frozen=True, kw_only=True):
    """Where a phone is registered, or a trunk's far end, and whether it answers."""

    uri: str = ""
    contact_status: str = ""  # Reachable, Unreachable, NonQualified, Created, Removed …
    aor: str = ""
    roundtrip_usec: str = ""


class ContactStatusChange(EventBase, frozen=True, kw_only=True):
    """A registration came or went, or OPTIONS got another answer than before."""

    endpoint: Endpoint
    contact_info: Contact


class ApplicationReplaced(EventBase, frozen=True, kw_only=True):
    """Another client has taken our application."""

    application: str = ""


AriEvent = (
    StasisStart
    | StasisEnd
    | ChannelCreated
    | ChannelStateChange
    | ChannelDtmfReceived
    | ChannelHangupRequest
    | ChannelDestroyed
    | ChannelHold
    | ChannelUnhold
    | ChannelTalkingStarted
    | ChannelTalkingFinished
    | ChannelToneDetected
    | ChannelVarset
    | ChannelUserevent
    | Dial
    | ChannelEnteredBridge
    | ChannelLeftBridge
    | BridgeCreated
    | BridgeDestroyed
    | BridgeBlindTransfer
    | BridgeAttendedTransfer
    | PlaybackStarted
    | PlaybackFinished
    | RecordingStarted
    | RecordingFinished
    | RecordingFailed
    | EndpointStateChange
    | ContactStatusChange
    | ApplicationReplaced
)

_KNOWN: Final = frozenset(kind.__name__ for kind in get_args(AriEvent))
_DECODER: Final[msgspec.json.Decoder[AriEvent]] = msgspec.json.Decoder(AriEvent)


class _Tag(msgspec.Struct, frozen=True):
    type: str


_TAG_DECODER: Final = msgspec.json.Decoder(_Tag)


def decode(data: str | bytes) -> AriEvent | None:
    """Return the event, or None for one of a kind that is not known here; MsgspecError when it is malformed."""
    if _TAG_DECODER.decode(data).type not in _KNOWN:
        return None
    return _DECODER.decode(data)


def channel_of(event: AriEvent) -> str | None:
    """Return the id of the channel that ``event`` is about, if it is about one."""
    match event:
        case PlaybackStarted(playback=item) | PlaybackFinished(playback=item):
            target = item.target_uri
        case RecordingStarted(recording=item) | RecordingFinished(recording=item) | RecordingFailed(recording=item):
            target = item.target_uri
        case Dial(peer=peer):
            return peer.id
        case BridgeAttendedTransfer(transferer_first_leg=leg):
            return leg.id
        case _:
            channel = getattr(event, "channel", None)
            return channel.id if channel is not None else None
    return target.removeprefix("channel:") if target.startswith("channel:") else None
