"""How values are read to callers."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.flow import Reading
from core.numerals import cardinal_zh
from hub.calls.reading import fragments, read


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("0", "零元"),
        ("1", "一元"),
        ("2", "两元"),
        ("2.2", "两元两角"),
        ("12", "十二元"),
        ("22", "二十二元"),
        ("100", "一百元"),
        ("200", "二百元"),
        ("1005", "一千零五元"),
        ("1234.5", "一千二百三十四元五角"),
        ("1,234.56", "一千二百三十四元五角六分"),
        ("1234.50", "一千二百三十四元五角"),
        ("1234.05", "一千二百三十四元零五分"),
        ("0.5", "五角"),
        ("0.02", "两分"),
        ("0.32", "三角二分"),
        ("10000", "一万元"),
        ("10010", "一万零一十元"),
        ("20000", "两万元"),
        ("120003", "十二万零三元"),
        ("12340000", "一千二百三十四万元"),
        ("12000000", "一千二百万元"),
        ("100000000", "一亿元"),
        ("-3.5", "负三元五角"),
        ("¥88", "八十八元"),
        ("88元", "八十八元"),
        ("0.005", "零元"),
        ("待定", "待定"),
        ("1e5", "1e5"),
        ("9" * 30, "9" * 30),
        ("", ""),
    ],
)
def test_an_amount_is_read_in_mandarin(value: str, said: str) -> None:
    assert "".join(read(value, "amount", "zh")) == said


def test_an_amount_comes_in_steps_that_other_amounts_share() -> None:
    assert read("1234.5", "amount", "zh") == ["一千二百", "三十四元", "五角"]
    assert read("12340000", "amount", "zh") == ["一千二百", "三十四万元"]


@given(st.integers(min_value=0, max_value=10**12 - 1))
@settings(max_examples=200)
def test_the_steps_of_an_amount_are_the_whole_number_and_short(yuan: int) -> None:
    steps = read(str(yuan), "amount", "zh")
    assert "".join(steps) == ("两" if yuan == 2 else cardinal_zh(yuan)) + "元"
    assert all(0 < len(step) <= 7 for step in steps)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("12345", ["幺", "二三", "四五"]),
        ("8", ["八"]),
        ("110", ["幺", "幺零"]),
        ("20261122001", ["二零", "二六，", "幺幺", "二二，", "零", "零幺"]),
        ("123456789", ["幺二", "三四，", "五", "六七", "八九"]),
        ("11010119900307123x", ["幺幺", "零幺", "零幺，", "幺九", "九零", "零三", "零七，", "幺二", "三X"]),
        ("A-17", ["A-17"]),
        ("1" * 41, ["1" * 41]),
        ("１２", ["１２"]),
    ],
)
def test_a_number_is_read_digit_by_digit(value: str, said: list[str]) -> None:
    assert read(value, "digits", "zh") == said


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("13800138000", ["幺", "三八，", "零零", "幺三，", "八零", "零零"]),
        ("tel:+8613800138000", ["幺", "三八，", "零零", "幺三，", "八零", "零零"]),
        ("138 0013 8000", ["幺", "三八，", "零零", "幺三，", "八零", "零零"]),
        ("010-65128800", ["零", "幺零，", "六五", "幺二", "八八", "零零"]),
        ("12345", ["幺", "二三", "四五"]),
    ],
)
def test_a_phone_number_is_read_in_its_groups(value: str, said: list[str]) -> None:
    assert read(value, "phone", "zh") == said


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("2026-11-22", ["二零二六年", "十一月", "二十二日"]),
        ("2026/01/02", ["二零二六年", "一月", "二日"]),
        ("20261010", ["二零二六年", "十月", "十日"]),
        ("2026-11-22T14:05:30Z", ["二零二六年", "十一月", "二十二日", "十四点", "零五分"]),
        ("2026-11-22 02:00", ["二零二六年", "十一月", "二十二日", "两点"]),
        ("2026-02-30", ["2026-02-30"]),
        ("2026-02-28 25:00", ["2026-02-28 25:00"]),
        ("明天", ["明天"]),
    ],
)
def test_a_date_is_read_in_mandarin(value: str, said: list[str]) -> None:
    assert read(value, "date", "zh") == said


@pytest.mark.parametrize(
    ("value", "read_as", "said"),
    [
        ("1234.5", "amount", "one thousand two hundred and thirty-four point five yuan"),
        ("1", "amount", "one yuan"),
        ("-20.05", "amount", "minus twenty point zero five yuan"),
        ("405", "digits", "four zero five"),
        ("13800138000", "phone", "one three eight, zero zero one three, eight zero zero zero"),
        ("2026-11-22", "date", "November twenty-second, twenty twenty-six"),
        ("2005-01-03", "date", "January third, two thousand and five"),
        ("1999-12-31 00:05", "date", "December thirty-first, nineteen ninety-nine, at twelve oh five a m"),
        ("1905-05-30 15:00", "date", "May thirtieth, nineteen oh five, at three p m"),
    ],
)
def test_values_are_read_in_english(value: str, read_as, said: str) -> None:
    assert " ".join(read(value, read_as, "en")) == said


def test_words_around_a_value_stay_whole_and_are_the_same_for_every_value() -> None:
    text = "您的余额为20元，截至2026-11-22。"
    readings = (Reading(start=5, end=8, read_as="amount"), Reading(start=11, end=21, read_as="date"))
    assert fragments(text, readings, "zh") == ["您的余额为", "二十元", "截至", "二零二六年", "十一月", "二十二日"]


def test_a_text_without_values_is_one_fragment() -> None:
    assert fragments("您好，请讲。", (), "zh") == ["您好，请讲。"]
    assert fragments("  ", (), "zh") == []


@given(st.text(max_size=40), st.sampled_from(["digits", "amount", "date", "phone"]), st.sampled_from(["zh", "en"]))
@settings(max_examples=200)
def test_whatever_a_value_is_something_is_said(value: str, read_as, language: str) -> None:
    assert read(value, read_as, language)
