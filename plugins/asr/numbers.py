"""Chinese numerals as figures, where people write figures: dates, times, amounts, counts, codes, telephone numbers.

Inverse text normalization by rules; what is doubtful stays in words (一点, 第一中学, 千万别).
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

DIGITS: Final = {"零": 0, "〇": 0, "幺": 1, "一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7,
                 "八": 8, "九": 9}  # fmt: skip
_SMALL: Final = {"十": 10, "百": 100, "千": 1_000}
_LARGE: Final = {"万": 10_000, "亿": 100_000_000}
LONGEST: Final = 32

_D: Final = "零〇幺一二三四五六七八九"
_C: Final = "零〇一二两三四五六七八九十百千万亿"
_COUNTED: Final = (  # after these a single numeral is a figure, too
    "元|块|角|毛|月|日|号|岁|楼|层|室|栋|单元|路|次|个|位|名|天|年|周|小时|分钟|秒|公里|米|厘米|斤|公斤|克|吨|度|倍|级|期|折|万元|亿元|平米|平方米"
)
# 十分, 百姓, 千万别, 万一: words in which no number stands
_WORDS: Final = re.compile(
    r"十分(?!钟)|百姓|百货|千万(?=别|不|要|注意|小心)|万一|一百姓|百分百|十全十美|三心二意|七上八下|乱七八糟|五花八门"
)


@dataclass(frozen=True, slots=True)
class Figure:
    """``text`` stands in the place of the characters from ``start`` up to ``end``."""

    start: int
    end: int
    text: str


def figures(text: str) -> Iterator[Figure]:
    """Yield what is written in figures in ``text``, in order, without overlaps."""
    kept = [found.span() for found in _WORDS.finditer(text)]
    at = 0
    while at < len(text):
        figure = next((one for rule in _RULES if (one := _apply(rule, text, at)) is not None), None)
        if figure is None or any(start < figure.end and figure.start < end for start, end in kept):
            at += 1
            continue
        yield figure
        at = figure.end


def value(numeral: str) -> int | None:
    """Return the number ``numeral`` says, 三百五 and 两千八 included; None when it says none."""
    total = section = digit = 0
    unit, last = 1, ""
    for char in numeral:
        if char in DIGITS:
            if last in DIGITS and last not in "零〇":
                return None
            digit, unit = DIGITS[char], 1 if last in ("零", "〇") else unit
        elif char in _SMALL:
            if digit == 0 and not (char == "十" and last in ("", "万", "亿", "零", "〇", "百", "千")):
                return None
            section += (digit or 1) * _SMALL[char]
            digit, unit = 0, _SMALL[char] // 10
        else:
            if section + digit == 0:
                return None
            total = (total + section + digit) * _LARGE[char] if char == "亿" else total + (section + digit) * 10_000
            section, digit, unit = 0, 0, _LARGE[char] // 10
        last = char
    return total + section + digit * (unit if last in DIGITS and unit > 1 else 1)


def written(number: int) -> str:
    """Return ``number`` as it is written: whole ten thousands keep their word."""
    for word, size in (("亿", 100_000_000), ("万", 10_000)):
        if number >= size and number % size == 0:
            return f"{number // size}{word}"
    return str(number)


def _apply(rule: "Rule", text: str, at: int) -> Figure | None:
    pattern, write = rule
    found = pattern.match(text, at, min(len(text), at + 2 * LONGEST))
    if found is None or (figure := write(found)) is None:
        return None
    return Figure(at, found.end(), figure)


def _digits(numerals: str) -> str:
    return "".join(str(DIGITS[char]) for char in numerals)


def _cardinal(numeral: str) -> str | None:
    number = value(numeral)
    return None if number is None else written(number)


def _percent(found: re.Match[str]) -> str | None:
    whole = value(found[1])
    if whole is None:
        return None
    return f"{whole}.{_digits(found[2])}%" if found[2] else f"{whole}%"


def _decimal(found: re.Match[str]) -> str | None:
    whole = value(found[1])
    return None if whole is None else f"{whole}.{_digits(found[2])}"


def _time(found: re.Match[str]) -> str | None:
    hour = value(found[1])
    if hour is None or hour > 24:
        return None
    if not found[2]:
        return f"{hour}点"
    if found[2] in ("半", "整", "钟"):
        return f"{hour}点{found[2]}"
    minute = value(found[2].removesuffix("分").lstrip("零〇"))
    return None if minute is None or minute > 59 else f"{hour}点{minute:02}分"


def _counted(found: re.Match[str]) -> str | None:
    return _cardinal(found[0])


def _long(found: re.Match[str]) -> str | None:
    """Return a numeral that has a unit in it, or None for 十 alone and for words such as 百."""
    return _cardinal(found[0]) if len(found[0]) > 1 and any(char in DIGITS for char in found[0]) else None


Rule = tuple[re.Pattern[str], Callable[[re.Match[str]], str | None]]
_RULES: Final[tuple[Rule, ...]] = (
    (re.compile(rf"百分之([{_C}]+)(?:点([{_D}]+))?"), _percent),
    # not a part of a longer numeral: 一百二十三
    (re.compile(rf"(?<![{_C}])[{_D}]{{3,{LONGEST}}}(?![十百千万亿])"), lambda found: _digits(found[0])),
    (re.compile(rf"(?<![{_C}])[{_D}]{{2}}(?=年)"), lambda found: _digits(found[0])),
    (
        re.compile(
            r"(?<=[上下中]午|凌晨|早上|晚上|傍晚)([一二两三四五六七八九十]{1,3})点(半|整|钟|[零〇一二三四五六七八九十]{1,3}分)?"
        ),
        _time,
    ),
    (re.compile(r"([一二两三四五六七八九十]{1,3})点(半|整|钟|[零〇一二三四五六七八九十]{1,3}分)"), _time),
    (re.compile(rf"([{_C}]+)点([{_D}]+)(?=[元块万亿%度米斤倍克吨级]|公里|公斤|平)"), _decimal),
    (re.compile(rf"(?<!第)(?<![{_C}])[{_C}]{{1,{LONGEST}}}(?={_COUNTED})"), _counted),
    (re.compile(rf"(?<![{_C}])[{_C}]{{2,{LONGEST}}}"), _long),
)
