"""From recognised words to what is read: figures, and marks where people paused."""

import re
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from core.events import Word
from plugins.asr.numbers import Figure, figures

PAUSE_MS: Final = 450  # within an utterance; a longer one ends it
_UNSPACED: Final = ("zh", "yue", "ja")
_QUESTION: Final = re.compile(
    r"(吗|呢|么|多少|几[点号个天]|哪里|哪儿|怎么办|怎么样|什么|是不是|能不能|可不可以|有没有)(啊|呀)?$"
)


def joined(words: Iterable[Word], language: str) -> str:
    """Return ``words`` in one line; Chinese has no spaces."""
    return ("" if is_unspaced(language) else " ").join(word.text for word in words)


def written(words: Sequence[Word], language: str) -> tuple[Word, ...]:
    """Return ``words`` as they are read: those of one number become one, marks stand at the end of the word before."""
    if language.partition("-")[0] != "zh":
        return tuple(words)
    return _marked(_with_figures(words))


def _with_figures(words: Sequence[Word]) -> list[Word]:
    text = "".join(word.text for word in words)
    owners = [index for index, word in enumerate(words) for _ in word.text]
    starts = {index: at for at, index in reversed(list(enumerate(owners)))}
    kept: list[Word] = []
    following = 0
    for first, last, figured in _groups(text, owners):
        kept += words[following:first]
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
        kept.append(word)
        following = last + 1
    return [*kept, *words[following:]]


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


def _marked(words: Sequence[Word]) -> tuple[Word, ...]:
    marked = []
    for word, following in zip(words, [*words[1:], None], strict=True):
        if following is None:
            mark = "？" if _QUESTION.search("".join(one.text for one in words)) else "。"
        else:
            mark = "，" if following.start_ms - word.end_ms >= PAUSE_MS else ""
        marked.append(msgspec.structs.replace(word, text=word.text + mark) if mark else word)
    return tuple(marked)


def is_unspaced(language: str) -> bool:
    """Whether ``language`` is written without spaces between words."""
    return language.partition("-")[0] in _UNSPACED
