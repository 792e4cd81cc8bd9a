"""Who may read a conversation, and who may act in it."""

from hub.accounts.identity import Identity
from hub.desktop.patches import Viewer
from hub.errors import ApiError, not_found
from hub.store.models import Conversation, Offer
from hub.store.views import conversation_view
from hub.units import Unit


async def visible(unit: Unit, identity: Identity, conversation_id: str) -> Conversation:
    """Return the conversation when the user may read it; 404 otherwise."""
    conversation = await unit.conversation(conversation_id)
    if Viewer(identity).may_open(conversation_view(conversation)):
        return conversation
    if await Offer.filter(conversation_id=conversation_id, agent_id=identity.user_id, outcome=None).exists():
        return conversation
    raise not_found("conversation")


async def owned(unit: Unit, identity: Identity, conversation_id: str, *states: str) -> Conversation:
    """Return the conversation when the user may act in it: 403 ``not_owner``; 409 unless it is in one of ``states``."""
    conversation = await visible(unit, identity, conversation_id)
    if conversation.agent_id != identity.user_id and not identity.may("conversation.takeover"):
        raise ApiError(403, "not_owner", "another agent serves this conversation")
    if conversation.state not in states:
        raise ApiError(409, "wrong_state", f"the conversation is {conversation.state}")
    return conversation
