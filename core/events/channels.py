"""What a channel reports about itself and about the people at its far end."""

from typing import Literal

from core.events.base import Event

Readiness = Literal["starting", "ready", "down", "stopped"]


class ChannelState(Event, frozen=True, kw_only=True):
    """A channel's far end became usable or unusable; ``code`` and ``reason`` say why."""

    type = "channel.state_changed"
    state: Readiness
    code: str = ""
    reason: str = ""


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
