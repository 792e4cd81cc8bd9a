"""Understands what people type at a menu: keys, labels, numerals, and the wish for a person."""

import unicodedata
from collections.abc import Iterable, Sequence
from typing import Final, Protocol, TypeVar

MAX_MATCHED_CHARS: Final = 60  # nobody types a longer menu label

_DIGITS: Final = {
    "零": 0,
    "〇": 0,
    "一": 1,
    "二": 2,
    "两": 2,
    "三": 3,
    "四": 4,
    "五": 5,
    "六": 6,
    "七": 7,
    "八": 8,
    "九": 9,
}
_KEYCAPS: Final = {0xFE0F: None, 0x20E3: None}
_BEFORE_NUMBER: Final = ("我选择", "选择", "我选", "我要", "选", "按", "第", "number", "option", "press")
_AFTER_NUMBER: Final = ("选项", "个", "项", "号", "条")
_COURTESY_BEFORE: Final = (
    "您好", "你好", "麻烦", "请问", "请", "我想要", "我想", "我要", "我需要", "需要", "帮我", "给我",
    "please", "hello", "hi",
)  # fmt: skip
_COURTESY_AFTER: Final = ("谢谢您", "谢谢你", "谢谢", "谢了", "一下", "吧", "呀", "啊", "please", "thankyou", "thanks")


class Choosable(Protocol):
    """What a person can choose."""

    @property
    def key(self) -> str: ...
    @property
    def label(self) -> dict[str, str]: ...
    @property
    def synonyms(self) -> tuple[str, ...]: ...


ChoosableT = TypeVar("ChoosableT", bound=Choosable)


def plain(text: str) -> str:
    """Return the letters and digits of ``text`` alone: half-width, case folded, no spaces, punctuation or symbols."""
    folded = unicodedata.normalize("NFKC", text.translate(_KEYCAPS)).casefold()
    return "".join(char for char in folded if unicodedata.category(char)[0] in "LNM")


def asks_for_human(text: str, words: Iterable[str]) -> bool:
    """Tell whether ``text`` is one of ``words`` and nothing more, politeness and a spelt-out zero aside."""
    if len(text) > MAX_MATCHED_CHARS:
        return False
    wanted = {plain(word) for word in words} - {""}
    said = plain(text)
    return bool({said, _without(said, _COURTESY_BEFORE, _COURTESY_AFTER), _number(said)} & wanted)


def chosen(text: str, options: Sequence[ChoosableT]) -> ChoosableT | None:
    """Return the option meant by the whole of ``text``: its key, label, a synonym, or its number in words."""
    stripped = text.strip()
    if not stripped or len(stripped) > MAX_MATCHED_CHARS:
        return None
    for option in options:
        if stripped == option.key:
            return option
    said = plain(stripped)
    if not said:
        return None
    for option in options:
        if said in names(option):
            return option
    number = _number(said)
    return next((option for option in options if number and plain(option.key) == number), None)


def names(option: Choosable) -> set[str]:
    """Return everything ``option`` answers to, in plain form."""
    key = plain(option.key)
    labels = {plain(label) for label in option.label.values()}
    return ({key, *labels, *(key + label for label in labels), *map(plain, option.synonyms)}) - {""}


def _number(said: str) -> str:
    """Return the number that ``said`` spells, as ASCII digits; empty when it is none from 0 to 99."""
    bare = _without(said, _BEFORE_NUMBER, _AFTER_NUMBER)
    if bare.isascii() and bare.isdigit():
        return str(int(bare)) if len(bare) <= 4 else ""
    tens, ten, units = bare.partition("十")
    if not ten:
        return str(_DIGITS[bare]) if bare in _DIGITS else ""
    if (tens and tens not in _DIGITS) or (units and units not in _DIGITS):
        return ""
    return str(_DIGITS.get(tens, 1) * 10 + _DIGITS.get(units, 0))


def _without(said: str, before: Sequence[str], after: Sequence[str]) -> str:
    """Return ``said`` without any run of leading and trailing phrases."""
    shorter = said
    while prefix := next((phrase for phrase in before if shorter.startswith(phrase)), ""):
        shorter = shorter.removeprefix(prefix)
    while suffix := next((phrase for phrase in after if shorter.endswith(phrase)), ""):
        shorter = shorter.removesuffix(suffix)
    return shorter
