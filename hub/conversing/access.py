"""Who may read a conversation and fetch its files, and who may act in it."""

from hub.accounts.identity import Identity
from hub.desktop.patches import Viewer
from hub.errors import ApiError, not_found
from hub.store.models import Conversation, Media, MediaUse, Offer, PromptSound, QualityCase, Review
from hub.store.views import conversation_view
from hub.units import Unit


async def may_open(identity: Identity, conversation: Conversation) -> bool:
    """Whether the user may read the conversation: of their queue or work, offered to them, or theirs to be scored."""
    if Viewer(identity).may_open(conversation_view(conversation)):
        return True
    offers = Offer.filter(conversation_id=conversation.conversation_id, agent_id=identity.user_id, outcome=None)
    return await offers.exists() or await _reviews(identity, conversation.conversation_id)


async def _reviews(identity: Identity, conversation_id: str) -> bool:
    """Whether the user is asked to score the conversation, or has."""
    if not identity.may("quality.review"):
        return False
    cases = await QualityCase.filter(conversation_id=conversation_id).values_list("case_id", flat=True)
    return bool(cases) and await Review.filter(case_id__in=cases, reviewer_id=identity.user_id).exists()


async def may_fetch(identity: Identity, media_id: str) -> bool:
    """Whether the user may have the file: their upload, one in a conversation they may open, an editor's prompt."""
    if await Media.filter(media_id=media_id, uploader_id=identity.user_id).exists():
        return True
    if identity.may("admin.flows") and await PromptSound.filter(media_id=media_id).exists():
        return True
    uses = await MediaUse.filter(media_id=media_id)
    for conversation in await Conversation.filter(conversation_id__in={use.conversation_id for use in uses}):
        if await may_open(identity, conversation):
            return True
    return False


async def visible(unit: Unit, identity: Identity, conversation_id: str) -> Conversation:
    """Return the conversation when the user may read it; 404 otherwise."""
    conversation = await unit.conversation(conversation_id)
    if not await may_open(identity, conversation):
        raise not_found("conversation")
    return conversation


async def owned(unit: Unit, identity: Identity, conversation_id: str, *states: str) -> Conversation:
    """Return the conversation when the user may act in it: 403 ``not_owner``; 409 unless it is in one of ``states``."""
    conversation = await visible(unit, identity, conversation_id)
    if conversation.agent_id != identity.user_id and not identity.may("conversation.takeover"):
        raise ApiError(403, "not_owner", "another agent serves this conversation")
    if conversation.state not in states:
        raise ApiError(409, "wrong_state", f"the conversation is {conversation.state}")
    return conversation
