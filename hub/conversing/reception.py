"""Opens conversations: for a first message, and for a call."""

import pluggy

from core.events import ConversationChanged
from core.ids import new_id
from hub.conversing import timeline
from hub.flows.flows import Flows
from hub.store.models import Address, Contact, Conversation
from hub.store.views import contact_view, conversation_view
from hub.units import Unit


class Reception:
    """Where every conversation begins, whatever it comes by."""

    def __init__(self, flows: Flows, hooks: pluggy.PluginManager) -> None:
        self._flows = flows
        self._hooks = hooks

    def open(
        self,
        unit: Unit,
        contact: Contact,
        address: Address,
        instance: str,
        channel: str,
        *,
        dialled: str = "",
        trunk: str = "",
    ) -> Conversation:
        """Return a new conversation, whose queue plugins may have chosen; a call's with its number and trunk."""
        conversation = Conversation(
            conversation_id=new_id(),
            contact_id=contact.contact_id,
            contact_name=contact.name,
            contact_level=contact.level,
            language=contact.language,
            instance=instance,
            channel=channel,
            address=address.uri,
            state="flow",
            opened_at=unit.now,
            created_at=unit.now,
        )
        unit.add(conversation)
        default = self._flows.default_queue(instance, dialled, trunk)
        chosen = self._hooks.hook.choose_queue(
            instance=instance, contact=contact_view(contact, [address]), proposed=default
        )
        conversation.queue_id = chosen or default or None
        timeline.add_notice(unit, conversation, "opened")
        event = ConversationChanged(conversation=conversation_view(conversation), change="opened")
        unit.record(event, conversation.conversation_id, conversation_id=conversation.conversation_id)
        return conversation
