"""What an agent writes first, and the replies they need not type."""

from typing import Annotated

import msgspec
from msgspec import Meta

from core.config import Settings
from core.events import ConversationView
from hub.http.endpoints import Call, Endpoints, NoBody
from hub.outreach.contact_terms import ContactTerms, RefusalChange
from hub.outreach.outbound import NewConversation, SenderView
from hub.outreach.templates import CannedReply
from hub.services import Services
from hub.store.fields import ID_LENGTH

api = Endpoints()


class CannedReplyList(msgspec.Struct, frozen=True):
    """By title."""

    items: list[CannedReply]


class SenderList(msgspec.Struct, frozen=True):
    """By name."""

    items: list[SenderView]


class Refusal(Settings, frozen=True, kw_only=True):
    """An address that nothing is sent to first, and why."""

    text: Annotated[str, Meta(min_length=1, max_length=512)]
    reason: Annotated[str, Meta(max_length=200)] = ""


class SubscriptionChange(Settings, frozen=True, kw_only=True):
    """Which of the contact's addresses gets a topic, or no longer does."""

    address_id: Annotated[str, Meta(max_length=ID_LENGTH)]
    wanted: bool = True


@api.add("GET", "/api/v1/conversations/{conversation_id}/canned-replies", "desk.use", answer=CannedReplyList)
async def list_canned_replies(services: Services, call: Call[NoBody]) -> CannedReplyList:
    """List replies with the conversation's own values filled in."""
    conversation = await services.conversations.open_for(call.identity, call.path["conversation_id"])
    return CannedReplyList(await services.templates.replies(call.identity, conversation))


@api.add("GET", "/api/v1/senders", "conversation.start", answer=SenderList)
async def list_senders(services: Services, call: Call[NoBody]) -> SenderList:
    """List the instances that can write first."""
    return SenderList(await services.outbound.senders())


@api.add(
    "POST",
    "/api/v1/conversations",
    "conversation.start",
    body=NewConversation,
    answer=ConversationView,
    problems=(409,),
)
async def begin_conversation(services: Services, call: Call[NewConversation]) -> ConversationView:
    """Write to a citizen first."""
    return await services.outbound.begin(call.identity, call.body, remote=call.remote)


@api.add("GET", "/api/v1/contacts/{contact_id}/outreach", "desk.use", answer=ContactTerms)
async def get_contact_terms(services: Services, call: Call[NoBody]) -> ContactTerms:
    """Return how a contact can be written to first, who refuses that, and their subscriptions."""
    return await services.contact_outreach.terms(call.identity, call.path["contact_id"])


@api.add(
    "PUT",
    "/api/v1/contacts/{contact_id}/addresses/{address_id}/do-not-contact",
    "contact.edit",
    body=RefusalChange,
)
async def change_refusal(services: Services, call: Call[RefusalChange]) -> None:
    """Put one of a contact's addresses on the do-not-contact list, or take it off."""
    await services.contact_outreach.refuse(
        call.identity, call.path["contact_id"], call.path["address_id"], call.body, remote=call.remote
    )


@api.add("POST", "/api/v1/do-not-contact", "contact.edit", body=Refusal)
async def refuse_address(services: Services, call: Call[Refusal]) -> None:
    """Put an address on the do-not-contact list."""
    await services.consent.add(call.identity, call.body.text, call.body.reason, remote=call.remote)


@api.add(
    "PUT",
    "/api/v1/contacts/{contact_id}/subscriptions/{topic_id}",
    "contact.edit",
    body=SubscriptionChange,
    problems=(409,),
)
async def change_subscription(services: Services, call: Call[SubscriptionChange]) -> None:
    """Subscribe one of a contact's addresses to a topic, or end that."""
    contact = await services.contacts.row(call.identity, call.path["contact_id"])
    await services.consent.subscribe_contact(
        call.identity,
        contact,
        call.path["topic_id"],
        call.body.address_id,
        wanted=call.body.wanted,
        remote=call.remote,
    )
