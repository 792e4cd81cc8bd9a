"""Whether a citizen is on the phone, as their conversation shows it."""

from hub.store.models import Conversation


def is_on_the_line(conversation: Conversation) -> bool:
    """Whether the citizen of this conversation is in a call now."""
    return conversation.call is not None and conversation.call.get("ended_at") is None


def has_hung_up(conversation: Conversation) -> bool:
    """Whether the citizen of this conversation called, and the call is over."""
    return conversation.call is not None and conversation.call.get("ended_at") is not None
