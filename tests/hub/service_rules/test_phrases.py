"""The language of phrases finds what it names, refuses what it cannot be, and never runs away."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.service_rules.phrases import fault_of, find_phrase

TEXTS = st.text(alphabet="您你好请急什么号三二零一302，。！？… aA(", max_size=60)


@pytest.mark.parametrize(
    ("phrase", "text", "found"),
    [
        ("急什么", "你急什么！", "你急什么"),
        ("急什么", "不用着急。什么时候都行", ""),
        ("(你|您)先听我说", "好的。您先听我说，好吗", "您先听我说，好吗"),
        ("说…遍", "我说了好几遍了", "我说了好几遍了"),
        ("说…遍", "说起来话长，昨天到今天我是一遍也没看过", ""),
        ("^什么$", "什么？", "什么"),
        ("^什么$", "什么时候？", ""),
        ("(随|隨)便", "随 便，你。", "随 便，你"),
        ("OK", "ｏｋ 了", "ｏｋ 了"),
        ("{work_number}…号", "工号三零二一号为您服务", "工号三零二一号为您服务"),
        ("{work_number}…号", "工号 3021 号", "工号 3021 号"),
        ("{work_number}…号", "工号 9999 号", ""),
        ("（你｜您）好", "您好", "您好"),
    ],
)
def test_a_phrase_is_found_in_its_sentence(phrase: str, text: str, found: str) -> None:
    assert find_phrase((phrase,), text, work_number="3021") == found


def test_what_excuses_a_phrase_must_stand_in_the_same_sentence() -> None:
    unless = ("不用再说",)
    assert find_phrase(("再说",), "您不用再说了", unless=unless) == ""
    assert find_phrase(("再说",), "不用再说了。你再说！", unless=unless) == "你再说"


@pytest.mark.parametrize(
    ("phrase", "fault"),
    [
        ("(你|您", "unbalanced"),
        ("你)", "unbalanced"),
        ("((你))", "nested"),
        ("你|您", "bar_outside"),
        ("(你|)", "matches_anything"),
        ("^$", "matches_anything"),
        ("，。", "matches_anything"),
        ("一…二…三…四", "too_many_gaps"),
        ("长" * 201, "too_long"),
        ("a.*b[", ""),
    ],
)
def test_what_is_no_phrase_says_why(phrase: str, fault: str) -> None:
    assert fault_of(phrase) == fault


@given(st.text(max_size=40), TEXTS)
@settings(max_examples=200, deadline=None)
def test_whatever_operators_write_is_refused_or_compared(phrase: str, text: str) -> None:
    if not fault_of(phrase):
        found = find_phrase((phrase,), text, work_number="3021")
        assert found in text


@given(TEXTS.filter(lambda text: any(char.isalnum() for char in text)))
@settings(max_examples=100, deadline=None)
def test_a_sentence_without_signs_finds_itself(text: str) -> None:
    literal = "".join(char for char in text if char.isalnum())
    assert find_phrase((literal,), f"前面。{literal}！后面")
