"""Messages to one person that nobody asked for just now: a conversation begun by an agent, a result sent by a flow."""

import logging
from datetime import timedelta
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from core.addresses import channel_of, normalize, scheme_of
from core.config import Settings
from core.events import Carries, ConversationChanged, ConversationView, Mail
from core.flow import Send
from core.flow.templates import fill
from core.ids import new_id
from hub.accounts.identity import Identity
from hub.audit import Audit
from hub.contacts.contacts import Contacts
from hub.contacts.reach import Reach, Sender
from hub.conversing import timeline
from hub.conversing.mail_replies import signature_of
from hub.conversing.masking import masked
from hub.conversing.reply_options import answer_at
from hub.dispatch.queues import Queues
from hub.errors import ApiError
from hub.outreach.consent import Consent
from hub.outreach.templates import Templates, known_values
from hub.store.fields import ID_LENGTH, NAME_LENGTH, SLUG_LENGTH, URI_LENGTH
from hub.store.models import Address, Contact, Conversation, Entry
from hub.store.views import conversation_view
from hub.units import Unit, Units

log = logging.getLogger(__name__)

PROVEN: Final = ("contact", "agent")  # sources of addresses that are certainly the contact's
MAX_PUSHED: Final = 5  # results of one conversation
MAX_PUSHED_AN_HOUR: Final = 3  # to one address, from other conversations


class NewConversation(Settings, frozen=True, kw_only=True):
    """Whom an agent writes to: an address of a known contact, or one as somebody typed it."""

    client_id: Annotated[str, Meta(min_length=1, max_length=64)]
    text: Annotated[str, Meta(min_length=1, max_length=4_000)]
    subject: Annotated[str, Meta(max_length=NAME_LENGTH)] = ""
    address_id: Annotated[str, Meta(max_length=ID_LENGTH)] = ""
    to: Annotated[str, Meta(max_length=URI_LENGTH)] = ""
    instance: Annotated[str, Meta(max_length=SLUG_LENGTH)] = ""


class SenderView(msgspec.Struct, frozen=True, kw_only=True):
    """An instance that can write first, and the scheme of the addresses it serves."""

    instance: str
    title: dict[str, str]
    channel: str
    reaches_anyone: bool
    settings: dict[str, str] = {}  # the public ones
    carries: Carries | None = None


class _NotSent(Exception):
    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Outbound:
    """Begins conversations and sends flows' results; nobody on the do-not-contact list is written to."""

    def __init__(
        self,
        units: Units,
        audit: Audit,
        *,
        reach: Reach,
        contacts: Contacts,
        consent: Consent,
        templates: Templates,
        queues: Queues,
    ) -> None:
        self._units = units
        self._audit = audit
        self._reach = reach
        self._contacts = contacts
        self._consent = consent
        self._templates = templates
        self._queues = queues

    async def senders(self) -> list[SenderView]:
        """Return the instances that can write first."""
        return [sender_view(one) for one in await self._reach.senders() if one.writes_first]

    async def begin(self, identity: Identity, new: NewConversation, *, remote: str) -> ConversationView:
        """Write to a citizen first; the conversation is the agent's own and waits in no queue."""
        async with self._units.open() as unit:
            if known := await _begun_before(unit, identity, new.client_id):
                return masked(conversation_view(known), identity)
            scheme = ""
            if new.instance and (named := await self._reach.sender(new.instance)) is not None:
                scheme = named.scheme
            address, contact = await self.recipient(unit, identity, address_id=new.address_id, to=new.to, scheme=scheme)
            sender = await self._sender(address, new.instance)
            if await self._consent.is_refused(address.uri):
                raise ApiError(409, "do_not_contact", "the address is on the do-not-contact list")
            if current := await unit.current_conversation(address.uri, sender.instance):
                raise ApiError(
                    409,
                    "conversation_open",
                    "a conversation goes on at this address",
                    fields={"conversation_id": current.conversation_id},
                )
            queue_id = next((one for one in sorted(identity.queue_ids) if one in self._queues.active), None)
            conversation = Conversation(
                conversation_id=new_id(),
                contact_id=contact.contact_id,
                contact_name=contact.name,
                contact_level=contact.level,
                language=contact.language,
                instance=sender.instance,
                channel=channel_of(address.uri),
                address=address.uri,
                state="active",
                queue_id=queue_id,
                agent_id=identity.user_id,
                topic=new.subject,
                opened_at=unit.now,
                assigned_at=unit.now,
                created_at=unit.now,
            )
            unit.add(conversation)
            timeline.add_notice(unit, conversation, "begun_by", agent=identity.display_name)
            event = ConversationChanged(conversation=conversation_view(conversation), change="opened")
            unit.record(event, conversation.conversation_id, conversation_id=conversation.conversation_id)
            signature = signature_of(identity, self._queues.settings(queue_id or "").signature)
            mail = Mail(subject=new.subject, signature=signature)
            timeline.add_reply(unit, conversation, address, identity, new.text, client_id=new.client_id, mail=mail)
            await self._audit.record(
                identity, "conversation.start", "conversation", conversation.conversation_id, remote=remote
            )
            return masked(conversation_view(conversation), identity)

    async def push(self, unit: Unit, conversation: Conversation, send: Send) -> bool:
        """Send what a flow says to ``send.recipient``; False when that is not possible, the timeline says why."""
        try:
            await self._push(unit, conversation, send)
        except _NotSent as error:
            timeline.add_notice(unit, conversation, "not_sent", channel=send.channel, fault=error.reason)
            return False
        return True

    async def _push(self, unit: Unit, conversation: Conversation, send: Send) -> None:
        uri, sender = await self._way(unit, conversation, send)
        if await _had_its_share(unit, conversation, uri):
            raise _NotSent("too_many")
        text, subject = send.text, send.subject
        if send.template_id:
            try:
                template = await self._templates.sendable(send.template_id, scheme_of(uri))
            except ApiError as error:
                raise _NotSent(error.fields.get("template_id", "unknown")) from error
            values = {**known_values(unit.now, contact_name=conversation.contact_name), **send.variables}
            text, subject = fill(template.text, values), fill(template.subject, values) or subject
        address = await unit.address(uri)
        if address is None:  # of whoever the flow serves, until somebody says otherwise
            address = Address(
                address_id=new_id(), uri=uri, contact_id=conversation.contact_id, source="flow", created_at=unit.now
            )
            unit.add(address)
        timeline.add_automatic(
            unit,
            conversation,
            address,
            text,
            author_kind="flow",
            instance=sender.instance,
            mail=Mail(subject=subject) if subject else None,
        )
        if (
            send.answers_follow and address.contact_id == conversation.contact_id
        ):  # never at what is known to be somebody else's
            answer_at(unit, conversation, address, sender.instance)

    async def _way(self, unit: Unit, conversation: Conversation, send: Send) -> tuple[str, Sender]:
        """Return the address that a flow names and the instance that may write to it."""
        named = await self._reach.best(send.channel)
        try:
            uri = normalize(send.recipient, named.scheme if named else send.channel)
        except ValueError as error:
            raise _NotSent("not_an_address") from error
        address = await unit.address(uri)
        sender = await self._reach.best(send.channel, uri=uri, met_by=address.instance if address else "")
        if sender is None or not sender.writes_first:
            raise _NotSent("no_channel")
        is_theirs = address is not None and address.contact_id == conversation.contact_id
        if not is_theirs or address is None or address.source not in PROVEN:  # perhaps somebody else's
            if await self._consent.is_refused(uri):
                raise _NotSent("do_not_contact")
            if not sender.reaches(scheme_of(uri)):
                raise _NotSent("unreachable")
        return uri, sender

    async def recipient(
        self, unit: Unit, identity: Identity, *, address_id: str, to: str, scheme: str
    ) -> tuple[Address, Contact]:
        """Return whom an agent means: the address of a contact they see, or ``to`` as they typed it."""
        if address_id:
            row = await Address.get_or_none(address_id=address_id)
            address = None if row is None else await unit.address(row.uri)
            if address is None:
                raise ApiError(422, "invalid", "no such address", fields={"address_id": "unknown"})
            return address, await self._contacts.visible(unit, identity, address.contact_id)
        try:
            uri = normalize(to, scheme)
        except ValueError as error:
            raise ApiError(422, "invalid", str(error), fields={"to": "not_an_address"}) from error
        address = await unit.address(uri)
        if address is None:
            contact, address = self._contacts.make(unit, uri, "", None, source="agent")
            return address, contact
        return address, await unit.contact(address.contact_id)

    async def _sender(self, address: Address, instance: str) -> Sender:
        for _, sender in await self._reach.of([address]):
            if sender.writes_first and instance in ("", sender.instance):
                return sender
        raise ApiError(422, "invalid", "nothing sends there", fields={"instance": "cannot_write_first"})


async def _had_its_share(unit: Unit, conversation: Conversation, uri: str) -> bool:
    """Whether strangers could use a flow to flood an address: so many results went out already."""
    await unit.flush()
    pushed = Entry.filter(author_kind="flow", direction="out")
    of_conversation = pushed.filter(conversation_id=conversation.conversation_id)
    if await of_conversation.exclude(address=conversation.address).count() >= MAX_PUSHED:
        return True
    lately = pushed.filter(address=uri, created_at__gt=unit.now - timedelta(hours=1))
    return await lately.exclude(conversation_id=conversation.conversation_id).count() >= MAX_PUSHED_AN_HOUR


async def _begun_before(unit: Unit, identity: Identity, client_id: str) -> Conversation | None:
    """Return the conversation that this agent's browser began under ``client_id``, when it repeats itself."""
    latest = Conversation.filter(agent_id=identity.user_id, state="active").order_by("-conversation_id").limit(50)
    ids = await latest.values_list("conversation_id", flat=True)
    entry = await Entry.filter(conversation_id__in=list(ids), client_id=client_id, author_kind="agent").first()
    return None if entry is None else await unit.conversation(entry.conversation_id)


def sender_view(sender: Sender) -> SenderView:
    """Return an instance as operators and agents see it."""
    return SenderView(
        instance=sender.instance,
        title=sender.title,
        channel=channel_of(f"{sender.scheme}:"),
        reaches_anyone=sender.reaches(sender.scheme),
        settings=sender.settings,
        carries=sender.carries,
    )
