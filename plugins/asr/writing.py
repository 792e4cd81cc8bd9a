"""From recognised words to what is read: figures, and marks where people paused."""

import re
from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import Final

import msgspec

from core.events import Word
from plugins.asr.numbers import Figure, figures
from plugins.asr.punctuation import Punctuate

PAUSE_MS: Final = 450  # within an utterance; a longer one ends it
BREATH_MS: Final = 200
# how likely a mark has to be by the words: at a pause, at a breath, where somebody speaks on (benchmarks/asr.py)
AS_LIKELY, LIKELY, SURE = 0.5, 0.7, 0.98
_UNSPACED: Final = ("zh", "yue", "ja")
_QUESTION: Final = re.compile(
    r"(吗|呢|么|多少|几[点号个天]|哪里|哪儿|怎么办|怎么样|什么|是不是|能不能|可不可以|有没有)(啊|呀)?$"
)


def joined(words: Iterable[Word], language: str) -> str:
    """Return ``words`` in one line; Chinese has no spaces."""
    return ("" if is_unspaced(language) else " ").join(word.text for word in words)


def written(words: Sequence[Word], language: str, punctuate: Punctuate | None = None) -> tuple[Word, ...]:
    """Return ``words`` as they are read: those of one number become one, marks stand at the end of the word before.

    ``punctuate`` says how likely marks are by the words; without it they stand where people paused.
    """
    if language.partition("-")[0] != "zh":
        return tuple(words)
    places = punctuate("".join(word.text for word in words)) if punctuate else None
    return _marked(_with_figures(words), places)


def _with_figures(words: Sequence[Word]) -> list[tuple[Word, int]]:
    """Return the words, and how many characters were recognised up to the end of each."""
    text = "".join(word.text for word in words)
    owners = [index for index, word in enumerate(words) for _ in word.text]
    starts = {index: at for at, index in reversed(list(enumerate(owners)))}
    ends = list(accumulate(len(word.text) for word in words))
    kept: list[tuple[Word, int]] = []
    following = 0
    for first, last, figured in _groups(text, owners):
        kept += zip(words[following:first], ends[following:first], strict=True)
        begin, end = starts[first], starts[last] + len(words[last].text)
        parts, at = [], begin
        for figure in figured:
            parts += [text[at : figure.start], figure.text]
            at = figure.end
        some = words[first : last + 1]
        word = Word(
            "".join([*parts, text[at:end]]),
            some[0].start_ms,
            some[-1].end_ms,
            min(one.confidence for one in some),
        )
        kept.append((word, ends[last]))
        following = last + 1
    return [*kept, *zip(words[following:], ends[following:], strict=True)]


def _groups(text: str, owners: Sequence[int]) -> list[tuple[int, int, list[Figure]]]:
    """Return the first and last word of each stretch that figures stand in; figures that share a word are together."""
    groups: list[tuple[int, int, list[Figure]]] = []
    for figure in figures(text):
        first, last = owners[figure.start], owners[figure.end - 1]
        if groups and groups[-1][1] >= first:
            begun, _, together = groups.pop()
            groups.append((begun, last, [*together, figure]))
        else:
            groups.append((first, last, [figure]))
    return groups


def _marked(words: Sequence[tuple[Word, int]], places: Sequence[tuple[str, float]] | None) -> tuple[Word, ...]:
    marked = []
    for (word, end), (following, _) in zip(words, [*words[1:], (None, 0)], strict=True):
        likely, share = places[end - 1] if places else ("，", 0.0)
        if following is None:
            text = "".join(one.text for one, _ in words)
            is_question = (likely == "？" and share >= AS_LIKELY) or _QUESTION.search(text)
            mark = "？" if is_question else "。"
        else:
            mark = _inner(likely, share, following.start_ms - word.end_ms)
        marked.append(msgspec.structs.replace(word, text=word.text + mark) if mark else word)
    return tuple(marked)


def _inner(likely: str, share: float, pause_ms: int) -> str:
    """Return the mark between two words: the longer the pause, the less the words have to ask for it."""
    if pause_ms >= PAUSE_MS:
        return likely if share >= AS_LIKELY else "，"
    if share < (LIKELY if pause_ms >= BREATH_MS else SURE):
        return ""
    return "，" if likely == "。" else likely  # nobody ends a sentence and speaks on at once


def is_unspaced(language: str) -> bool:
    """Whether ``language`` is written without spaces between words."""
    return language.partition("-")[0] in _UNSPACED
