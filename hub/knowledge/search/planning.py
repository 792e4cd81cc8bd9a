"""Turns what somebody typed into weighted terms: which fields to ask, and how much each counts."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from hub.knowledge.search.analysis import grams, latin_runs, pieces, sounds, syllables, telling_words, words
from hub.knowledge.search.documents import SearchQuery
from hub.knowledge.search.plain import has_han, normalized, squeezed

MAX_QUERY_CHARS: Final = 300
SHORT_CHARS: Final = 24  # longer questions have sounds enough to find everything
LONGEST_INITIALS: Final = 24
FEWEST_TERMS: Final = 6
SHORT_POSTINGS: Final = 4_000  # the rare terms of a short query find everything
LONG_POSTINGS: Final = 12_000  # half as many rank worse, twice as many no better

# tried on labelled questions (benchmarks/knowledge.py)
WORD: Final = 1.0
GRAM: Final = 0.8
SOUND: Final = 0.35
SYNONYM: Final = 0.6
LETTER: Final = 0.5
INITIAL: Final = 1.2
KEY: Final = 6.0


@dataclass(frozen=True, slots=True)
class Term:
    """One term to look for in ``field``; a repeated one counts once, with the sum of the weights."""

    field: str
    text: str
    weight: float


@dataclass(frozen=True, slots=True)
class Plan:
    """What an engine is asked: any of ``terms``, and of each group in ``filters`` at least one tag.

    ``postings`` is how much an engine that reads them one by one should read.
    """

    terms: tuple[Term, ...]
    filters: tuple[tuple[str, ...], ...]
    marks: tuple[str, ...]
    postings: int


def plan(query: SearchQuery) -> Plan:
    """Return the terms of ``query``."""
    text = normalized(query.text)[:MAX_QUERY_CHARS]
    weights: dict[tuple[str, str], float] = {}

    def add(field: str, terms: list[str], weight: float) -> None:
        for term in terms:
            weights[field, term] = weights.get((field, term), 0.0) + weight

    telling = telling_words(text) or words(text)
    add("words", telling, WORD)
    add("grams", grams(text), GRAM)
    if len(text) <= SHORT_CHARS and has_han(text):
        add("sounds", sounds(text), SOUND)
    if whole := squeezed(text):
        add("keys", [whole], KEY)
    if not has_han(text):
        _add_pinyin(text, add)
    for synonym in query.synonyms:
        add("words", words(normalized(synonym)), SYNONYM)
        add("grams", grams(normalized(synonym)), SYNONYM * GRAM)
        add("keys", [squeezed(synonym)], KEY / 2)
    terms = tuple(Term(field, term, weight) for (field, term), weight in weights.items())
    marks = dict.fromkeys([*telling, *(word for synonym in query.synonyms for word in words(normalized(synonym)))])
    is_short = len(text) <= SHORT_CHARS or not has_han(text)
    return Plan(terms, query.filters, tuple(marks), SHORT_POSTINGS if is_short else LONG_POSTINGS)


def within(terms: Sequence[Term], frequency: Callable[[Term], int], postings: int) -> list[Term]:
    """Return the rarest of ``terms``, as many as together stand in at most ``postings`` documents.

    What stands everywhere costs an engine the most and says the least.
    """
    left = postings
    kept: list[Term] = []
    for count, term in sorted(((frequency(term), term) for term in terms), key=lambda pair: pair[0]):
        left -= count
        if left < 0 and len(kept) >= FEWEST_TERMS:
            break
        if count:
            kept.append(term)
    return kept


def _add_pinyin(text: str, add: Callable[[str, list[str], float], None]) -> None:
    runs = latin_runs(text)
    for run in {*runs, "".join(runs)}:
        add("letters", pieces(run, (3,)), LETTER)
    joined = "".join(runs)
    if 2 <= len(joined) <= LONGEST_INITIALS:
        add("initials", pieces(joined, (min(4, len(joined)),)), INITIAL)


def pinyin_of(text: str) -> tuple[str, str]:
    """Return the pinyin of ``text`` and its first letters, each in one piece."""
    read = [syllable for run in words(normalized(text)) if has_han(run) for syllable in syllables(run)]
    return "".join(read), "".join(syllable[0] for syllable in read)
