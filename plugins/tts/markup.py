"""The few words of SSML that prompts may carry: pauses, and what is read letter by letter.

``<break time="500ms"/>`` or ``"1.5s"``; ``<say-as interpret-as="characters">``, ``digits`` or ``cardinal`` around some
text. Other tags are left out and their text is spoken (W3C SSML 1.1, sections 3.1.8 and 3.2.3).
"""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

MAX_PAUSE_S: Final = 5.0

As = Literal["text", "characters", "digits", "cardinal"]

_BREAK: Final = re.compile(r"""<break(?:\s+time\s*=\s*["'](\d{1,6}(?:\.\d{1,3})?)(ms|s)["'])?\s*/?>""")
_SAY_AS: Final = re.compile(
    r"""<say-as\s+interpret-as\s*=\s*["'](characters|digits|cardinal)["']\s*>([^<]{0,500})</say-as>"""
)
_TAG: Final = re.compile(r"</?[a-zA-Z][^<>]{0,200}>")
_MARKED: Final = re.compile(f"{_BREAK.pattern}|{_SAY_AS.pattern}")


@dataclass(frozen=True, slots=True)
class Words:
    """Some text and how it is read."""

    text: str
    read_as: As = "text"


@dataclass(frozen=True, slots=True)
class Pause:
    """Silence."""

    seconds: float


def parse(text: str) -> Iterator[Words | Pause]:
    """Yield what is to be said, in order."""
    at = 0
    for found in _MARKED.finditer(text):
        yield from _plain(text[at : found.start()])
        at = found.end()
        if found[3]:
            yield Words(html.unescape(found[4]), _read_as(found[3]))
        else:
            seconds = float(found[1] or 0.5) / (1000 if found[2] == "ms" else 1)
            yield Pause(min(seconds, MAX_PAUSE_S))
    yield from _plain(text[at:])


def _read_as(word: str) -> As:
    match word:
        case "characters" | "digits" | "cardinal":
            return word
        case _:
            return "text"


def _plain(text: str) -> Iterator[Words]:
    if plain := html.unescape(_TAG.sub("", text)).strip():
        yield Words(plain)
