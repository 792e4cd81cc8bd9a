import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.numerals import LIMIT_ZH, cardinal_en, cardinal_zh, digits_en, digits_zh, ordinal_en


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (0, "零"),
        (2, "二"),
        (10, "十"),
        (12, "十二"),
        (20, "二十"),
        (22, "二十二"),
        (100, "一百"),
        (101, "一百零一"),
        (110, "一百一十"),
        (111, "一百一十一"),
        (200, "二百"),
        (1000, "一千"),
        (1001, "一千零一"),
        (1010, "一千零一十"),
        (1200, "一千二百"),
        (2000, "两千"),
        (2222, "两千二百二十二"),
        (10_000, "一万"),
        (10_010, "一万零一十"),
        (20_000, "两万"),
        (22_000, "两万两千"),
        (100_000, "十万"),
        (120_003, "十二万零三"),
        (1_000_000, "一百万"),
        (100_000_000, "一亿"),
        (200_000_000, "两亿"),
        (100_010_000, "一亿零一万"),
        (1_000_000_000_000, "一万亿"),
        (1_234_500_000_000, "一万两千三百四十五亿"),
        (-5, "负五"),
    ],
)
def test_a_number_is_read_in_mandarin(number: int, words: str) -> None:
    assert cardinal_zh(number) == words


@given(st.integers(min_value=0, max_value=LIMIT_ZH - 1))
@settings(max_examples=200)
def test_a_mandarin_reading_says_the_number_and_no_zero_twice(number: int) -> None:
    words = cardinal_zh(number)
    assert _value(words) == number
    assert "零零" not in words
    assert number == 0 or not words.endswith("零")


@pytest.mark.parametrize("number", [LIMIT_ZH, -LIMIT_ZH])
def test_a_number_beyond_reading_is_refused(number: int) -> None:
    with pytest.raises(ValueError, match="too large"):
        cardinal_zh(number)
    with pytest.raises(ValueError, match="too large"):
        cardinal_en(number)


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (0, "zero"),
        (13, "thirteen"),
        (40, "forty"),
        (42, "forty-two"),
        (105, "one hundred and five"),
        (1_005, "one thousand and five"),
        (1_250, "one thousand two hundred and fifty"),
        (2_000_000, "two million"),
        (-7, "minus seven"),
    ],
)
def test_a_number_is_read_in_english(number: int, words: str) -> None:
    assert cardinal_en(number) == words


@pytest.mark.parametrize(
    ("number", "words"),
    [(1, "first"), (12, "twelfth"), (13, "thirteenth"), (20, "twentieth"), (21, "twenty-first"), (30, "thirtieth")],
)
def test_an_ordinal_is_read_in_english(number: int, words: str) -> None:
    assert ordinal_en(number) == words


def test_digits_are_read_one_by_one() -> None:
    assert digits_zh("110") == "一一零"
    assert digits_zh("13800", one="幺") == "幺三八零零"
    assert digits_en("405") == "four zero five"


def _value(words: str) -> int:
    """Return what a Mandarin reading says, by the rules of reading and not of writing."""
    total = section = digit = 0
    for word in words:
        if word in "零一二三四五六七八九":
            digit = "零一二三四五六七八九".index(word)
        elif word == "两":
            digit = 2
        elif word in "十百千":
            section += (digit or 1) * 10 ** ("十百千".index(word) + 1)
            digit = 0
        elif word == "万":
            total += (section + digit) * 10_000
            section = digit = 0
        else:
            total = (total + section + digit) * 10**8
            section = digit = 0
    return total + section + digit
