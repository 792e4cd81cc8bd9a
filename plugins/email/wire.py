"""Reads a mail into what a person needs of it, whatever it looks like; never raises."""

import hashlib
import html
import logging
import re
from collections.abc import Iterable
from datetime import datetime
from typing import Final

import msgspec

from plugins.email.automatic import is_automatic
from plugins.email.bodies import Block, File, gather
from plugins.email.bounces import Report, read_report
from plugins.email.charsets import decode
from plugins.email.headers import Headers, first, names_address, read_addresses, read_date, read_message_ids
from plugins.email.html import Page
from plugins.email.quotes import fold
from plugins.email.structure import Part, Raw, Splitter
from plugins.email.verdicts import Verdicts, read_verdicts

log = logging.getLogger(__name__)

MAX_TEXT: Final = 90_000  # characters; core.host.link cuts at 100,000
MAX_QUOTED: Final = 20_000
MAX_REFERENCES: Final = 20
MAX_RECIPIENTS: Final = 50
MAX_ID: Final = 200
MIN_UNIQUE: Final = 10  # characters before the @; scripts that write <1@localhost> write it in every mail
_REPLY: Final = re.compile(r"^\s*(?:re|aw|回复|答复|回覆|答覆|返信)\s*(?:\[\d+\])?\s*[:：]", re.IGNORECASE)
_TO: Final = ("delivered-to", "x-original-to", "envelope-to", "to", "cc")
_STUB: Final = 100  # characters below which a plain alternative may be a mere "use an HTML reader"


class Ours(msgspec.Struct, frozen=True, kw_only=True):
    """What has to be known of ourselves to read a mail: our addresses, and the servers whose verdicts we believe."""

    addresses: frozenset[str] = frozenset()
    trusted: frozenset[str] = frozenset()


class Parsed(msgspec.Struct, frozen=True, kw_only=True):
    """A mail as a person needs it; ``sender`` is the bare address, "" when there is none that can be answered."""

    external_id: str
    message_id: str = ""
    references: tuple[str, ...] = ()
    subject: str = ""
    sender: str = ""
    sender_name: str = ""
    reply_to: str = ""
    to: tuple[str, ...] = ()
    cc: tuple[str, ...] = ()
    recipients: tuple[str, ...] = ()
    sent_at: datetime | None = None
    text: str = ""
    quoted: str = ""
    html: str = ""
    has_remote_images: bool = False
    files: tuple[File, ...] = ()
    is_reply: bool = False
    is_automatic: bool = False
    verdicts: Verdicts = Verdicts()
    report: Report | None = None
    warnings: tuple[str, ...] = ()


def parse(raw: Raw, ours: Ours) -> Parsed:
    """Return ``raw`` read; what cannot be understood is shown as it came, with the warning ``broken``."""
    splitter = Splitter(raw)
    try:
        return _parse(splitter, splitter.split(), ours)
    except Exception:  # a mail must not be lost over a mistake of ours
        log.exception("a mail could not be read")
        shown = decode(raw[:20_000])
        return Parsed(external_id=_digest(Headers([]), raw[:]), text=shown, warnings=("broken",))


def _parse(splitter: Splitter, root: Part, ours: Ours) -> Parsed:
    headers = root.headers
    sender = first(headers, "from", "sender", "return-path")
    address = sender.address if sender else ""
    reply_to = first(headers, "reply-to")
    subject = headers.text("subject")[:1_000]
    message_id = next(iter(read_message_ids(headers.raw("message-id"))), "")
    references = [one for name in ("references", "in-reply-to") for one in read_message_ids(headers.raw(name))]
    gathered = gather(splitter, root)
    text, page = _body(gathered.blocks)
    warnings = gathered.warnings
    if len(text) > MAX_TEXT:
        warnings.add("text_cut")
        text = text[:MAX_TEXT]
    written, quoted = fold(text, subject)
    return Parsed(
        external_id=_external_id(message_id, headers, splitter, root),
        message_id=message_id,
        references=tuple(dict.fromkeys(references))[-MAX_REFERENCES:],
        subject=subject,
        sender=address,
        sender_name=sender.name if sender and not names_address(sender.name) else "",
        reply_to=reply_to.address if reply_to else "",
        to=_shown(headers, "to"),
        cc=_shown(headers, "cc"),
        recipients=_recipients(headers),
        sent_at=read_date(headers.raw("date")),
        text=written,
        quoted=quoted[:MAX_QUOTED],
        html=page.html if page else "",
        has_remote_images=page.has_remote_images if page else False,
        files=tuple(gathered.files),
        is_reply=bool(references) or bool(_REPLY.match(subject)),
        is_automatic=is_automatic(headers, address, subject, ours.addresses),
        verdicts=read_verdicts(headers, ours.trusted, address),
        report=read_report(splitter, root, headers, address, subject),
        warnings=tuple(sorted(warnings)),
    )


def _body(blocks: Iterable[Block]) -> tuple[str, Page | None]:
    """Return the mail's words as text, and its HTML when it has any."""
    texts: list[str] = []
    pages: list[str] = []
    has_html = False
    for block in blocks:
        text = block.text.strip()
        if block.html:
            has_html = True
            pages.append(block.html)
            if len(text) < _STUB:
                told = Page(block.html).text()
                text = told if len(told) > len(text) * 3 else text
        elif text:
            pages.append(f"<pre>{html.escape(block.text)}</pre>")
        if text:
            texts.append(text)
    return "\n\n".join(texts).strip(), Page("\n".join(pages)) if has_html else None


def _shown(headers: Headers, name: str) -> tuple[str, ...]:
    return tuple(str(one) for raw in headers.all(name) for one in read_addresses(raw))[:MAX_RECIPIENTS]


def _recipients(headers: Headers) -> tuple[str, ...]:
    found = (one.address.lower() for name in _TO for raw in headers.all(name) for one in read_addresses(raw))
    return tuple(dict.fromkeys(found))[: MAX_RECIPIENTS * 2]


def _external_id(message_id: str, headers: Headers, splitter: Splitter, root: Part) -> str:
    """Return the Message-ID; where there is none, or one that may be used twice, a fingerprint of the mail."""
    local, at, _ = message_id[1:-1].partition("@")
    if at and len(local) >= MIN_UNIQUE and len(message_id) <= MAX_ID:
        return message_id
    return _digest(headers, splitter.raw[root.start : root.end])


def _digest(headers: Headers, body: bytes) -> str:
    digest = hashlib.blake2b(body, digest_size=16)
    for name in ("message-id", "date", "from", "subject"):
        digest.update(headers.raw(name) + b"\n")
    return digest.hexdigest()
