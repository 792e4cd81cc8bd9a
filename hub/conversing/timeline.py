"""Adds lines to a conversation's timeline: messages in and out, notes, notices, and what became of messages."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from core.events import (
    Attachment,
    Choice,
    ConversationChanged,
    EntryAdded,
    Mail,
    MessageReceived,
    MessageStatus,
    SendMessage,
)
from core.events.conversations import Change
from core.flow.matching import asks_for_human
from core.flow.steps import HUMAN_WORDS
from core.ids import new_id
from hub.accounts.identity import Identity
from hub.calls.presence import has_hung_up
from hub.conversing import mails
from hub.i18n import LANGUAGES
from hub.i18n import text as catalogue
from hub.service_rules.ordering import order_check
from hub.store.models import Address, Conversation, Entry, MediaUse
from hub.store.views import conversation_view, entry_view
from hub.texts import clean
from hub.transcripts.ordering import order_transcripts
from hub.units import Unit

PREVIEW_CHARS: Final = 120
# a status never goes back: a late "sent" does not undo "read"; "failed" after "sent" is a bounce
_RANK: Final = {"queued": 0, "deferred": 1, "unknown": 2, "sent": 3, "failed": 4, "delivered": 5, "read": 6}


def add_received(
    unit: Unit,
    conversation: Conversation,
    address: Address,
    message: MessageReceived,
    received_at: datetime,
    *,
    instance: str = "",
    corrects: str = "",
) -> Entry:
    """Add what a person wrote over ``instance``; the conversation shows it as unread and waiting for an answer.

    ``corrects`` is the entry whose words it replaces, which stays as it is; such an entry has the code ``edited``.
    """
    mail = None if message.mail is None else mails.clean_mail(message.mail)
    if mail is not None:
        mails.keep_place(conversation, mail, is_automatic=message.is_automatic)
    entry = _entry(
        unit,
        conversation,
        kind="message",
        direction="in",
        author_kind="contact",
        author_name=conversation.contact_name,
        text=message.text.replace("\0", ""),  # PostgreSQL holds none
        attachments=message.attachments,
        address=address,
        instance=instance or conversation.instance,
        external_id=message.external_id,
        client_id=message.external_id,
        mail=mail,
        created_at=received_at,
        code="edited" if corrects else "",
        params={"entry_id": corrects} if corrects else {},
    )
    if conversation.state not in ("wrap_up", "closed"):  # a rating waits for no answer
        conversation.unread += 1
        if conversation.waiting_since is None:
            conversation.waiting_since = received_at
    if conversation.snoozed_until is not None:
        conversation.snoozed_until = unit.now  # they are heard at once
    if conversation.held is not None and conversation.held["step"] == "end":
        conversation.held = conversation.held_until = None  # somebody who still writes is not sent away
    _added(unit, conversation, entry)
    return entry


def add_reply(
    unit: Unit,
    conversation: Conversation,
    address: Address,
    agent: Identity,
    text: str,
    *,
    attachments: Sequence[Attachment] = (),
    client_id: str = "",
    mail: Mail | None = None,
) -> Entry:
    """Add what an agent answers and order it to be sent; ``mail`` says what a mail has beside its text."""
    conversation.waiting_since = None
    return _send(
        unit,
        conversation,
        address,
        text,
        attachments=attachments,
        client_id=client_id,
        author_kind="agent",
        author_id=agent.user_id,
        author_name=agent.display_name,
        sender_name=catalogue("sender.agent", language_of(conversation), work_number=agent.work_number),
        mail=mail,
    )


def add_automatic(
    unit: Unit,
    conversation: Conversation,
    address: Address,
    text: str,
    *,
    choices: Sequence[Choice] = (),
    author_kind: str = "system",
    instance: str = "",
    mail: Mail | None = None,
) -> None:
    """Add what a flow or the hub itself says and order it to be sent, over ``instance`` unless it is the usual one.

    Nothing automatic answers an automatic mail, the hub's own words about waiting are not for people who wrote a
    mail, and who has hung up hears nothing more.
    """
    if has_hung_up(conversation) and not instance and reply_instance(conversation) == conversation.instance:
        return
    if mails.answers_nobody(conversation) or (author_kind == "system" and mails.is_mail(address.uri)):
        return
    sender = catalogue(f"sender.{author_kind}", language_of(conversation))
    _send(
        unit,
        conversation,
        address,
        text,
        choices=choices,
        instance=instance,
        mail=mail,
        author_kind=author_kind,
        author_name=sender,
        sender_name=sender,
    )


def add_spoken(unit: Unit, conversation: Conversation, text: str, *, author_kind: str) -> Entry:
    """Add what a caller is told by a flow or by the hub itself; nothing is sent."""
    entry = _entry(
        unit,
        conversation,
        kind="message",
        direction="out",
        text=text,
        author_kind=author_kind,
        author_name=catalogue(f"sender.{author_kind}", language_of(conversation)),
        status="delivered",
    )
    _added(unit, conversation, entry)
    return entry


def add_sound(unit: Unit, conversation: Conversation, code: str, file: Attachment, **params: str) -> Entry:
    """Add a recording, of a talk or left by a caller, as a notice with its file."""
    entry = _entry(unit, conversation, kind="notice", code=code, params=params, attachments=(file,))
    _added(unit, conversation, entry)
    return entry


def add_note(unit: Unit, conversation: Conversation, agent: Identity, text: str, *, client_id: str = "") -> Entry:
    """Add what only colleagues see."""
    entry = _entry(
        unit,
        conversation,
        kind="note",
        author_kind="agent",
        author_id=agent.user_id,
        author_name=agent.display_name,
        text=text,
        client_id=client_id,
    )
    _added(unit, conversation, entry)
    return entry


def add_transfer(unit: Unit, conversation: Conversation, agent: Identity, *, to: str, client_id: str) -> Entry:
    """Add that an agent passed the conversation on; found again by ``client_id`` when it is asked for twice."""
    entry = _entry(
        unit,
        conversation,
        kind="notice",
        code="transferred",
        params={"from": agent.display_name, "to": to},
        author_kind="agent",
        author_id=agent.user_id,
        client_id=client_id,
    )
    _added(unit, conversation, entry)
    return entry


def add_notice(unit: Unit, conversation: Conversation, code: str, /, **params: str) -> Entry:
    """Add what happened to the conversation; its words are in the desk's catalogue under ``code``."""
    entry = _entry(unit, conversation, kind="notice", code=code, params=params)
    _added(unit, conversation, entry)
    return entry


def send_again(unit: Unit, conversation: Conversation, address: Address, entry: Entry) -> None:
    """Order a message that was not sent once more; the channel drops it when it did go out after all."""
    entry.status = "queued"
    entry.code = ""
    _order(unit, address, entry)
    unit.change_entry(entry, conversation)


def note_status(unit: Unit, conversation: Conversation, entry: Entry, status: MessageStatus) -> None:
    """Note what became of a sent message; reports that come late or twice change nothing."""
    current = entry.status or "queued"
    if _RANK[status.status] <= _RANK[current] and not (current == "unknown" and status.status == "failed"):
        return
    entry.status = status.status
    entry.code = status.code
    if status.external_id:
        entry.external_id = status.external_id
    unit.change_entry(entry, conversation)


def record_change(unit: Unit, conversation: Conversation, change: Change) -> None:
    """Write the changed ``conversation`` and tell everybody; ``change`` names the step."""
    unit.touch(conversation)
    order_check(unit, conversation, change)
    event = ConversationChanged(conversation=conversation_view(conversation), change=change)
    unit.record(event, conversation.conversation_id, conversation_id=conversation.conversation_id)


def preview(entry: Entry) -> str:
    """Return what lists of conversations show of a message."""
    return entry.text[:PREVIEW_CHARS] or ("📎" if entry.attachments else "")


def language_of(conversation: Conversation) -> str:
    """Return the language the contact reads; Chinese when nobody knows."""
    return conversation.language or LANGUAGES[0]


def reply_instance(conversation: Conversation) -> str:
    """Return the instance that answers go out over."""
    return conversation.reply_instance or conversation.instance


def _send(
    unit: Unit,
    conversation: Conversation,
    address: Address,
    text: str,
    *,
    instance: str = "",
    mail: Mail | None = None,
    **values: Any,
) -> Entry:
    instance = instance or reply_instance(conversation)
    if mails.is_mail(address.uri):
        values["mail"] = mails.outgoing(conversation, mail)
    entry = _entry(
        unit,
        conversation,
        kind="message",
        direction="out",
        text=text,
        address=address,
        instance=instance,
        status="queued",
        **values,
    )
    if (address.uri, instance) != (conversation.address, conversation.instance) and _is_theirs(address, conversation):
        unit.follow(address.uri, instance, conversation)
    _order(unit, address, entry)
    _added(unit, conversation, entry)
    return entry


def _is_theirs(address: Address, conversation: Conversation) -> bool:
    return bool(address.contact_id == conversation.contact_id)


def _entry(
    unit: Unit,
    conversation: Conversation,
    *,
    text: str = "",
    address: Address | None = None,
    attachments: Sequence[Attachment] = (),
    choices: Sequence[Choice] = (),
    mail: Mail | None = None,
    created_at: datetime | None = None,
    **values: Any,
) -> Entry:
    seq = 0
    if address is not None:
        seq = address.last_seq = address.last_seq + 1
        unit.touch(address)
        values["address"] = address.uri
    entry = Entry(
        entry_id=new_id(),
        conversation_id=conversation.conversation_id,
        seq=seq,
        text=clean(text),
        attachments=msgspec.to_builtins(attachments),
        choices=msgspec.to_builtins(choices),
        mail=msgspec.to_builtins(mail),
        created_at=created_at or unit.now,
        **values,
    )
    unit.add(entry)
    for media_id in (*(file.media_id for file in attachments), *mails.media_ids(mail)):
        unit.add(
            MediaUse(
                use_id=new_id(),
                media_id=media_id,
                conversation_id=entry.conversation_id,
                instance=entry.instance,
            )
        )
    order_transcripts(unit, conversation, entry, attachments)
    return entry


def _order(unit: Unit, address: Address, entry: Entry) -> None:
    kind = entry.author_kind
    order = SendMessage(
        message_id=entry.entry_id,
        order_id=new_id(),
        recipient=address.uri,
        text=entry.text,
        attachments=msgspec.convert(entry.attachments, tuple[Attachment, ...]),
        choices=msgspec.convert(entry.choices, tuple[Choice, ...]),
        seq=entry.seq,
        sender_name=entry.sender_name,
        sender_kind="agent" if kind == "agent" else "flow" if kind == "flow" else "system",
        sent_at=entry.created_at,
        mail=msgspec.convert(entry.mail, Mail | None),
    )
    unit.record(order, entry.instance, conversation_id=entry.conversation_id)


def _hides_the_matter(conversation: Conversation, entry: Entry) -> bool:
    """Tell whether ``entry`` says less of what the work is about than what was said last: who is offered it must know.

    What machines say never hides people's words, and the wish for a person never hides the question.
    """
    match entry.author_kind, conversation.last_author:
        case "contact", "contact":
            return bool(conversation.last_text) and asks_for_human(entry.text, HUMAN_WORDS)
        case ("contact" | "agent", _) | (_, "flow" | "system"):
            return False
        case _:
            return True


def _added(unit: Unit, conversation: Conversation, entry: Entry) -> None:
    if entry.kind == "message":
        conversation.last_entry_at = entry.created_at
        if not _hides_the_matter(conversation, entry):
            conversation.last_text = preview(entry)
            conversation.last_author = entry.author_kind
    unit.touch(conversation)
    event = EntryAdded(entry=entry_view(entry), conversation=conversation_view(conversation))
    unit.record(event, conversation.conversation_id, conversation_id=conversation.conversation_id)
