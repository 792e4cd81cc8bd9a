"""Whether a citizen is on the phone, as their conversation shows it."""

from typing import Final

from hub.store.models import Conversation

ANONYMOUS: Final = "tel:anonymous-"  # callers who withheld their number


def is_on_the_line(conversation: Conversation) -> bool:
    """Whether the citizen of this conversation is in a call now."""
    return conversation.call is not None and conversation.call.get("ended_at") is None


def was_called(conversation: Conversation) -> bool:
    """Whether the citizen of this conversation is on the line because we called them."""
    return is_on_the_line(conversation) and (conversation.call or {}).get("direction") == "out"


def has_hung_up(conversation: Conversation) -> bool:
    """Whether the citizen of this conversation called, and the call is over."""
    return conversation.call is not None and conversation.call.get("ended_at") is not None


def has_number(conversation: Conversation) -> bool:
    """Whether the citizen came from a number at which they can be called."""
    return conversation.address.startswith("tel:") and not conversation.address.startswith(ANONYMOUS)
