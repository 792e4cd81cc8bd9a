"""Asterisk's REST interface (ARI) as typed calls and one ordered stream of events; it decides nothing.

The interface is Asterisk's own: https://docs.asterisk.org/Latest_API/API_Documentation/Asterisk_REST_Interface/
"""

from plugins.voice.ari.client import Ari
from plugins.voice.ari.errors import AriError, AriUnavailable, Conflict, Gone, Refused, Replaced
from plugins.voice.ari.events import AriEvent, channel_of
from plugins.voice.ari.model import Bridge, Channel, Endpoint, LiveRecording, Party, Playback, StoredRecording
from plugins.voice.ari.stream import EventStream, Lost, Snapshot

__all__ = [
    "Ari",
    "AriError",
    "AriEvent",
    "AriUnavailable",
    "Bridge",
    "Channel",
    "Conflict",
    "Endpoint",
    "EventStream",
    "Gone",
    "LiveRecording",
    "Lost",
    "Party",
    "Playback",
    "Refused",
    "Replaced",
    "Snapshot",
    "StoredRecording",
    "channel_of",
]
