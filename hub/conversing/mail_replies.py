"""What an agent gives a mail beside its text: subject, copies, formatting, what it repeats, and the signature."""

from email.utils import parseaddr
from typing import Annotated, Final

from msgspec import Meta

from core.addresses import normalize
from core.config import Settings
from core.events import Mail
from hub.accounts.identity import Identity
from hub.conversing import timeline
from hub.conversing.mails import MAX_SUBJECT, is_mail, quotation
from hub.conversing.rich_text import RichText
from hub.errors import ApiError, not_found
from hub.store.fields import ID_LENGTH
from hub.store.models import Conversation
from hub.texts import clean_line
from hub.units import Unit

MAX_COPIES: Final = 20
MAX_HTML: Final = 100_000


class NewMail(Settings, frozen=True, kw_only=True):
    """What was asked for; without a subject it answers the last mail received.

    ``html`` is the text with its formatting, and stands for the message's text where it goes out as a mail.
    """

    subject: Annotated[str, Meta(max_length=MAX_SUBJECT)] = ""
    cc: Annotated[tuple[Annotated[str, Meta(max_length=512)], ...], Meta(max_length=MAX_COPIES)] = ()
    html: Annotated[str, Meta(max_length=MAX_HTML)] = ""
    quotes: Annotated[str, Meta(max_length=ID_LENGTH)] = ""  # the entry it repeats below


class MailReply:
    """One such mail, checked before anything is written; ``text`` is what its formatted text says."""

    def __init__(self, asked: NewMail) -> None:
        self._asked = asked
        self._cc = _addresses(asked.cc)
        rich = RichText(asked.html)
        self._html = rich.html if rich.text else ""
        self.text = rich.text

    async def complete(self, unit: Unit, identity: Identity, conversation: Conversation, signature: str) -> Mail | None:
        """Return the mail that answers in ``conversation``; None when answers go there another way."""
        if not is_mail(conversation.reply_address or conversation.address):
            return None
        quoted = ""
        if self._asked.quotes:
            entry = await unit.entry(self._asked.quotes)
            if entry.conversation_id != conversation.conversation_id or entry.kind != "message":
                raise not_found("message")
            quoted = quotation(entry, timeline.language_of(conversation))
        subject = clean_line(self._asked.subject)
        signed = signature_of(identity, signature)
        return Mail(subject=subject, cc=self._cc, html=self._html, quoted=quoted, signature=signed)


def signature_of(identity: Identity, signature: str) -> str:
    """Return what a queue's ``signature`` says below a mail of this agent's."""
    return signature.replace("{name}", identity.display_name).replace("{work_number}", identity.work_number)


def _addresses(texts: tuple[str, ...]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for text in texts:
        try:
            found[normalize(parseaddr(text)[1], "mailto").removeprefix("mailto:")] = None
        except ValueError as error:
            raise ApiError(422, "invalid", f"{text[:100]}: {error}", fields={"mail.cc": "invalid"}) from error
    return tuple(found)
