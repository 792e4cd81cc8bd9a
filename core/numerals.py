"""Numbers in words, Mandarin and English, as they are spoken."""

from typing import Final

DIGITS_ZH: Final = "零一二三四五六七八九"
LIMIT_ZH: Final = 10**16  # 万万亿 and above has no reading that people agree on
LIMIT_EN: Final = 10**15

_UNITS_ZH: Final = ("", "十", "百", "千")
_MYRIADS_ZH: Final = ("", "万", "亿", "万亿")
_SMALL_EN: Final = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_TENS_EN: Final = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_GROUPS_EN: Final = ("", " thousand", " million", " billion", " trillion")


def cardinal_zh(number: int) -> str:
    """Return ``number`` in words: 12 is 十二, 200 二百, 2000 两千, 10010 一万零一十. ValueError beyond 10^16."""
    if abs(number) >= LIMIT_ZH:
        raise ValueError(f"{number} is too large to be read")
    if number < 0:
        return "负" + cardinal_zh(-number)
    if number == 0:
        return "零"
    words = ""
    is_gap = False  # whether a zero stands between what was said and what comes
    for place in range(len(_MYRIADS_ZH) - 1, -1, -1):
        group = number // 10_000**place % 10_000
        if group == 0:
            is_gap = bool(words)
            continue
        if words and (is_gap or group < 1_000):
            words += "零"
        words += "两" if group == 2 and place else _group_zh(group)
        words += "万" if place == 3 and number // 10**8 % 10_000 else _MYRIADS_ZH[place]
        is_gap = False
    return words.removeprefix("一") if words.startswith("一十") else words


def _group_zh(group: int) -> str:
    """Return 1 to 9999 in words, 一十 for ten."""
    words = ""
    is_gap = False
    for place in (3, 2, 1, 0):
        digit = group // 10**place % 10
        if digit == 0:
            is_gap = bool(words)
            continue
        words += ("零" if is_gap else "") + ("两" if digit == 2 and place == 3 else DIGITS_ZH[digit]) + _UNITS_ZH[place]
        is_gap = False
    return words


def digits_zh(digits: str, *, one: str = "一") -> str:
    """Return ASCII ``digits`` one by one; ``one`` is 幺 in telephone and other long numbers."""
    return "".join(one if digit == "1" else DIGITS_ZH[int(digit)] for digit in digits)


def cardinal_en(number: int) -> str:
    """Return ``number`` in words: 1250 is "one thousand two hundred and fifty". ValueError beyond 10^15."""
    if abs(number) >= LIMIT_EN:
        raise ValueError(f"{number} is too large to be read")
    if number < 0:
        return "minus " + cardinal_en(-number)
    if number == 0:
        return "zero"
    words: list[str] = []
    for place in range(len(_GROUPS_EN) - 1, -1, -1):
        group = number // 1_000**place % 1_000
        if group:
            joint = "and " if words and place == 0 and group < 100 else ""
            words.append(joint + _group_en(group) + _GROUPS_EN[place])
    return " ".join(words)


def ordinal_en(number: int) -> str:
    """Return 1 to 99 as an ordinal: "twenty-first"."""
    head, joint, last = _below_hundred_en(number).rpartition("-")
    irregular = {
        "one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth", "nine": "ninth",
        "twelve": "twelfth",
    }  # fmt: skip
    regular = last.removesuffix("y") + "ieth" if last.endswith("y") else last + "th"
    return head + joint + irregular.get(last, regular)


def digits_en(digits: str) -> str:
    """Return ASCII ``digits`` one by one."""
    return " ".join(_SMALL_EN[int(digit)] for digit in digits)


def _group_en(group: int) -> str:
    hundreds, rest = divmod(group, 100)
    words = f"{_SMALL_EN[hundreds]} hundred" if hundreds else ""
    if not rest:
        return words
    return f"{words} and {_below_hundred_en(rest)}" if words else _below_hundred_en(rest)


def _below_hundred_en(number: int) -> str:
    if number < 20:
        return _SMALL_EN[number]
    tens, ones = divmod(number, 10)
    return _TENS_EN[tens] + (f"-{_SMALL_EN[ones]}" if ones else "")
