"""Writes a mail from an order: subject, references and signature as the hub says, marked when nobody wrote it."""

import html
from collections.abc import Sequence
from datetime import UTC, datetime
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Final

from core.errors import SendRejected
from core.events import Mail, SendMessage
from plugins.email.addresses import bare
from plugins.email.config import EmailConfig
from plugins.email.html import clean_reply
from plugins.email.tokens import Tokens

MAX_REFERENCES: Final = 20
_QUOTE_STYLE: Final = "margin:0;padding-left:0.8em;border-left:3px solid #ccc;color:#666"
_POLICY: Final = policy.SMTP.clone(max_line_length=200)

Attached = tuple[str, str, bytes]  # name, MIME type, content


def compose(order: SendMessage, config: EmailConfig, tokens: Tokens, attached: Sequence[Attached]) -> bytes:
    """Return the mail that ``order`` asks for, ready for DATA; SendRejected when it cannot be one."""
    local, _, domain = config.address.rpartition("@")
    mail = order.mail or Mail()
    message = EmailMessage(policy=_POLICY)
    try:
        message["From"] = Address(config.name, local, domain)
        message["To"] = Address("", *_split(bare(order.recipient)))
        if mail.cc:
            message["Cc"] = tuple(Address("", *_split(one)) for one in mail.cc)
        message["Subject"] = mail.subject or config.subject
        message["Date"] = format_datetime(order.sent_at or datetime.now(UTC))
        message["Message-ID"] = tokens.message_id(order.message_id, domain)
        references = [one for one in mail.references if one.isascii() and len(one) < 500][-MAX_REFERENCES:]
        if references:
            message["In-Reply-To"] = references[-1]
            message["References"] = " ".join(references)
        if config.reply_tokens:
            message["Reply-To"] = Address(config.name, f"{local}+{tokens.sign(order.message_id)}", domain)
        if order.sender_kind != "agent":
            message["Auto-Submitted"] = "auto-replied" if references else "auto-generated"
            message["X-Auto-Response-Suppress"] = "All"
    except (ValueError, IndexError) as error:
        raise SendRejected("bad_mail", f"a header cannot be written: {error}") from error
    message.set_content(_body(order, mail))
    if mail.html:
        message.add_alternative(_page(order, mail), subtype="html")
    for name, mime, content in attached:
        kind, _, subtype = mime.partition("/")
        is_binary = kind in ("text", "message", "multipart") or not subtype
        message.add_attachment(
            content,
            maintype="application" if is_binary else kind,
            subtype="octet-stream" if is_binary else subtype,
            filename=name or "attachment",
        )
    return message.as_bytes()


def _body(order: SendMessage, mail: Mail) -> str:
    choices = "\n".join(f"{choice.key} · {choice.label}" for choice in order.choices)
    signature = f"-- \n{mail.signature}" if mail.signature.strip() else ""
    return "\n\n".join(part for part in (order.text, choices, signature, mail.quoted) if part) + "\n"


def _page(order: SendMessage, mail: Mail) -> str:
    """Return the formatted text, and below it as plain words what else the mail has."""
    choices = "\n".join(f"{choice.key} · {choice.label}" for choice in order.choices)
    below = (choices, f"-- \n{mail.signature}" if mail.signature.strip() else "")
    parts = [clean_reply(mail.html), *(_plain(part) for part in below if part)]
    if mail.quoted:
        parts.append(f'<blockquote style="{_QUOTE_STYLE}">{_plain(mail.quoted)}</blockquote>')
    return "<!DOCTYPE html><html><body>" + "<br>".join(parts) + "</body></html>\n"


def _plain(text: str) -> str:
    return f'<div style="white-space:pre-wrap">{html.escape(text, quote=False)}</div>'


def _split(address: str) -> tuple[str, str]:
    local, _, domain = address.rpartition("@")
    return local, domain
