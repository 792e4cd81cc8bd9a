"""Puts variables into texts: ``{name}``, or ``{name:digits}`` to say how a voice reads it."""

import re
from collections.abc import Iterator, Mapping
from typing import Final, cast

from core.flow.actions import ReadAs, Reading

MAX_FILLED_CHARS: Final = 8_000

_PLACEHOLDER: Final = re.compile(r"\{([a-z][a-z0-9_]{0,39})(?::(digits|amount|date|phone))?\}")
_BRACES: Final = re.compile(r"\{[^{}\n]{1,40}\}")
_CONTROLS: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]")


def names_in(template: str) -> Iterator[str]:
    """Yield the variables ``template`` uses."""
    return (found[1] for found in _PLACEHOLDER.finditer(template))


def literals_in(template: str) -> Iterator[str]:
    """Yield what stands in braces and is no variable, braces and all."""
    return (found[0] for found in _BRACES.finditer(template) if _PLACEHOLDER.fullmatch(found[0]) is None)


def fill(template: str, variables: Mapping[str, str]) -> str:
    """Return ``template`` with its placeholders replaced; values are not expanded again."""
    return fill_for_voice(template, variables)[0]


def fill_for_voice(template: str, variables: Mapping[str, str]) -> tuple[str, tuple[Reading, ...]]:
    """Return the filled text and how its values are to be read out."""
    parts: list[str] = []
    readings: list[Reading] = []
    length = 0
    at = 0
    for found in _PLACEHOLDER.finditer(template):
        value = _CONTROLS.sub("", variables.get(found[1], ""))
        literal = template[at : found.start()]
        at = found.end()
        start = length + len(literal)
        length = start + len(value)
        if length > MAX_FILLED_CHARS:
            parts.append((literal + value)[: MAX_FILLED_CHARS - length])
            return "".join(parts), tuple(readings)
        parts += (literal, value)
        if found[2] and value:
            readings.append(Reading(start=start, end=length, read_as=cast(ReadAs, found[2])))
    parts.append(template[at:][: MAX_FILLED_CHARS - length])
    return "".join(parts), tuple(readings)


def localized(text: Mapping[str, str], language: str) -> str:
    """Return ``text`` in ``language``, else in its first language that has words."""
    return text.get(language) or next((words for words in text.values() if words), "")
