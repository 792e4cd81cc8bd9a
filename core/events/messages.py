"""Messages in and out, and what became of them."""

from datetime import datetime
from typing import Literal

import msgspec

from core.events.base import Event
from core.events.channels import Profile

MessageState = Literal["queued", "sent", "delivered", "read", "failed", "deferred", "unknown"]


class Attachment(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A file in the media store; width and height in pixels for pictures.

    ``is_voice`` marks what the person spoke in place of writing: to be played, and to be recognised.
    """

    media_id: str
    mime: str
    name: str = ""
    size_bytes: int = 0
    width: int | None = None
    height: int | None = None
    is_voice: bool = False


class Location(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A place a person sent, in degrees; Chinese networks use the ``gcj02`` datum, all others WGS 84."""

    latitude: float
    longitude: float
    datum: Literal["wgs84", "gcj02"] = "wgs84"
    label: str = ""


class Choice(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One answer offered with a message: a button where there are buttons, ``key`` to type elsewhere."""

    key: str
    label: str


class Mail(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a mail carries beside its text: of a received one what it says, of an ordered one what it is to say.

    ``message_id`` and ``references`` are Message-IDs (RFC 5322 section 3.6.4), the latter oldest first;
    ``quoted`` is what it repeats of earlier ones; ``html`` is an ordered one's text as its writer formatted it,
    empty when plain; ``verdicts`` are ``spf``, ``dkim`` and ``dmarc`` in the words
    of RFC 8601, and ``sender_check`` whether by them the domain of ``sender`` vouches for the mail; ``warnings``
    are stable words for what was left out or could not be read.
    """

    subject: str = ""
    sender: str = ""
    to: tuple[str, ...] = ()
    cc: tuple[str, ...] = ()
    message_id: str = ""
    references: tuple[str, ...] = ()
    is_reply: bool = False
    quoted: str = ""
    signature: str = ""
    html: str = ""
    html_media_id: str = ""
    original_media_id: str = ""
    has_remote_images: bool = False
    verdicts: dict[str, str] = {}
    sender_check: Literal["unknown", "passed", "failed"] = "unknown"
    warnings: tuple[str, ...] = ()


class MessageReceived(Event, frozen=True, kw_only=True):
    """A person wrote; ``external_id`` is the far end's own and the same when it repeats itself.

    ``edits`` is the ``external_id`` of the earlier message whose words these replace.
    ``answers`` names messages of ours it replies to, as far as the channel can vouch for that; one that
    ``is_automatic`` (an absence note, a mailing list) is kept, and nothing answers it by itself. ``consent``
    says that the whole message is a word by which people stop automatic messages, or allow them again.
    """

    type = "message.received"
    external_id: str
    sender: str
    edits: str = ""
    text: str = ""
    attachments: tuple[Attachment, ...] = ()
    choice: str | None = None
    profile: Profile | None = None
    location: Location | None = None
    consent: Literal["withdrawn", "given"] | None = None
    sent_at: datetime | None = None
    answers: tuple[str, ...] = ()
    is_automatic: bool = False
    mail: Mail | None = None


class SendMessage(Event, frozen=True, kw_only=True):
    """Order: send this once; ``message_id`` is the idempotency key.

    ``seq`` numbers everything exchanged with ``recipient`` on this instance, in both
    directions, rising; ``sender_name`` is what the person may see of who writes;
    ``order_id`` tells an agent's second try from the first.
    """

    type = "cmd.send"
    message_id: str
    order_id: str = ""
    recipient: str
    text: str = ""
    attachments: tuple[Attachment, ...] = ()
    choices: tuple[Choice, ...] = ()
    seq: int = 0
    sender_name: str = ""
    sender_kind: Literal["agent", "flow", "system"] = "system"
    sent_at: datetime | None = None
    mail: Mail | None = None


class MessageStatus(Event, frozen=True, kw_only=True):
    """What became of a sent message; ``code`` names the reason of a failure in one stable word.

    ``order_id`` is the order's, or empty when the far end reports by itself.
    """

    type = "message.status_changed"
    message_id: str
    order_id: str = ""
    status: MessageState
    external_id: str = ""
    code: str = ""
    reason: str = ""
    retry_after_s: float | None = None


class MessageStatuses(Event, frozen=True, kw_only=True):
    """What became of several messages, in the order it was learned."""

    type = "message.statuses_changed"
    statuses: tuple[MessageStatus, ...]


class MessagesRead(Event, frozen=True, kw_only=True):
    """A person has seen everything up to and including ``up_to_seq``."""

    type = "message.read"
    sender: str
    up_to_seq: int


class HistoryMessage(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line of what was exchanged with an address, as the person may see it."""

    seq: int
    message_id: str
    direction: Literal["in", "out"]
    text: str = ""
    attachments: tuple[Attachment, ...] = ()
    choices: tuple[Choice, ...] = ()
    external_id: str = ""
    sender_name: str = ""
    sender_kind: Literal["contact", "agent", "flow", "system"] = "system"
    sent_at: datetime | None = None
    status: MessageState = "sent"


class HistoryRequest(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Question: what was exchanged with ``address`` after ``after_seq`` (0: the newest ``limit``)?"""

    address: str
    after_seq: int = 0
    limit: int = 50


class History(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Answer to a history request: ``messages`` by rising ``seq``, all after the asked one up to a limit."""

    messages: tuple[HistoryMessage, ...] = ()
    has_more: bool = False
    situation: Literal["none", "flow", "queued", "active", "closed"] = "none"
    place: int | None = None
    wait_s: float | None = None
