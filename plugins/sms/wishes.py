"""Words by which citizens stop automatic messages, or want them again."""

import re
import unicodedata
from collections.abc import Iterable
from typing import Final, Literal

Consent = Literal["withdrawn", "given"]
_TRIM: Final = re.compile(r"^[\W_]+|[\W_]+$")


def consent_in(text: str, opt_out: Iterable[str], opt_in: Iterable[str]) -> Consent | None:
    """Return what a message that consists of one such word, in any case and width, says; None otherwise."""
    word = _plain(text)
    if not word:
        return None
    if any(word == _plain(one) for one in opt_out):
        return "withdrawn"
    return "given" if any(word == _plain(one) for one in opt_in) else None


def _plain(text: str) -> str:
    return _TRIM.sub("", unicodedata.normalize("NFKC", text)).casefold()
