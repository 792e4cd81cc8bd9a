"""Cleans text from outside: characters that no person typed and that databases or screens stumble over."""

import re
from typing import Final

# C0 and C1 controls but tab and line ends, and the overrides that make text run backwards (Unicode TR 9)
_UNSEEN: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def clean(text: str) -> str:
    """Return ``text`` without unseen characters; lone surrogates become question marks."""
    return _UNSEEN.sub("", text.encode("utf-8", "replace").decode())


def clean_line(text: str) -> str:
    """Return ``text`` cleaned and on one line."""
    return " ".join(clean(text).split())
