"""Recognises mails that no person wrote for us, which nothing automatic may answer (RFC 3834)."""

import re
from typing import Final

from plugins.email.headers import Headers

_ROBOT: Final = re.compile(
    r"^(?:mailer-daemon|postmaster|no-?reply|do-?not-?reply|noreply.*|bounce.*|notifications?|auto-?(?:reply|responder))$",
    re.IGNORECASE,
)
_SUBJECT: Final = re.compile(
    r"^\s*(?:自动回复|自動回覆|自动答复|自动转发|休假通知|自動返信|不在のお知らせ|out of (?:the )?office|"
    r"automatic reply|auto(?:matic)?[- ]?re(?:ply|sponse)|abwesenheitsnotiz)\s*(?:[:：(（]|$)",
    re.IGNORECASE,
)
_MARKS: Final = (
    "x-autoreply",
    "x-autorespond",
    "x-autoreply-from",
    "x-mail-autoreply",
    "x-ms-exchange-inboxrules-loop",
)


def is_automatic(headers: Headers, sender: str, subject: str, own: frozenset[str]) -> bool:
    """Whether a mail from ``sender`` is automatic, or our own that came back; ``own`` are our addresses."""
    submitted = headers.plain("auto-submitted").partition(";")[0].strip()
    return (
        submitted not in ("", "no")
        or headers.plain("precedence") in ("bulk", "list", "junk", "auto_reply")
        or any(mark in headers for mark in _MARKS)
        or headers.plain("x-auto-response-suppress") in ("all", "oof", "autoreply")
        or any(name in headers for name in ("list-id", "list-unsubscribe"))
        or headers.raw("return-path").strip() == b"<>"
        or sender.lower() in own
        or is_robot(sender)
        or bool(_SUBJECT.match(subject))
    )


def is_robot(sender: str) -> bool:
    """Whether nobody reads what is sent to this address, by its name."""
    return _ROBOT.match(sender.partition("@")[0]) is not None
