"""Pinyin initials of Chinese characters, so that an agent finds a reply by ``yb`` for 医保.

The first 3,755 characters of GB 2312 stand in the order of their pinyin: the first character of each initial tells
all others by their code. Characters beyond are kept as they are.
"""

from bisect import bisect_right
from typing import Final

# code of the first character of each initial; no Mandarin syllable begins with i, u or v
_FIRST: Final = (
    (0xB0A1, "a"), (0xB0C5, "b"), (0xB2C1, "c"), (0xB4EE, "d"), (0xB6EA, "e"), (0xB7A2, "f"), (0xB8C1, "g"),
    (0xB9FE, "h"), (0xBBF7, "j"), (0xBFA6, "k"), (0xC0AC, "l"), (0xC2E8, "m"), (0xC4C3, "n"), (0xC5B6, "o"),
    (0xC5BE, "p"), (0xC6DA, "q"), (0xC8BB, "r"), (0xC8F6, "s"), (0xCBFA, "t"), (0xCDDA, "w"), (0xCEF4, "x"),
    (0xD1B9, "y"), (0xD4D1, "z"),
)  # fmt: skip
_CODES: Final = [code for code, _ in _FIRST]
_LAST: Final = 0xD7F9


def initials(text: str) -> str:
    """Return ``text`` in lower case with each common Chinese character replaced by its initial."""
    return "".join(map(_initial, text.lower()))


def _initial(character: str) -> str:
    try:
        raw = character.encode("gb2312")
    except UnicodeEncodeError:
        return character
    code = int.from_bytes(raw, "big")
    if len(raw) != 2 or not _CODES[0] <= code <= _LAST:
        return character
    return _FIRST[bisect_right(_CODES, code) - 1][1]
