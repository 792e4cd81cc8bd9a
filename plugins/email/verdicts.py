"""Says whether a mail comes from where it claims: the word of our own server (RFC 8601), or our own check."""

import re
from typing import Final

from plugins.email.charsets import decode
from plugins.email.headers import MAX_FIELD, Headers

_RESULT: Final = re.compile(r"(?:^|;)\s*(spf|dkim|dmarc)\s*=\s*([a-z]{1,20})", re.IGNORECASE)
_COMMENT: Final = re.compile(r"\([^()]*\)")
_WORDS: Final = frozenset({"pass", "fail", "softfail", "neutral", "none", "policy", "temperror", "permerror"})
_ORDER: Final = ("pass", "fail", "softfail", "policy", "neutral", "temperror", "permerror", "none")


def read_verdicts(headers: Headers, trusted: frozenset[str]) -> dict[str, str]:
    """Return the verdicts of the servers in ``trusted`` (by authserv-id); whoever else writes them is not believed.

    Only the topmost field of each trusted server counts: lower ones may have come with the mail.
    """
    found: dict[str, str] = {}
    seen: set[str] = set()
    for raw in headers.all("authentication-results"):
        text = _COMMENT.sub("", decode(raw[:MAX_FIELD]))
        server = text.partition(";")[0].split(" ")[0].strip().lower()
        if server not in trusted or server in seen:
            continue
        seen.add(server)
        for method, result in _RESULT.findall(text.partition(";")[1] + text.partition(";")[2]):
            name, word = method.lower(), result.lower()
            if (word in _WORDS and _ORDER.index(word) < _ORDER.index(found.get(name, "none"))) or name not in found:
                found[name] = word if word in _WORDS else "none"
    return found
