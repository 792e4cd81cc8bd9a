"""Agents call citizens: a number of a known contact, or one as it was typed."""

from typing import Annotated

from msgspec import Meta

from core.config import Settings
from core.events import ConversationChanged, ConversationView
from core.ids import derived_id, new_id
from hub.accounts.identity import Identity
from hub.audit import Audit
from hub.calls.engines import Engines
from hub.calls.outgoing import Outgoing
from hub.calls.phones import Phones
from hub.calls.plans import CallPlans
from hub.calls.presence import ANONYMOUS
from hub.conversing.masking import masked
from hub.dispatch.dispatcher import Dispatcher
from hub.dispatch.presence import is_locked
from hub.dispatch.queues import Queues
from hub.errors import ApiError
from hub.outreach.consent import Consent
from hub.outreach.outbound import Outbound
from hub.store.fields import ID_LENGTH, URI_LENGTH
from hub.store.models import Address, Call, Contact, Conversation, User
from hub.store.views import conversation_view
from hub.units import Unit, Units


class NewCall(Settings, frozen=True, kw_only=True):
    """Whom an agent calls: an address of a known contact, or a number as somebody typed it."""

    client_id: Annotated[str, Meta(min_length=1, max_length=64)]
    address_id: Annotated[str, Meta(max_length=ID_LENGTH)] = ""
    to: Annotated[str, Meta(max_length=URI_LENGTH)] = ""


class Dialling:
    """Begins calls to citizens; each is a conversation of its own and the agent's from the start."""

    def __init__(
        self,
        units: Units,
        audit: Audit,
        *,
        plans: CallPlans,
        phones: Phones,
        engines: Engines,
        outgoing: Outgoing,
        dispatcher: Dispatcher,
        outbound: Outbound,
        consent: Consent,
        queues: Queues,
    ) -> None:
        self._units = units
        self._audit = audit
        self._plans = plans
        self._phones = phones
        self._engines = engines
        self._outgoing = outgoing
        self._dispatcher = dispatcher
        self._outbound = outbound
        self._consent = consent
        self._queues = queues

    async def begin(self, identity: Identity, new: NewCall, *, remote: str) -> ConversationView:
        """Ring the agent's phone, then the citizen's; with the same ``client_id`` it is the same call."""
        call_id = derived_id("dialled", identity.user_id, new.client_id)
        async with self._units.open() as unit, self._dispatcher.deciding(unit):
            if (begun := await Call.get_or_none(call_id=call_id)) is not None:
                return masked(conversation_view(await unit.conversation(begun.conversation_id)), identity)
            if is_locked(self._dispatcher.agents.get(identity.user_id)):
                raise ApiError(409, "locked_state", "a supervisor has locked this agent")
            phone = self._phones.of(identity.user_id)
            if phone is None:
                raise ApiError(409, "no_phone", "no phone of yours can be rung")
            address, contact = await self._outbound.recipient(
                unit, identity, address_id=new.address_id, to=new.to, scheme="tel"
            )
            if not address.uri.startswith("tel:") or address.uri.startswith(ANONYMOUS):
                raise ApiError(422, "invalid", "not a telephone number", fields={"address_id": "not_a_number"})
            if await self._consent.is_refused(address.uri):
                raise ApiError(409, "do_not_contact", "the number is on the do-not-contact list")
            user = await User.get(user_id=identity.user_id)
            queue_id = next((one for one in user.queue_ids if one in self._queues.active), self._queues.active[0])
            instance = await self._engines.for_call(phone.instance)
            conversation = self._open(unit, identity, address, contact, queue_id=queue_id, instance=instance)
            await self._dispatcher.begin(unit, identity.user_id, conversation, conversation.queue_id or "")
            live = await self._outgoing.begin(unit, conversation, call_id=call_id)
            assert live is not None  # the phone was there a moment ago
            self._plans.show(live)
            await self._audit.record(identity, "call.make", "conversation", conversation.conversation_id, remote=remote)
            return masked(conversation_view(conversation), identity)

    def _open(
        self, unit: Unit, identity: Identity, address: Address, contact: Contact, *, queue_id: str, instance: str
    ) -> Conversation:
        conversation = Conversation(
            conversation_id=new_id(),
            contact_id=contact.contact_id,
            contact_name=contact.name,
            contact_level=contact.level,
            language=contact.language,
            instance=instance,
            channel="tel",
            address=address.uri,
            state="active",
            queue_id=queue_id,
            agent_id=identity.user_id,
            opened_at=unit.now,
            assigned_at=unit.now,
            created_at=unit.now,
        )
        unit.add(conversation)
        event = ConversationChanged(conversation=conversation_view(conversation), change="opened")
        unit.record(event, conversation.conversation_id, conversation_id=conversation.conversation_id)
        return conversation
