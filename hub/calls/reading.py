"""How a voice reads values: in fragments few enough to be kept, which together are what people say.

A number of any length is read in pairs of digits, an amount in steps of hundreds and units, a date by year, month
and day: some hundreds of fragments say every value there is. A comma ends a fragment after which one breathes.
"""

import re
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Final

from core.flow import Reading
from core.flow.actions import ReadAs
from core.numerals import cardinal_en, cardinal_zh, digits_en, digits_zh, ordinal_en

MAX_YUAN: Final = 10**12
MAX_DIGITS: Final = 40

_ID_NUMBER: Final = re.compile(r"\d{17}[\dXx]")
_MOBILE: Final = re.compile(r"(?:\+?86)?(1\d{10})")
_SEPARATORS: Final = re.compile(r"[\s().\-–—/]+")
_AMOUNT: Final = re.compile(
    r"(-?)[¥￥]?\s*((?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?)\s*(?:元|yuan|CNY|RMB)?", re.IGNORECASE
)
_DATE: Final = re.compile(r"(\d{4})[-/.]?(\d{2})[-/.]?(\d{2})(?:[T ](\d{2}):(\d{2})(?::\d{2})?\S*)?")
_STEPS_ZH: Final = re.compile(
    r"[零一二两三四五六七八九]+千(?:[一二三四五六七八九]百)?[万亿]?"
    r"|[零一二三四五六七八九]+百[万亿]?"
    r"|[零一二两三四五六七八九十]+[万亿]?"
)
_STEPS_EN: Final = re.compile(r".+?(?:hundred|thousand|million|billion)(?= |$)|.+$")
_MONTHS_EN: Final = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
_MARKS: Final = " \t\n，。、；：,.;:"


def fragments(text: str, readings: Sequence[Reading], language: str) -> list[str]:
    """Return what is said for ``text``: its words as they are, its values as they are read."""
    if not readings:
        return [text] if text.strip() else []
    said: list[str] = []
    at = 0
    for reading in readings:
        said += _words(text[at : reading.start])
        said += read(text[reading.start : reading.end], reading.read_as, language)
        at = reading.end
    return said + _words(text[at:])


def static_fragments(text: str, readings: Sequence[Reading]) -> list[str]:
    """Return those of the ``fragments`` that are the same whatever the values are."""
    starts = [0, *(reading.end for reading in readings)]
    ends = [*(reading.start for reading in readings), len(text)]
    return [words for start, end in zip(starts, ends, strict=True) for words in _words(text[start:end])]


def _words(text: str) -> list[str]:
    words = text.lstrip(_MARKS).rstrip()
    return [words] if words else []


def read(value: str, read_as: ReadAs, language: str) -> list[str]:
    """Return ``value`` in words; one that is not what ``read_as`` says comes back as it is."""
    is_english = language == "en"
    match read_as:
        case "digits":
            said = _number(_digit_groups(value), is_english=is_english)
        case "phone":
            said = _number(_phone_groups(value), is_english=is_english)
        case "amount":
            said = _amount(value, is_english=is_english)
        case "date":
            said = _date(value, is_english=is_english)
    return said or [value]


# numbers digit by digit


def _number(groups: list[str], *, is_english: bool) -> list[str]:
    said: list[str] = []
    for group in groups:
        begin = len(group) % 2
        pairs = ([group[:1]] if begin else []) + [group[at : at + 2] for at in range(begin, len(group), 2)]
        words = [_digits(pair, is_english=is_english) for pair in pairs]
        words[-1] += "," if is_english else "，"
        said += words
    if said:
        said[-1] = said[-1][:-1]
    return said


def _digits(pair: str, *, is_english: bool) -> str:
    if is_english:
        return " ".join(digits_en(char) if char.isdecimal() else char for char in pair)
    return "".join(digits_zh(char, one="幺") if char.isdecimal() else char for char in pair)


def _digit_groups(value: str) -> list[str]:
    """Return the groups in which a number is read; none when it is no number."""
    written = [group for group in _SEPARATORS.split(value.strip().lstrip("+")) if group]
    joined = "".join(written)
    if _ID_NUMBER.fullmatch(joined):
        return [joined[:6], joined[6:14], joined[14:].upper()]
    if not (joined.isascii() and joined.isdecimal() and len(joined) <= MAX_DIGITS):
        return []
    if len(written) > 1:
        return written
    if len(joined) <= 5:
        return [joined]
    groups = [joined[at : at + 4] for at in range(0, len(joined), 4)]
    if len(groups[-1]) == 1:
        last = groups.pop()
        groups[-1] += last
    return groups


def _phone_groups(value: str) -> list[str]:
    if mobile := _MOBILE.fullmatch(_SEPARATORS.sub("", value.strip().removeprefix("tel:"))):
        number = mobile[1]
        return [number[:3], number[3:7], number[7:]]
    return _digit_groups(value.strip().removeprefix("tel:"))


# amounts


def _amount(value: str, *, is_english: bool) -> list[str]:
    found = _AMOUNT.fullmatch(value.strip())
    try:
        cents = int((Decimal(found[2].replace(",", "")) * 100).to_integral_value()) if found else -1
    except InvalidOperation:
        return []
    if found is None or not 0 <= cents < MAX_YUAN * 100:
        return []
    said = _amount_en(*divmod(cents, 100)) if is_english else _amount_zh(*divmod(cents, 100))
    if found[1] and cents:
        said.insert(0, "minus" if is_english else "负")
    return said


def _amount_zh(yuan: int, cents: int) -> list[str]:
    said: list[str] = []
    if yuan or not cents:
        steps = _STEPS_ZH.findall(cardinal_zh(yuan))
        steps[-1] = ("两" if yuan == 2 else steps[-1]) + "元"
        said += steps
    jiao, fen = divmod(cents, 10)
    if jiao:
        said.append(("两" if jiao == 2 else cardinal_zh(jiao)) + "角")
    if fen:
        gap = "零" if yuan and not jiao else ""
        said.append(gap + ("两" if fen == 2 and not said else cardinal_zh(fen)) + "分")
    return said


def _amount_en(yuan: int, cents: int) -> list[str]:
    steps = [step.strip() for step in _STEPS_EN.findall(cardinal_en(yuan))]
    if cents:
        return [*steps, f"point {digits_en(f'{cents:02}'.rstrip('0'))} yuan"]
    return [*steps[:-1], f"{steps[-1]} yuan"]


# dates


def _date(value: str, *, is_english: bool) -> list[str]:
    found = _DATE.fullmatch(value.strip())
    if found is None:
        return []
    try:
        day = date(int(found[1]), int(found[2]), int(found[3]))
        clock = datetime.strptime(f"{found[4]}:{found[5]}", "%H:%M") if found[4] else None
    except ValueError:
        return []
    hour_minute = (clock.hour, clock.minute) if clock else None
    return _date_en(day, hour_minute) if is_english else _date_zh(day, hour_minute)


def _date_zh(day: date, clock: tuple[int, int] | None) -> list[str]:
    said = [f"{digits_zh(f'{day:%Y}')}年", f"{cardinal_zh(day.month)}月", f"{cardinal_zh(day.day)}日"]
    if clock:
        hour, minute = clock
        said.append(("两" if hour == 2 else cardinal_zh(hour)) + "点")
        if minute:
            said.append(("零" if minute < 10 else "") + cardinal_zh(minute) + "分")
    return said


def _date_en(day: date, clock: tuple[int, int] | None) -> list[str]:
    said = [_MONTHS_EN[day.month - 1], f"{ordinal_en(day.day)},", _year_en(day.year)]
    if clock:
        hour, minute = clock
        said[-1] += ","
        said.append(f"at {cardinal_en(hour % 12 or 12)}")
        if minute:
            said.append(("oh " if minute < 10 else "") + cardinal_en(minute))
        said.append("a m" if hour < 12 else "p m")
    return said


def _year_en(year: int) -> str:
    century, rest = divmod(year, 100)
    if year < 1100 or (century % 10 == 0 and rest < 10):
        return cardinal_en(year)
    if rest == 0:
        return f"{cardinal_en(century)} hundred"
    return f"{cardinal_en(century)} {'oh ' if rest < 10 else ''}{cardinal_en(rest)}"
