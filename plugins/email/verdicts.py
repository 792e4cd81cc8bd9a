"""Says whether a mail comes from where it claims, by the word of servers we trust (RFC 8601)."""

import re
from typing import Final, Literal

import msgspec

from plugins.email.charsets import decode
from plugins.email.headers import MAX_FIELD, Headers

SenderCheck = Literal["unknown", "passed", "failed"]

_RESULT: Final = re.compile(r"\s*(spf|dkim|dmarc)\s*=\s*([a-z]{1,20})\b(.*)", re.IGNORECASE | re.DOTALL)
_DOMAINS: Final = {
    "spf": re.compile(r"\bsmtp\.mailfrom\s*=\s*(?:[^\s;]*@)?([^\s;@]+)", re.IGNORECASE),  # up to the last @
    "dkim": re.compile(r"\bheader\.[di]\s*=\s*(?:[^\s;]*@)?([^\s;@]+)", re.IGNORECASE),
}
_COMMENT_OR_QUOTED: Final = re.compile(r'"(?:[^"\\]|\\.)*"|\([^()"]*\)')
_SYNTAX: Final = re.compile(r"[^\w.@+-]")
_NESTED: Final = 4  # comments within comments
_WORDS: Final = frozenset({"pass", "fail", "softfail", "neutral", "none", "policy", "temperror", "permerror"})
_ORDER: Final = ("pass", "fail", "softfail", "policy", "neutral", "temperror", "permerror", "none")


class Verdicts(msgspec.Struct, frozen=True, kw_only=True):
    """What is known: the words by method, and which methods passed for the domain of the From field."""

    words: dict[str, str] = {}
    aligned: frozenset[str] = frozenset()

    @property
    def sender_check(self) -> SenderCheck:
        """Whether the sender's own domain vouches for the mail.

        SPF and DKIM speak of a domain that may be anybody's, so a pass counts only for the domain that is shown as
        the sender's (RFC 7489 section 3.1), and ``none``, ``neutral`` and ``softfail`` say nothing either way.
        """
        if dmarc := {"pass": "passed", "fail": "failed"}.get(self.words.get("dmarc", "")):
            return "passed" if dmarc == "passed" else "failed"
        if self.aligned:
            return "passed"
        return "failed" if "fail" in (self.words.get("spf"), self.words.get("dkim")) else "unknown"


def read_verdicts(headers: Headers, trusted: frozenset[str], sender: str) -> Verdicts:
    """Return what the servers in ``trusted`` (by authserv-id) say of ``sender``; nobody else is believed.

    Only the topmost field of each trusted server counts: lower ones may have come with the mail.
    """
    found: dict[str, str] = {}
    aligned: set[str] = set()
    seen: set[str] = set()
    for raw in headers.all("authentication-results"):
        server, _, results = _plain(decode(raw[:MAX_FIELD])).partition(";")
        name = server.strip().partition(" ")[0].lower()
        if name not in trusted or name in seen:
            continue
        seen.add(name)
        for result in results.split(";"):
            if (match := _RESULT.match(result)) is None:
                continue
            method, word = match[1].lower(), match[2].lower()
            word = word if word in _WORDS else "none"
            if method not in found or _ORDER.index(word) < _ORDER.index(found[method]):
                found[method] = word
            domain = _DOMAINS[method].search(match[3]) if word == "pass" and method in _DOMAINS else None
            if domain is not None and is_aligned(domain[1], sender):
                aligned.add(method)
    return Verdicts(words=found, aligned=frozenset(aligned))


def _plain(field: str) -> str:
    """Return ``field`` without comments, and of quoted strings only what cannot be taken for syntax.

    A sender chooses the local part of its address, quotes, semicolons and all.
    """
    for _ in range(_NESTED):
        field = _COMMENT_OR_QUOTED.sub(lambda one: _SYNTAX.sub("_", one[0][1:-1]) if one[0][0] == '"' else "", field)
    return field.partition("(")[0].partition('"')[0]  # what is never closed is not believed


def is_aligned(domain: str, sender: str) -> bool:
    """Whether ``domain`` speaks for the address ``sender``: its own, or one above or below it (relaxed alignment)."""
    theirs, shown = domain.lower().strip("."), sender.rpartition("@")[2].lower().strip(".")
    if "." not in theirs or "." not in shown:
        return False
    return theirs == shown or theirs.endswith(f".{shown}") or shown.endswith(f".{theirs}")
