"""What a channel reports about itself and about the people at its far end."""

from fnmatch import fnmatchcase
from typing import Literal

import msgspec

from core.events.base import Event

Readiness = Literal["starting", "ready", "down", "stopped"]
SmsAlphabet = Literal["gsm7", "ascii", "latin1", "ucs2", "gb18030"]


class Carries(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one message over a channel can hold; the desk offers nothing else.

    ``files`` are MIME types, ``image/*`` for all of a kind; ``is_formatted`` text has bold words, lists, links;
    ``segments`` is into how many short messages a text may be cut, 0 where it is not cut into such. They are written in
    the first of ``alphabets`` that has all characters, else in the last; parts of a long one carry a reference of
    ``reference_bits``.
    """

    files: tuple[str, ...] = ("*/*",)
    file_bytes: int = 0  # of one file; 0: no limit of the channel's own
    is_formatted: bool = False
    segments: int = 0
    alphabets: tuple[SmsAlphabet, ...] = ("gsm7", "ucs2")
    reference_bits: Literal[8, 16] = 8

    def takes(self, mime: str) -> bool:
        """Whether a file of this MIME type can go along."""
        return any(fnmatchcase(mime.lower(), kind) for kind in self.files)


class ChannelState(Event, frozen=True, kw_only=True):
    """A channel's far end became usable or unusable; ``code`` and ``reason`` say why.

    The host adds what the channel ``carries``, in every state.
    """

    type = "channel.state_changed"
    state: Readiness
    code: str = ""
    reason: str = ""
    carries: Carries | None = None


class Profile(Event, frozen=True, kw_only=True):
    """What a far end says of a person; nothing in it is trusted unless ``is_verified``."""

    name: str = ""
    language: str = ""
    page_url: str = ""
    customer_id: str = ""
    is_verified: bool = False
    phone: str = ""


class ContactArrived(Event, frozen=True, kw_only=True):
    """A person opened a chat and has written nothing yet; ``arrival_id`` tells arrivals apart."""

    type = "contact.arrived"
    sender: str
    arrival_id: str
    profile: Profile | None = None


class TypingReported(Event, frozen=True, kw_only=True):
    """A person began or ceased to type; not stored, lost when nobody listens."""

    type = "typing.reported"
    sender: str
    is_typing: bool


class TypingShown(Event, frozen=True, kw_only=True):
    """Order: show a person that an agent types; not stored, lost when nobody listens."""

    type = "cmd.show_typing"
    recipient: str
    is_typing: bool
