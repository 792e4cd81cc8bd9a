"""Which of a contact's addresses the answers of a conversation go to, chosen by the agent and kept."""

from typing import Annotated

import msgspec
from msgspec import Meta

from core.addresses import channel_of
from core.config import Settings
from core.events import Carries, ConversationView
from hub.accounts.identity import Identity
from hub.contacts.reach import Reach
from hub.conversing import timeline
from hub.conversing.access import owned, visible
from hub.conversing.masking import mask_address, masked
from hub.errors import ApiError
from hub.store.fields import ID_LENGTH, SLUG_LENGTH
from hub.store.models import Address, Conversation
from hub.store.views import conversation_view
from hub.units import Unit, Units


class ReplyOption(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One way to answer: an address, and the instance that sends to it."""

    address_id: str
    uri: str
    channel: str
    instance: str
    title: dict[str, str] = {}
    is_preferred: bool = False
    is_chosen: bool = False
    is_ready: bool = False
    settings: dict[str, str] = {}  # the instance's public ones
    carries: Carries | None = None


class ReplyChoice(Settings, frozen=True, kw_only=True):
    """The way that was chosen."""

    address_id: Annotated[str, Meta(max_length=ID_LENGTH)]
    instance: Annotated[str, Meta(max_length=SLUG_LENGTH)]


class ReplyOptions:
    """Lists and chooses; messages already sent keep the address they went to."""

    def __init__(self, units: Units, reach: Reach) -> None:
        self._units = units
        self._reach = reach

    async def list(self, identity: Identity, conversation_id: str) -> list[ReplyOption]:
        """Return every way to answer, that which is used now included."""
        async with self._units.open() as unit:
            conversation = await visible(unit, identity, conversation_id)
            now = (conversation.reply_address or conversation.address, timeline.reply_instance(conversation))
            options = [
                ReplyOption(
                    address_id=address.address_id,
                    uri=address.uri if identity.may("address.reveal") else mask_address(address.uri),
                    channel=channel_of(address.uri),
                    instance=sender.instance,
                    title=sender.title,
                    is_preferred=address.is_preferred,
                    is_chosen=(address.uri, sender.instance) == now,
                    is_ready=sender.is_ready,
                    settings=sender.settings,
                    carries=sender.carries,
                )
                for address, sender in await self._reach.of(await _addresses(conversation))
            ]
            return sorted(options, key=lambda option: not option.is_chosen)

    async def choose(self, identity: Identity, conversation_id: str, choice: ReplyChoice) -> ConversationView:
        """Let answers go another way from now on."""
        async with self._units.open() as unit:
            conversation = await owned(unit, identity, conversation_id, "active")
            for address, sender in await self._reach.of(await _addresses(conversation)):
                if (address.address_id, sender.instance) == (choice.address_id, choice.instance):
                    break
            else:
                raise ApiError(422, "invalid", "no such way to answer", fields={"address_id": "unreachable"})
            answer_at(unit, conversation, address, sender.instance)
            return masked(conversation_view(conversation), identity)


def answer_at(unit: Unit, conversation: Conversation, address: Address, instance: str) -> None:
    """Let answers go to ``address`` over ``instance`` from now on."""
    is_first = (address.uri, instance) == (conversation.address, conversation.instance)
    chosen = ("", "") if is_first else (address.uri, instance)
    if chosen != (conversation.reply_address, conversation.reply_instance):
        conversation.reply_address, conversation.reply_instance = chosen
        timeline.add_notice(unit, conversation, "reply_channel_changed", channel=channel_of(address.uri))
        timeline.record_change(unit, conversation, "edited")


async def _addresses(conversation: Conversation) -> list[Address]:
    return await Address.filter(contact_id=conversation.contact_id)
