"""Reads delivery reports (RFC 3464) and the returned mails of servers that know no such form."""

import html
import re
from dataclasses import dataclass
from typing import Final, Literal

from plugins.email.charsets import decode
from plugins.email.headers import Headers, read_message_ids
from plugins.email.structure import Part, Splitter

MAX_REPORT: Final = 262_144
_FIELD: Final = re.compile(
    r"(?m)^(action|status|diagnostic-code|final-recipient)\s*:\s*(.*(?:\n[ \t].*)*)", re.IGNORECASE
)
_ENHANCED: Final = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")
_REPLY: Final = re.compile(r"(?<![\d.])(4\d\d|5\d\d)(?=[ -]\D)")
_IDS: Final = re.compile(rb"(?i)(?:^|\n)message-id:[ \t]*(?:\r?\n[ \t]+)?(<[^<>\s]{1,900}>)")
_TAG: Final = re.compile(r"</?[a-z!][^<>]{0,1000}>", re.IGNORECASE)
_SENDER: Final = re.compile(r"^(?:mailer-daemon|postmaster|mail\.?delivery.*|mdaemon)$", re.IGNORECASE)
_SUBJECT: Final = re.compile(
    r"退信|undeliver|delivery (?:status )?(?:notification|failure|failed)|returned mail|failure notice|mail delivery|"
    r"无法投递|投递失败|无法送达|未送达|送信エラー|delivery has failed",
    re.IGNORECASE,
)


_KNOWN: Final = {
    ("1", "1"): "no_such_mailbox",
    ("1", "2"): "no_such_domain",
    ("1", "10"): "no_such_domain",
    ("2", "1"): "mailbox_closed",
    ("2", "2"): "mailbox_full",
    ("2", "3"): "too_large",
    ("3", "4"): "too_large",
    ("4", "1"): "unreachable",
    ("4", "4"): "unreachable",
    ("4", "7"): "expired",
}
_SIGNS: Final = {
    "no_such_mailbox": (
        *("user unknown", "unknown user", "no such user", "no mailbox", "does not exist", "not found"),
        *("mailbox unavailable", "不存在", "地址有误"),
    ),
    "mailbox_full": ("full", "quota", "insufficient storage", "已满", "容量"),
    "refused": ("spam", "blocked", "blacklist", "rejected", "拒收", "拒绝", "垃圾"),
}


@dataclass(frozen=True, slots=True)
class Report:
    """What became of mails we sent: ``message_ids`` are the Message-IDs it names, likeliest first."""

    outcome: Literal["failed", "delayed", "delivered"]
    code: str
    reason: str
    message_ids: tuple[str, ...]


def read_report(splitter: Splitter, root: Part, headers: Headers, sender: str, subject: str) -> Report | None:
    """Return what a mail reports of another one; None when it is no report."""
    parts = list(root.walk())
    status = next(
        (part for part in parts if part.kind in ("message/delivery-status", "message/global-delivery-status")), None
    )
    returned = [
        part
        for part in parts
        if part.kind in ("message/rfc822", "text/rfc822-headers", "message/global", "message/global-headers")
    ]
    if status is not None:
        fields = {
            name.lower(): value
            for name, value in reversed(_FIELD.findall(decode(splitter.content(status, MAX_REPORT))))
        }
        outcome = _outcome(fields.get("action", "").strip().lower())
        words = " ".join((fields.get("status", ""), fields.get("diagnostic-code", "")))
    elif _looks_like_bounce(headers, sender, subject):
        texts = [part for part in parts if part.kind.startswith("text/")][:5]
        words = " ".join(_words(splitter, part) for part in texts)
        outcome = "failed"
    else:
        return None
    if outcome is None:
        return None
    ids = _returned_ids(splitter, returned or parts)
    ids += [one for name in ("in-reply-to", "references") for one in read_message_ids(headers.raw(name))]
    return Report(outcome, reason_code(words), _reason(words), tuple(dict.fromkeys(ids)))


def _words(splitter: Splitter, part: Part) -> str:
    text = decode(splitter.content(part, MAX_REPORT), part.parameters.get("charset", ""))
    return html.unescape(_TAG.sub("\n", text)) if part.kind == "text/html" else text


def _looks_like_bounce(headers: Headers, sender: str, subject: str) -> bool:
    is_machine = headers.raw("return-path").strip() == b"<>" or bool(_SENDER.match(sender.partition("@")[0]))
    return "x-failed-recipients" in headers or (is_machine and _SUBJECT.search(subject) is not None)


def _returned_ids(splitter: Splitter, parts: list[Part]) -> list[str]:
    found: list[str] = []
    for part in parts[:20]:
        block = splitter.content(part, MAX_REPORT)
        if part.kind == "text/html":
            block = _words(splitter, part).encode()
        found += [match.decode("ascii", "replace") for match in _IDS.findall(block)]
    return found


def _outcome(action: str) -> Literal["failed", "delayed", "delivered"] | None:
    match action:
        case "failed":
            return "failed"
        case "delayed":
            return "delayed"
        case "delivered":
            return "delivered"
        case _:
            return None  # relayed, expanded: where it ended nobody knows


def reason_code(words: str) -> str:
    """Return one stable word for why a server refused a mail (RFC 3463), ``bounced`` when it does not say."""
    lowered = words.lower()
    if match := next((one for one in _ENHANCED.finditer(words) if one[1] == "5"), _ENHANCED.search(words)):
        if code := _KNOWN.get((match[2], match[3])):
            return code
        if match[2] in ("7", "6"):
            return "refused"
    for code, signs in _SIGNS.items():
        if any(sign in lowered for sign in signs):
            return code
    return "bounced"


def _reason(words: str) -> str:
    text = " ".join(words.split())
    if match := _ENHANCED.search(text) or _REPLY.search(text):
        text = text[max(0, match.start() - 80) :]
    return text[:300]
