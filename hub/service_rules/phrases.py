"""The little language in which service rules name phrases, and the sentences it is looked for in.

``(you|we)`` one of several, ``…`` up to eight characters in between, ``^`` and ``$`` the ends of a sentence,
``{work_number}`` the agent's own. Case, width, blanks and marks do not count. It is no regular expression on purpose:
nothing that operators write can take longer than the text is long.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from core.flow.matching import plain

MAX_CHARS: Final = 200
MAX_GAPS: Final = 2
GAP: Final = ".{0,8}?"
WORK_NUMBER: Final = "{work_number}"
ANY_NUMBER: Final = r"[^\W_]{2,12}"  # where nobody knows the agent's own

_SENTENCE_zh: Final = r"[^。！？!?；;…\n\r]+"
_SENTENCE: Final = re.compile(_SENTENCE_zh)
_SPOKEN_DIGITS_zh: Final = "0零〇 1一幺 2二两 3三 4四 5五 6六 7七 8八 9九"
_SPOKEN: Final = {spoken[0]: f"[{spoken}]" for spoken in _SPOKEN_DIGITS_zh.split()}
_SIGNS: Final = {"(": "(?:", ")": ")", "|": "|", "^": "^", "$": "$"}
_TOKEN: Final = re.compile(rf"{re.escape(WORK_NUMBER)}|(?:\.\.\.)+|.", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence as it was said, and as it is compared."""

    said: str
    compared: str


def sentences(text: str) -> list[Sentence]:
    """Return the sentences of ``text``."""
    found = [Sentence(said.strip(), plain(said)) for said in _SENTENCE.findall(text)]
    return [one for one in found if one.compared]


def find_phrase(phrases: tuple[str, ...], text: str, *, unless: tuple[str, ...] = (), work_number: str = "") -> str:
    """Return the first sentence of ``text`` with one of ``phrases`` and none of ``unless``; empty without one."""
    wanted, excused = _compiled(phrases, work_number), _compiled(unless, work_number)
    for sentence in sentences(text):
        if _is_in(wanted, sentence) and not _is_in(excused, sentence):
            return sentence.said
    return ""


def count_phrases(phrases: tuple[str, ...], text: str) -> int:
    """Return how often any of ``phrases`` is in ``text``."""
    wanted = _compiled(phrases, "")
    return sum(len(pattern.findall(sentence.compared)) for sentence in sentences(text) for pattern in wanted)


def fault_of(phrase: str) -> str:
    """Return what is wrong with ``phrase``; empty when nothing is."""
    if len(phrase) > MAX_CHARS:
        return "too_long"
    try:
        pattern = _pattern(phrase, "")
    except ValueError as error:
        return str(error)
    return "matches_anything" if pattern.search("") else ""


def _is_in(patterns: tuple[re.Pattern[str], ...], sentence: Sentence) -> bool:
    return any(pattern.search(sentence.compared) for pattern in patterns)


@lru_cache(maxsize=2_048)
def _compiled(phrases: tuple[str, ...], work_number: str) -> tuple[re.Pattern[str], ...]:
    return tuple(_pattern(phrase, work_number) for phrase in phrases)


def _pattern(phrase: str, work_number: str) -> re.Pattern[str]:
    """Return ``phrase`` compiled; ValueError with a stable word when it is none."""
    gaps, is_open = 0, False
    parts: list[str] = []
    for match in _TOKEN.finditer(unicodedata.normalize("NFKC", phrase.strip())):
        sign = match[0]
        faults = {"(": is_open and "nested", ")": not is_open and "unbalanced", "|": not is_open and "bar_outside"}
        if sign in faults:
            if fault := faults[sign]:
                raise ValueError(fault)
            is_open = sign != ")"
        gaps += sign.startswith("...")
        parts.append(_part(sign, work_number))
    if is_open:
        raise ValueError("unbalanced")
    if gaps > MAX_GAPS:
        raise ValueError("too_many_gaps")
    return re.compile("".join(parts))


def _part(sign: str, work_number: str) -> str:
    """Return what stands for ``sign`` in the compiled phrase."""
    if sign == WORK_NUMBER:
        return "".join(_SPOKEN.get(char, re.escape(char)) for char in plain(work_number)) or ANY_NUMBER
    return GAP if sign.startswith("...") else _SIGNS.get(sign) or re.escape(plain(sign))
