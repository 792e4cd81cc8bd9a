"""What distinguishes mails from chats: subjects, references, quoting; what a mail in a conversation answers."""

import re
from collections.abc import Container
from datetime import datetime
from typing import Any, Final

import msgspec

from core.events import Mail
from hub.i18n import text as catalogue
from hub.store.models import Conversation, Entry
from hub.texts import clean, clean_line

MAX_SUBJECT: Final = 400
REFERENCE_DIGITS: Final = 10
MAX_REFERENCES: Final = 20
MAX_QUOTED: Final = 20_000
# how mail programs begin the subject of a reply or a forwarded mail, Chinese ones too
_PREFIX: Final = re.compile(
    r"^\s*(?:(?:re|fwd?|aw|回复|答复|回覆|转发|轉寄|答覆)\s*(?:\[\d+\])?\s*[:：]\s*)+", re.IGNORECASE
)
_REFERENCE: Final = re.compile(r"\s*\[LX-([0-9A-F]{10})\]", re.IGNORECASE)


def is_mail(uri: str) -> bool:
    """Whether who is reached there reads at leisure: words about places in line are not for them."""
    return uri.startswith("mailto:")


def clean_mail(mail: Mail) -> Mail:
    """Return ``mail`` without unseen characters and within the bounds of the store."""
    return msgspec.structs.replace(
        mail,
        subject=clean_line(mail.subject)[:MAX_SUBJECT],
        sender=clean_line(mail.sender)[:MAX_SUBJECT],
        quoted=clean(mail.quoted)[:MAX_QUOTED],
        references=mail.references[-MAX_REFERENCES:],
    )


def media_ids(mail: Mail | None) -> list[str]:
    """Return the files that stand in ``mail`` beside its attachments."""
    return [] if mail is None else [one for one in (mail.html_media_id, mail.original_media_id) if one]


def without_files(mail: Mail, unwanted: Container[str]) -> Mail:
    """Return ``mail`` without those of its files."""
    return msgspec.structs.replace(
        mail,
        html_media_id="" if mail.html_media_id in unwanted else mail.html_media_id,
        original_media_id="" if mail.original_media_id in unwanted else mail.original_media_id,
    )


def keep_place(conversation: Conversation, mail: Mail, *, is_automatic: bool) -> None:
    """Note in the conversation what the next mail to its contact answers."""
    references = [*mail.references, mail.message_id] if mail.message_id else list(mail.references)
    conversation.mail = {
        "subject": mail.subject,
        "references": references[-MAX_REFERENCES:],
        "is_automatic": is_automatic,
    }
    if not conversation.topic:
        conversation.topic = bare_subject(mail.subject)[:200]


def answers_nobody(conversation: Conversation) -> bool:
    """Whether the last mail was automatic, so that nothing automatic may answer it (RFC 3834 section 2)."""
    return bool((conversation.mail or {}).get("is_automatic"))


def outgoing(conversation: Conversation, mail: Mail | None = None) -> Mail:
    """Return ``mail`` completed to one that answers the last received: its subject and references."""
    place: dict[str, Any] = conversation.mail or {}
    asked = mail or Mail()
    subject = asked.subject
    if not subject:
        earlier = bare_subject(place.get("subject", "")) or conversation.topic
        subject = f"Re: {earlier}" if earlier else ""
    if subject:  # without one the channel writes its own
        subject = f"{_REFERENCE.sub('', subject)} [LX-{reference(conversation.conversation_id)}]"
    return msgspec.structs.replace(asked, subject=subject, references=tuple(place.get("references", ())))


def bare_subject(subject: str) -> str:
    """Return ``subject`` without the prefixes of replies and without a conversation's reference."""
    return _PREFIX.sub("", _REFERENCE.sub("", subject)).strip()


def reference(conversation_id: str) -> str:
    """Return what subjects call the conversation; of all that one person has, it names one."""
    return conversation_id.replace("-", "")[-REFERENCE_DIGITS:].upper()


def reference_in(subject: str) -> str:
    """Return the reference that ``subject`` names, "" when it names none."""
    match = _REFERENCE.search(subject)
    return match[1].upper() if match else ""


def quotation(entry: Entry, language: str) -> str:
    """Return the text of ``entry`` as a reply repeats it."""
    sent_at: datetime = entry.created_at
    sender = (entry.mail or {}).get("sender") or entry.author_name
    head = catalogue("mail.quote", language, sender=sender, time=sent_at.astimezone().strftime("%Y-%m-%d %H:%M"))
    lines = (f"> {line}".rstrip() for line in entry.text.splitlines())
    return "\n".join((head, *lines))[:MAX_QUOTED]
