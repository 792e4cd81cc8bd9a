"""Turns text into what an index holds of it: words, character pairs, sounds, pinyin letters and first letters.

Words (rjieba's dictionary) and pairs of characters together rank best; sounds find homophones, with the mergers most
speakers of southern dialects make (zh/z, ng/n …); letters and first letters find what is typed in pinyin.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Final

import rjieba
from pypinyin import lazy_pinyin

from hub.knowledge.search.documents import SearchDocument, Stored
from hub.knowledge.search.plain import HAN_RUN, RUN, has_han, normalized, squeezed

MAX_ANALYZED_CHARS: Final = 20_000  # of one document's body

Terms = dict[str, list[str]]  # field → terms, in the order of the text

_LATIN_RUN: Final = re.compile(r"[a-z]+")
_FOLDS: Final = (("zh", "z"), ("ch", "c"), ("sh", "s"))
# said by everybody in every question, so of no help in telling answers apart
_EMPTY_zh: Final = (
    "的 了 吗 呢 吧 啊 是 在 有 和 与 及 或 就 都 也 还 我 你 您 他 她 它 我们 你们 请问 您好 你好 一下 这个 那个 "
    "这 那 怎么 怎么办 怎么样 怎样 如何 什么 为什么 哪里 哪些 多少 是否 能否 能 不能 可以 需要 应该 想 要 来 去"
)
_EMPTY_en: Final = "what how is are the a an of to in and or do does i you my for on it can where when"
_EMPTY_WORDS: Final = frozenset(f"{_EMPTY_zh} {_EMPTY_en}".split())


def words(text: str) -> list[str]:
    """Return the words of normalized ``text``: by dictionary where it is Chinese, by spaces elsewhere."""
    found: list[str] = []
    for run in RUN.findall(text):
        found += rjieba.cut(run) if has_han(run) else [run]
    return found


def telling_words(text: str) -> list[str]:
    """Return the words of normalized ``text`` that tell one question from another."""
    return [word for word in words(text) if word not in _EMPTY_WORDS]


def grams(text: str) -> list[str]:
    """Return the pairs of neighbouring Chinese characters in normalized ``text``; a lone one stands for itself."""
    return [pair for run in HAN_RUN.findall(text) for pair in ([run[i : i + 2] for i in range(len(run) - 1)] or [run])]


@lru_cache(maxsize=20_000)
def syllables(run: str) -> tuple[str, ...]:
    """Return how a run of Chinese characters is read, without tones."""
    return tuple(lazy_pinyin(run, errors="ignore", v_to_u=False))


def sounds(text: str) -> list[str]:
    """Return the pairs of neighbouring syllables of normalized ``text``, sounds that are often merged folded."""
    found: list[str] = []
    for run in HAN_RUN.findall(text):
        folded = [_folded(one) for one in syllables(run)]
        found += [one + other for one, other in pairwise(folded)] or folded
    return found


def letters(text: str) -> list[str]:
    """Return the pinyin of each Chinese run in normalized ``text``, every other run of letters as it is."""
    return [
        "".join(syllables(run)) if has_han(run) else run for run in RUN.findall(text) if has_han(run) or run.isalpha()
    ]


def initials(text: str) -> list[str]:
    """Return the first letters of each Chinese run in normalized ``text``."""
    return ["".join(one[0] for one in syllables(run)) for run in HAN_RUN.findall(text)]


def pieces(run: str, lengths: Iterable[int]) -> list[str]:
    """Return all stretches of ``run`` that have one of ``lengths``."""
    return [run[at : at + length] for length in lengths for at in range(len(run) - length + 1)]


def latin_runs(text: str) -> list[str]:
    """Return the runs of Latin letters in normalized ``text``."""
    return _LATIN_RUN.findall(text)


def analyze(document: SearchDocument) -> Terms:
    """Return the terms of ``document`` by field; its title and keys count twice, and only they have sounds."""
    head = _head(document)
    texts = [*head, *head, normalized(document.body[:MAX_ANALYZED_CHARS])]
    return {
        "words": _each(words, texts),
        "grams": _each(grams, texts),
        "sounds": _each(sounds, head),
        "letters": [piece for text in head for run in letters(text) for piece in pieces(run, (3,))],
        "initials": [piece for text in head for run in initials(text) for piece in pieces(run, (2, 3, 4))],
        "keys": [squeezed(key) for key in (document.code, *document.keys) if key],
    }


def stored(document: SearchDocument) -> Stored:
    """Return what an index keeps of ``document``: spelling it again for each search would take most of the time."""
    head = _head(document)
    return Stored(
        title=document.title,
        code=document.code,
        keys=document.keys,
        tags=document.tags,
        group=document.group,
        spelt=tuple(dict.fromkeys([*_each(letters, head), *_each(initials, head)])),
    )


def _head(document: SearchDocument) -> list[str]:
    return [normalized(part) for part in (document.title, *document.keys) if part]


def _each(split: Callable[[str], list[str]], texts: Sequence[str]) -> list[str]:
    return [term for text in texts for term in split(text)]


def _folded(syllable: str) -> str:
    for whole, part in _FOLDS:
        if syllable.startswith(whole):
            syllable = part + syllable[len(whole) :]
    return syllable[:-1] if syllable.endswith("ng") else syllable
