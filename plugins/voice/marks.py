"""What the engine keeps for us: a variable of each channel that says whose leg it is, and the ids of what we made."""

from typing import Final, Literal

import msgspec

from core.events.calls import Background, LegRole
from core.ids import derived_id

VARIABLE: Final = "LIANXIN_CALL"  # part of every event of its channel: see ari.conf
_SEPARATOR: Final = "~"

Doing = Literal["", "ring", "listen", "record", "talk", "spy"]


class Mark(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Whose a channel is, and what was begun with it: enough for a process that knows nothing else to go on."""

    call_id: str
    leg_id: str
    role: LegRole = "caller"
    doing: Doing = ""
    activity_id: str = ""
    is_done: bool = False  # its prompts or its recording are over
    background: Background = "silence"  # what is to be heard after the prompts
    is_muted: bool = False
    digits_id: str = ""  # what was sent last
    tapes: dict[str, int] = {}  # when the last stretch of each recording was begun, in ms since 1970; negative: ended

    def encode(self) -> str:
        """Return the variable's value."""
        return msgspec.json.encode(self).decode()


def read(value: str) -> Mark | None:
    """Return the mark in a variable, or None when there is none that can be read."""
    if not value:
        return None
    try:
        return msgspec.json.decode(value, type=Mark)
    except msgspec.MsgspecError:
        return None


def arrived_call(instance: str, channel_id: str) -> str:
    """Return the id of the call that came as ``channel_id``."""
    return derived_id("call", instance, channel_id)


def arrived_leg(instance: str, channel_id: str) -> str:
    """Return the id of its caller's leg."""
    return derived_id("leg", instance, channel_id)


def dialled_channel(leg_id: str, attempt: int) -> str:
    """Return the id of the channel by which a leg is called, the ``attempt``-th line from 0."""
    return _SEPARATOR.join(("leg", leg_id, str(attempt)))


def attempt_of(channel_id: str) -> int:
    """Return which line a channel made by ``dialled_channel`` is on."""
    return int(channel_id.rpartition(_SEPARATOR)[2])


def bridge(call_id: str, room: str) -> str:
    """Return the id of a room's bridge."""
    return _SEPARATOR.join(("room", call_id, room))


def room_of(bridge_id: str, call_id: str) -> str:
    """Return which room of a call a bridge is, empty when it is none."""
    kind, _, rest = bridge_id.partition(_SEPARATOR)
    owner, _, room = rest.partition(_SEPARATOR)
    return room if kind == "room" and owner == call_id else ""


def call_of_bridge(bridge_id: str) -> str:
    """Return whose room a bridge is, empty when it is none of ours."""
    parts = bridge_id.split(_SEPARATOR, 2)
    return parts[1] if len(parts) == 3 and parts[0] == "room" else ""


def ear(leg_id: str) -> str:
    """Return the id of the bridge in which somebody listens in, and of the channel that hears for them."""
    return _SEPARATOR.join(("ear", leg_id))


def playback(leg_id: str, activity_id: str) -> str:
    """Return the id under which the prompts of an activity are played."""
    return _SEPARATOR.join(("play", leg_id, activity_id))


def ringing(leg_id: str, activity_id: str) -> str:
    """Return the id under which its background of ringing is played."""
    return _SEPARATOR.join(("tone", leg_id, activity_id))


def message(call_id: str, leg_id: str, activity_id: str) -> str:
    """Return the name under which a voice message is recorded."""
    return _SEPARATOR.join(("message", call_id, leg_id, activity_id))


def tape(call_id: str, recording_id: str, begun_ms: int, side: str) -> str:
    """Return the name of one stretch of a recording's ``left`` or ``right`` side, begun at that time."""
    return _SEPARATOR.join(("tape", call_id, recording_id, str(begun_ms), side))


def monitor(begun_ms: int) -> str:
    """Return the variable that holds, once a stretch was begun, by which id the engine ends it."""
    return f"LIANXIN_TAPE_{begun_ms}"


def tap(tap_id: str, part: str) -> str:
    """Return the id of the ``ear`` of a tap, of its ``line``, or of the ``room`` of both."""
    return _SEPARATOR.join(("tap", tap_id, part))


def parts_of(name: str, kind: str, count: int) -> tuple[str, ...] | None:
    """Return the ``count`` ids that make up ``name`` of a ``kind``, or None when it is something else."""
    first, *rest = name.split(_SEPARATOR)
    return tuple(rest) if first == kind and len(rest) == count else None
