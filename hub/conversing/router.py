"""Takes what channels received: contact → conversation → flow, queue or agent; and what became of sent messages.

A batch is one unit of work together with its inbox rows; a batch that fails is handed over
again message by message (core.bus), so one bad message never holds up the others.
"""

import logging
from collections.abc import Sequence
from typing import Final

import msgspec
import pluggy

from core.addresses import channel_of
from core.bus import Delivery
from core.events import (
    ContactArrived,
    Event,
    MessageReceived,
    MessagesRead,
    MessageStatus,
    MessageStatuses,
    TranscriptionEnded,
    UtterancesRecognized,
)
from hub.bulk.runner import BulkRunner
from hub.calls.reports import REPORTS, CallReports
from hub.contacts.address_schemes import AddressSchemes
from hub.contacts.contacts import Contacts
from hub.contacts.links import ContactLinks
from hub.conversing import mails, timeline
from hub.conversing.reception import Reception
from hub.dispatch.dispatcher import Dispatcher
from hub.figures.notices import AlarmNotices
from hub.flows.flows import Flows
from hub.media import MediaStore
from hub.outreach.keywords import Keywords
from hub.store.models import Address, Contact, Conversation, Entry
from hub.transcripts.transcripts import Transcripts
from hub.units import Unit, Units

log = logging.getLogger(__name__)

SERVED: Final = ("flow", "queued", "active")  # further messages belong to the same conversation


class Router:
    """The one reader of stream IN."""

    def __init__(
        self,
        units: Units,
        *,
        contacts: Contacts,
        links: ContactLinks,
        reception: Reception,
        flows: Flows,
        dispatcher: Dispatcher,
        calls: CallReports,
        hooks: pluggy.PluginManager,
        media: MediaStore,
        schemes: AddressSchemes,
        keywords: Keywords,
        bulk: BulkRunner,
        notices: AlarmNotices,
        transcripts: Transcripts,
    ) -> None:
        self._units = units
        self._contacts = contacts
        self._links = links
        self._reception = reception
        self._flows = flows
        self._calls = calls
        self._dispatcher = dispatcher
        self._hooks = hooks
        self._media = media
        self._schemes = schemes
        self._keywords = keywords
        self._bulk = bulk
        self._notices = notices
        self._transcripts = transcripts

    async def take(self, deliveries: Sequence[Delivery]) -> None:
        """Handle a batch in stream order; what was handled before changes nothing.

        NeverHandled when an instance speaks for an address that cannot be its own.
        """
        for delivery in deliveries:
            if isinstance(delivery.event, MessageReceived | ContactArrived | MessagesRead):
                self._schemes.check(delivery.id, delivery.event.sender)
        async with self._units.open() as unit, self._dispatcher.deciding(unit):
            first = await unit.work.first_times([delivery.envelope.id for delivery in deliveries])
            known = await _known(unit, [delivery for delivery in deliveries if delivery.envelope.id in first])
            await unit.load_entries(status.message_id for one in deliveries for status in _statuses(one.event))
            for delivery in deliveries:
                if delivery.envelope.id not in first:
                    continue
                first.discard(delivery.envelope.id)  # twice in one batch is still once
                if isinstance(delivery.event, MessageReceived) and delivery.event.external_id:
                    if (key := _key(delivery.id, delivery.event)) in known:
                        continue  # the far end repeats itself in another envelope
                    known.add(key)
                unit.cause_id = delivery.envelope.id
                await self._take_one(unit, delivery)

    async def _take_one(self, unit: Unit, delivery: Delivery) -> None:
        match delivery.event:
            case MessageReceived() as message:
                await self._receive(unit, delivery.id, message, delivery)
            case ContactArrived() as arrival:
                await self._arrive(unit, delivery.id, arrival)
            case MessageStatus() | MessageStatuses():
                for status in _statuses(delivery.event):
                    await self._note_status(unit, delivery.id, status)
            case MessagesRead() as read:
                await self._note_read(unit, delivery.id, read)
            case UtterancesRecognized() | TranscriptionEnded():
                await self._transcripts.take(unit, delivery.id, delivery.event)
            case report if isinstance(report, REPORTS):
                await self._calls.take(unit, delivery.id, report)
            case other:
                log.warning("nobody handles %s", type(other).type)

    async def _receive(self, unit: Unit, instance: str, message: MessageReceived, delivery: Delivery) -> None:
        if reason := self._hooks.hook.admit_message(instance=instance, message=message):
            log.info("message %s refused: %s", delivery.envelope.id, reason)
            return
        contact, address = await self._links.meet(unit, message.sender, instance, message.profile)
        if await self._contacts.is_blocked(unit, contact, address):
            log.info("message %s comes from a blocked address", delivery.envelope.id)
            return
        message = await self._without_foreign_files(instance, message)
        if message.edits and (original := await _original(unit, instance, message)) is not None:
            corrected = await unit.conversation(original.conversation_id)
            timeline.add_received(unit, corrected, address, message, delivery.envelope.time, corrects=original.entry_id)
            return
        if not await self._heed(unit, contact, address, message, delivery):
            await self._place(unit, contact, address, message, delivery)

    async def _place(
        self, unit: Unit, contact: Contact, address: Address, message: MessageReceived, delivery: Delivery
    ) -> None:
        """Add a message to the conversation it belongs to, or begin one with it."""
        instance = delivery.id
        conversation = await self._continued(unit, contact, instance, message)
        step = None
        if message.is_automatic:
            pass  # whatever it belongs to: it is no answer to a flow, and begins nothing anew
        elif conversation is not None and conversation.state != "active" and conversation.flow_state is not None:
            step = await self._flows.consider(conversation, message)
            if step is None and conversation.state not in SERVED:
                conversation = None  # the old matter is over and this is no rating: a new one begins
        elif conversation is not None and conversation.state not in SERVED:
            conversation = None
        is_new = conversation is None
        if conversation is None:
            conversation = self._reception.open(unit, contact, address, instance, channel_of(address.uri))
        timeline.add_received(unit, conversation, address, message, delivery.envelope.time, instance=instance)
        if is_new:
            await self._flows.greet(unit, conversation, message)
        elif message.is_automatic:
            return
        elif step is not None:
            await self._flows.carry_out(unit, conversation, step)
        elif conversation.state == "flow":
            await self._flows.give_up(unit, conversation)  # nothing answers here: nobody writes into the void

    async def _without_foreign_files(self, instance: str, message: MessageReceived) -> MessageReceived:
        """Return ``message`` with the files that came over ``instance`` itself: nobody shows others' files around."""
        media_ids = _media_ids(message)
        foreign = await self._media.foreign(media_ids, instance) if media_ids else set()
        if not foreign:
            return message
        log.warning("%s names files that are not its own: %s", instance, ", ".join(sorted(foreign)))
        kept = tuple(file for file in message.attachments if file.media_id not in foreign)
        mail = message.mail and mails.without_files(message.mail, foreign)
        return msgspec.structs.replace(message, attachments=kept, mail=mail)

    async def _heed(
        self, unit: Unit, contact: Contact, address: Address, message: MessageReceived, delivery: Delivery
    ) -> bool:
        """Do what a word to subscribe or opt out asks for, if it is one; alone, it is a conversation that is over."""
        instance = delivery.id
        if message.is_automatic:
            return False
        heard = await self._keywords.hear(unit, contact, address.uri, message.text, message.consent)
        if heard is None:
            return False
        conversation = await self._continued(unit, contact, instance, message)
        is_alone = conversation is None or conversation.state not in SERVED
        if conversation is None or is_alone:
            conversation = self._reception.open(unit, contact, address, instance, channel_of(address.uri))
        timeline.add_received(unit, conversation, address, message, delivery.envelope.time, instance=instance)
        timeline.add_notice(unit, conversation, heard.notice, topic=heard.topic)
        timeline.add_automatic(unit, conversation, address, heard.answer, instance=instance)
        if is_alone:
            conversation.state = "closed"
            conversation.closed_at = unit.now
            conversation.unread = 0
            conversation.waiting_since = None
            timeline.record_change(unit, conversation, "closed")
        return True

    async def _continued(
        self, unit: Unit, contact: Contact, instance: str, message: MessageReceived
    ) -> Conversation | None:
        """Return the conversation that ``message`` belongs to: the one it answers, else the one that goes on."""
        for message_id in message.answers:
            entry = await unit.find_entry(message_id)
            if entry is not None and entry.instance == instance:
                return await unit.conversation(entry.conversation_id)
        if message.mail is None:
            return await unit.current_conversation(message.sender, instance)
        exchanged = Entry.filter(instance=instance, address=message.sender)
        reference = mails.reference_in(message.mail.subject)
        if message.mail.references or reference:
            await unit.flush()  # what it answers may stand in this very batch
            row = await exchanged.filter(external_id__in=message.mail.references).order_by("-entry_id").first()
            if row is None and reference:
                row = await exchanged.filter(conversation_id__endswith=reference.lower()).first()
            if row is None and reference and (merged_into := await _merged_into(contact, reference)):
                row = await exchanged.filter(conversation_id=merged_into).first()
            if row is not None:
                return await unit.conversation(row.conversation_id)
        current = await unit.current_conversation(message.sender, instance)
        # a mail that answers nothing is about something else, unless a flow waits for an answer
        is_answer = message.mail.is_reply or message.is_automatic
        return current if is_answer or (current is not None and current.flow_state is not None) else None

    async def _arrive(self, unit: Unit, instance: str, arrival: ContactArrived) -> None:
        contact, address = await self._links.meet(unit, arrival.sender, instance, arrival.profile)
        if await self._contacts.is_blocked(unit, contact, address):
            return
        if await unit.current_conversation(arrival.sender, instance) is None:
            await self._flows.greet(
                unit, self._reception.open(unit, contact, address, instance, channel_of(address.uri)), None
            )

    async def _note_status(self, unit: Unit, instance: str, status: MessageStatus) -> None:
        entry = await unit.find_entry(status.message_id)
        if entry is None and (
            await self._bulk.note_status(unit, instance, status)
            or await self._notices.note_status(unit, instance, status)
        ):
            return
        if entry is None or entry.instance != instance:
            log.warning("%s reports on a message it never had: %s", instance, status.message_id)
            return
        timeline.note_status(unit, await unit.conversation(entry.conversation_id), entry, status)

    async def _note_read(self, unit: Unit, instance: str, read: MessagesRead) -> None:
        unseen = Entry.filter(
            address=read.sender,
            instance=instance,
            direction="out",
            seq__lte=read.up_to_seq,
            status__in=("sent", "delivered"),
        )
        await unit.flush()  # what was "sent" in this very batch counts too
        for row in await unseen.order_by("seq").limit(200):
            entry = unit.know_entry(row)
            status = MessageStatus(message_id=entry.entry_id, status="read")
            timeline.note_status(unit, await unit.conversation(entry.conversation_id), entry, status)


async def _original(unit: Unit, instance: str, message: MessageReceived) -> Entry | None:
    """Return the entry whose words ``message`` replaces."""
    await unit.flush()  # it may stand in this very batch
    rows = Entry.filter(instance=instance, external_id=message.edits, address=message.sender, direction="in")
    return await rows.first()


async def _merged_into(contact: Contact, reference: str) -> str | None:
    """Return the conversation that goes on for the contact's one that ``reference`` names, after any merges."""
    named = Conversation.filter(contact_id=contact.contact_id, conversation_id__endswith=reference.lower())
    row = await named.first()
    while row is not None and row.merged_into is not None:
        row = await Conversation.get_or_none(conversation_id=row.merged_into)
    return None if row is None else row.conversation_id


def _statuses(event: Event) -> Sequence[MessageStatus]:
    match event:
        case MessageStatus():
            return (event,)
        case MessageStatuses():
            return event.statuses
        case _:
            return ()


def _media_ids(message: MessageReceived) -> list[str]:
    return [*(file.media_id for file in message.attachments), *mails.media_ids(message.mail)]


def _key(instance: str, message: MessageReceived) -> tuple[str, str, str]:
    return instance, message.sender, message.external_id


async def _known(unit: Unit, deliveries: Sequence[Delivery]) -> set[tuple[str, str, str]]:
    """Return the keys of those messages that have their entry already."""
    messages = [
        (one.id, one.event) for one in deliveries if isinstance(one.event, MessageReceived) and one.event.external_id
    ]
    if not messages:
        return set()
    instances = list({instance for instance, _ in messages})
    external_ids = list({message.external_id for _, message in messages})
    rows = await unit.work.fetch(
        "SELECT instance, address, external_id FROM entry WHERE direction = 'in'"  # noqa: S608 - marks alone
        f" AND instance IN ({_marks(instances)}) AND external_id IN ({_marks(external_ids)})",
        *instances,
        *external_ids,
    )
    return {(row["instance"], row["address"], row["external_id"]) for row in rows}


def _marks(values: Sequence[str]) -> str:
    return ", ".join("?" * len(values))
