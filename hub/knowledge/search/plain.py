"""Text as it is compared: one form for every width and case, and Chinese told from the rest."""

import re
import unicodedata
from typing import Final

HAN_zh: Final = "\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0002ebef"
RUN: Final = re.compile(rf"[{HAN_zh}]+|[a-z0-9]+(?:[._-][a-z0-9]+)*")
HAN_RUN: Final = re.compile(rf"[{HAN_zh}]+")


def normalized(text: str) -> str:
    """Return ``text`` as it is compared: full-width forms narrow, Latin letters small (Unicode NFKC)."""
    return unicodedata.normalize("NFKC", text).casefold()


def has_han(text: str) -> bool:
    """Whether there is a Chinese character in ``text``."""
    return HAN_RUN.search(text) is not None


def squeezed(text: str) -> str:
    """Return ``text`` normalized and without anything but letters and digits, for comparing as a whole."""
    return "".join(RUN.findall(normalized(text)))
