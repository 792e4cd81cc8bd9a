"""Figures and signs as words, before anything is spoken."""

import re
import unicodedata
from collections.abc import Callable
from typing import Final

from core.numerals import cardinal_en, cardinal_zh, digits_en, digits_zh
from plugins.tts.markup import As, Words

LONG: Final = 5  # from so many digits on a number without other hints is read digit by digit: 12345, 95588

_SIGNS_ZH: Final = {"&": "和", "+": "加", "=": "等于", "@": "艾特", "#": "井号", "*": "星号", "℃": "摄氏度", "￥": "元"}
_SIGNS_EN: Final = {"&": " and ", "+": " plus ", "=": " equals ", "@": " at ", "#": " hash ", "*": " star "}
_NUMBER: Final = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"

Rule = tuple[re.Pattern[str], Callable[[re.Match[str]], str]]


def normalize(words: Words, language: str) -> str:
    """Return what is to be said, without figures."""
    text = unicodedata.normalize("NFKC", words.text) if language == "en" else _narrow(words.text)
    if words.read_as != "text":
        return _as_told(text, words.read_as, language)
    rules, signs = (_RULES_EN, _SIGNS_EN) if language == "en" else (_RULES_ZH, _SIGNS_ZH)
    for pattern, read in rules:
        text = pattern.sub(read, text)
    for sign, spoken in signs.items():
        text = text.replace(sign, spoken)
    return text


def _narrow(text: str) -> str:
    """Return ``text`` with narrow digits and letters; Chinese punctuation stays."""
    return "".join(unicodedata.normalize("NFKC", char) if char.isalnum() or char == "％" else char for char in text)


def _as_told(text: str, read_as: As, language: str) -> str:
    match read_as:
        case "cardinal" if text.strip().isdecimal():
            return _cardinal(text.strip(), language)
        case "cardinal" | "text":
            return text
        case "digits" | "characters":
            parts = [_digit(char, language) for char in text if not char.isspace()]
            return "、".join(parts) if language != "en" else ", ".join(parts)


def _digit(char: str, language: str) -> str:
    if not (char.isascii() and char.isdecimal()):
        return char
    return digits_en(char) if language == "en" else digits_zh(char, one="幺")


def _cardinal(figures: str, language: str) -> str:
    whole, _, rest = figures.replace(",", "").partition(".")
    try:
        words = cardinal_en(int(whole)) if language == "en" else cardinal_zh(int(whole))
    except ValueError:
        words = digits_en(whole) if language == "en" else digits_zh(whole)
    if not rest:
        return words
    return f"{words} point {digits_en(rest)}" if language == "en" else f"{words}点{digits_zh(rest)}"


def _plain_zh(found: re.Match[str]) -> str:
    figures = found[0]
    if figures.isdecimal() and (len(figures) >= LONG or (figures.startswith("0") and len(figures) > 1)):
        return digits_zh(figures, one="幺")
    return _cardinal(figures, "zh")


def _plain_en(found: re.Match[str]) -> str:
    figures = found[0]
    if figures.isdecimal() and (len(figures) >= LONG or (figures.startswith("0") and len(figures) > 1)):
        return digits_en(figures)
    return _cardinal(figures, "en")


def _two_zh(figures: str) -> str:
    """Return a count before a measure word, where two is 两."""
    return "两" if figures == "2" else _cardinal(figures, "zh")


def _clock_zh(found: re.Match[str]) -> str:
    hour, minute = int(found[1]), int(found[2])
    said = f"{'两' if hour == 2 else cardinal_zh(hour)}点"
    if minute == 0:
        return said if hour else "零点"
    return f"{said}{'零' if minute < 10 else ''}{cardinal_zh(minute)}分"


_RULES_ZH: Final[tuple[Rule, ...]] = (
    (re.compile(r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})(?!\d)"), lambda m: f"{m[1]}年{int(m[2])}月{int(m[3])}日"),
    (re.compile(r"(\d{4}|\d{2})(?=年)"), lambda m: digits_zh(m[1])),
    (re.compile(r"(?<!\d)(\d{1,2})[::](\d{2})(?:[::]\d{2})?(?!\d)"), _clock_zh),
    (re.compile(rf"({_NUMBER})\s*[%％]"), lambda m: "百分之" + _cardinal(m[1], "zh")),
    (re.compile(rf"[¥￥]\s*({_NUMBER})"), lambda m: _cardinal(m[1], "zh") + "元"),
    (re.compile(r"(?<=\d)\s*[~～–-]\s*(?=\d+(?:元|天|年|月|日|号|点|个|小时|分|%))"), lambda _: "到"),
    (
        re.compile(r"\+?\d{2,4}(?:-\d{3,8}){1,3}"),
        lambda m: "，".join(digits_zh(x, one="幺") for x in m[0].strip("+").split("-")),
    ),
    (re.compile(rf"({_NUMBER})(?=[个位名次件条张份天年小周种家点万亿元])"), lambda m: _two_zh(m[1])),
    (re.compile(_NUMBER), _plain_zh),
)
_RULES_EN: Final[tuple[Rule, ...]] = (
    (re.compile(rf"({_NUMBER})\s*%"), lambda m: _cardinal(m[1], "en") + " percent"),
    (re.compile(rf"[¥￥]\s*({_NUMBER})"), lambda m: _cardinal(m[1], "en") + " yuan"),
    (re.compile(r"\+?\d{2,4}(?:-\d{3,8}){1,3}"), lambda m: ", ".join(digits_en(x) for x in m[0].strip("+").split("-"))),
    (re.compile(_NUMBER), _plain_en),
)
