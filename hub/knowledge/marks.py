"""Shows why something was found: the matched words marked, and the part of the text where most of them stand."""

import re
from collections.abc import Sequence
from typing import Final

import msgspec

SNIPPET_CHARS: Final = 90
SPOKEN_CHARS: Final = 120  # of a line that is spoken at once; a longer one is cut where a sentence ends
_MARKUP: Final = re.compile(r"^\s{0,3}(#{1,6}\s+|>\s?)|\*\*|__|`{1,3}", re.MULTILINE)
_BULLET: Final = re.compile(r"^\s{0,6}[-*+]\s+", re.MULTILINE)
_SENTENCE: Final = re.compile(r"[^。！？；!?;]+[。！？；!?;]*|[。！？；!?;]+")
_LINK: Final = re.compile(r"\[([^\]]{0,200})\]\([^)\s]{0,500}\)")


class Part(msgspec.Struct, frozen=True, omit_defaults=True):
    """A stretch of text, marked or not."""

    text: str
    is_hit: bool = False


def plain_text(markdown: str) -> str:
    """Return ``markdown`` without its marks, as it is sent in a message."""
    return _MARKUP.sub("", _BULLET.sub("• ", _LINK.sub(r"\1", markdown))).strip()


def spoken_lines(title: str, body: str) -> list[str]:
    """Return an article as it is read out: the title, then ``body``, which has no marks, by lines or sentences."""
    lines = [title]
    for line in filter(None, map(str.strip, body.splitlines())):
        lines += [line] if len(line) <= SPOKEN_CHARS else filter(None, map(str.strip, _SENTENCE.findall(line)))
    return lines


def marked(text: str, terms: Sequence[str]) -> list[Part]:
    """Return ``text`` in parts, those that stand in ``terms`` marked."""
    pattern = _pattern(terms)
    if pattern is None:
        return [Part(text)] if text else []
    parts: list[Part] = []
    at = 0
    for found in pattern.finditer(text):
        if found.start() > at:
            parts.append(Part(text[at : found.start()]))
        parts.append(Part(found[0], True))
        at = found.end()
    return parts + ([Part(text[at:])] if at < len(text) else [])


def snippet(markdown: str, terms: Sequence[str]) -> list[Part]:
    """Return the stretch of ``markdown`` where most different ``terms`` stand, marked."""
    text = " ".join(plain_text(markdown).split())
    pattern = _pattern(terms)
    found = [(one.start(), one[0].casefold()) for one in pattern.finditer(text)] if pattern else []
    best = max(
        found,
        key=lambda one: len({term for at, term in found if one[0] <= at < one[0] + SNIPPET_CHARS}),
        default=(0, ""),
    )[0]
    start = max(0, best - SNIPPET_CHARS // 5)
    end = start + SNIPPET_CHARS
    cut = ("…" if start else "") + text[start:end] + ("…" if end < len(text) else "")
    return marked(cut, terms)


def _pattern(terms: Sequence[str]) -> re.Pattern[str] | None:
    longest_first = sorted({term for term in terms if term}, key=lambda term: -len(term))[:40]
    return re.compile("|".join(map(re.escape, longest_first)), re.IGNORECASE) if longest_first else None
