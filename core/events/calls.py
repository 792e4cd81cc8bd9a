"""Calls: what the engine reports of them, and the plan the hub makes of each.

A plan says how a call should be, never what to do next: whoever carries the call compares it with what is and
makes it so. The newest revision counts, so a lost or repeated plan does no harm, and after a crash of either side
the plans are simply fetched again.
"""

from datetime import datetime
from typing import Literal, TypeAlias

import msgspec

from core.events.base import Event
from core.events.messages import Attachment

LegRole = Literal["caller", "agent", "supervisor", "outside", "colleague"]  # the last: of a call among ourselves
LegState = Literal["dialling", "ringing", "answered", "ended"]
Cause = Literal[
    "normal",  # somebody hung up
    "busy",
    "no_answer",
    "rejected",
    "unreachable",  # no such number, or the phone is not registered
    "congestion",  # no trunk or no channel free
    "failed",  # the network or the engine refused it
    "lost",  # its end was not seen: the engine died, or the far end vanished
    "cancelled",  # taken out of the plan before it was answered
]
Background = Literal["silence", "music", "ringing"]
SpyMode = Literal["listen", "whisper", "barge"]
PhoneKind = Literal["browser", "sip", "outside"]  # of an agent; the last is a number that is simply called


class Prompt(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One sound to play: a file of the media store, or ``pause_s`` seconds of ``tone``, of nothing without one."""

    media_id: str = ""
    pause_s: float = 0.0
    tone: Literal["", "busy"] = ""


class Activity(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="do"):
    """Base of what one leg does; another ``activity_id`` begins anew, the same one goes on."""

    activity_id: str


class Ring(Activity, frozen=True, kw_only=True, tag="ring"):
    """Hear ringing; an arriving call is not answered yet."""


class Listen(Activity, frozen=True, kw_only=True, tag="listen"):
    """Answer, hear ``prompts`` one after the other, then ``background`` until the plan changes.

    ``ActivityEnded`` comes when the last prompt has ended, ``interrupted`` when a key of ``stop_keys`` ended it.
    """

    prompts: tuple[Prompt, ...] = ()
    background: Background = "silence"
    stop_keys: str = ""


class Record(Activity, frozen=True, kw_only=True, tag="record"):
    """Answer and record the leg alone until a key of ``stop_keys``, ``silence_s`` of silence, or ``max_s``.

    ``ActivityEnded`` carries the file.
    """

    max_s: float
    silence_s: float = 5.0
    stop_keys: str = "#"
    has_beep: bool = True


class Talk(Activity, frozen=True, kw_only=True, tag="talk"):
    """Talk with the other legs in ``room`` of the same call; one that ``is_muted`` only hears."""

    room: str = "main"
    is_muted: bool = False


class Spy(Activity, frozen=True, kw_only=True, tag="spy"):
    """Hear what leg ``target`` hears and says; ``whisper`` speaks to it alone, ``barge`` to everybody in its room."""

    target: str
    mode: SpyMode = "listen"


AnyActivity: TypeAlias = Ring | Listen | Record | Talk | Spy


class Dial(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Whom to call: ``phone:<phone_id>`` or ``tel:<number>``; ``caller_id`` is the number shown to them.

    ``instance`` is the one with whose engine the phone registers; empty: the one that carries the call.
    """

    target: str
    instance: str = ""
    ring_s: float = 30.0
    caller_id: str = ""
    caller_name: str = ""
    auto_answer: bool = False


class LegPlan(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One party and what it should be doing once it has answered; a leg without ``dial`` came by itself."""

    leg_id: str
    role: LegRole
    activity: AnyActivity
    dial: Dial | None = None
    digits: str = ""  # keys to send to this party; sent once per ``digits_id``
    digits_id: str = ""


class RecordingPlan(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Record the talk of ``room``: the caller on the left, everybody else on the right; silence while paused."""

    recording_id: str
    room: str = "main"
    is_paused: bool = False


class CallPlan(Event, frozen=True, kw_only=True):
    """Order: make the call so. A leg that is not in the plan is hung up; without legs the call is over."""

    type = "cmd.arrange_call"
    call_id: str
    revision: int
    legs: tuple[LegPlan, ...] = ()
    recordings: tuple[RecordingPlan, ...] = ()


class TapPlan(msgspec.Struct, frozen=True, kw_only=True):
    """Send what ``leg_id`` says to the AudioSocket at ``host:port``, too; ``tap_id``, a UUID, is its name there."""

    tap_id: str
    call_id: str
    leg_id: str
    at: str


class TapsPlan(Event, frozen=True, kw_only=True):
    """Order: tap exactly these legs. It is repeated while there are any; one without taps ends all."""

    type = "cmd.tap_calls"
    taps: tuple[TapPlan, ...] = ()


class PhoneAccount(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A phone that may register with the engine: a browser's for one session, or a SIP desk phone."""

    phone_id: str
    secret: str
    kind: Literal["browser", "sip"] = "sip"
    display_name: str = ""


class EnginePeer(msgspec.Struct, frozen=True, kw_only=True):
    """Another instance's engine: SIP is spoken with it at ``address`` (``host:port``), both show ``secret``.

    Where it ``is_encrypted`` that is TLS, and the audio SRTP.
    """

    instance: str
    address: str
    secret: str
    is_encrypted: bool = False


class PhonesPlan(Event, frozen=True, kw_only=True):
    """Order: exactly these phones may register, others are sent away; those of ``engines`` are called over SIP."""

    type = "cmd.provision_phones"
    revision: int
    phones: tuple[PhoneAccount, ...] = ()
    engines: tuple[EnginePeer, ...] = ()


class CallArrived(Event, frozen=True, kw_only=True):
    """A call came in on ``dialled`` and rings; times are the engine's.

    ``caller`` is ``tel:…``, empty when withheld, or ``phone:<phone_id>`` when one of our own phones has dialled.
    ``call_id`` and ``leg_id`` are made by the plugin, the same however often it reports the call.
    """

    type = "call.arrived"
    call_id: str
    leg_id: str
    caller: str
    dialled: str
    caller_name: str = ""
    trunk: str = ""
    arrived_at: datetime


class LegChanged(Event, frozen=True, kw_only=True):
    """A party rings, answered or is gone; ``by_far_end`` tells who hung up, ``sip_code`` is for the log.

    Of one that is gone ``has_talked`` tells whether anybody was ever in a room with it, true when that is not known.
    ``trunk`` is the line it is called or came over, empty for a phone's; a line that refused gives way to the next.
    """

    type = "call.leg_changed"
    call_id: str
    leg_id: str
    state: LegState
    at: datetime
    cause: Cause = "normal"
    by_far_end: bool = False
    sip_code: int = 0
    has_talked: bool = True
    trunk: str = ""


class MediaFlowed(Event, frozen=True, kw_only=True):
    """Sound has come from this party for the first time since it answered."""

    type = "call.media_flowed"
    call_id: str
    leg_id: str
    at: datetime


class KeysPressed(Event, frozen=True, kw_only=True):
    """A party pressed keys (``0``–``9``, ``*``, ``#``, ``A``–``D``); ``n`` rises with each key of this leg.

    It begins at 1 and leaps when the plugin was restarted.
    """

    type = "call.keys_pressed"
    call_id: str
    leg_id: str
    keys: str
    n: int
    at: datetime


class ActivityEnded(Event, frozen=True, kw_only=True):
    """A ``Listen`` or ``Record`` is over: to its end, by a key, by silence, or because it could not be done."""

    type = "call.activity_ended"
    call_id: str
    leg_id: str
    activity_id: str
    outcome: Literal["done", "interrupted", "silence", "failed"] = "done"
    length_s: float = 0.0
    file: Attachment | None = None
    at: datetime


class RecordingEnded(Event, frozen=True, kw_only=True):
    """A talk's recording is in the media store; one that ``is_cut`` was saved from a crash, less its last moment."""

    type = "call.recording_ended"
    call_id: str
    recording_id: str
    file: Attachment
    started_at: datetime
    length_s: float
    is_cut: bool = False


class PhoneChanged(Event, frozen=True, kw_only=True):
    """A phone registered or is no longer reachable."""

    type = "phone.changed"
    phone_id: str
    is_reachable: bool
    at: datetime


class TrunkChanged(Event, frozen=True, kw_only=True):
    """A trunk became usable or unusable, or its load or round trip changed; the last word of each counts.

    ``max_calls`` is how many it carries at most, 0 where nobody set that. ``round_trip_ms`` is how long the far end
    took to answer the last OPTIONS, None while it is down and where the engine does not say.
    """

    type = "trunk.changed"
    trunk: str
    is_up: bool
    calls: int = 0
    max_calls: int = 0
    round_trip_ms: float | None = None
    at: datetime


class EngineChanged(Event, frozen=True, kw_only=True):
    """An instance has found its engine: of which version, and where (``host:port``) others speak SIP with it.

    ``trunks`` are the names of those over which it can call outside, ``tls_port`` is where it speaks TLS, 0: nowhere.
    """

    type = "engine.changed"
    version: str
    address: str
    tls_port: int = 0
    trunks: tuple[str, ...] = ()
    at: datetime


class CallsRequest(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Question of a plugin that carries calls: which plans are newer than these revisions by call id?"""

    calls: dict[str, int] = {}
    phones: int = 0


class CallsAnswer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The plans that are newer, of calls not asked about too; ``phones`` when newer.

    A call of which the hub has not heard yet is left out; one that is over has a plan without legs.
    """

    plans: tuple[CallPlan, ...] = ()
    phones: PhonesPlan | None = None
