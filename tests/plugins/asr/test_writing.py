"""Numbers become figures where people write figures, and marks stand where people paused."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.events import Word
from core.numerals import cardinal_zh, digits_zh
from plugins.asr.numbers import figures, value
from plugins.asr.punctuation import Punctuation
from plugins.asr.recognition import utterances
from plugins.asr.writing import joined, written
from tests.plugins.asr.conftest import data


def in_figures(text: str) -> str:
    at, parts = 0, []
    for figure in figures(text):
        parts += [text[at : figure.start], figure.text]
        at = figure.end
    return "".join([*parts, text[at:]])


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ("我的电话是幺三八零零幺三八零零零", "我的电话是13800138000"),
        ("身份证号幺幺零幺零五幺九四九幺二三幺零零二", "身份证号11010519491231002"),
        ("请拨打幺二三四五", "请拨打12345"),
        ("二零二六年十一月二十二号下午三点半", "2026年11月22号下午3点半"),
        ("二六年的事", "26年的事"),
        ("上午九点十五分", "上午9点15分"),
        ("百分之九十八点五", "98.5%"),
        ("一共三千五百二十元", "一共3520元"),
        ("三百五十万", "350万"),
        ("一万两千块", "12000块"),
        ("两千八", "2800"),
        ("三块钱", "3块钱"),
        ("三点五公里", "3.5公里"),
        ("十分钟", "10分钟"),
        ("三十一路公交", "31路公交"),
        ("住在十二号楼三单元五零二室", "住在12号楼3单元502室"),
        ("七十五岁", "75岁"),
        ("一点点", "一点点"),
        ("第一中学", "第一中学"),
        ("十分感谢", "十分感谢"),
        ("老百姓千万别着急", "老百姓千万别着急"),
        ("万一没人接", "万一没人接"),
        ("慢一点", "慢一点"),
        ("", ""),
    ],
)
def test_numbers_are_written_as_people_write_them(said: str, read: str) -> None:
    assert in_figures(said) == read


@given(st.integers(10, 999_999))
def test_every_cardinal_is_read_back(number: int) -> None:
    assert value(cardinal_zh(number)) == number


@given(st.text("0123456789", min_size=3, max_size=19))
def test_every_row_of_digits_is_read_back(digits: str) -> None:
    assert in_figures(f"号码是{digits_zh(digits, one='幺')}谢谢") == f"号码是{digits}谢谢"


@given(st.text("零一二两三十百千万亿点分之半年月号元第幺ab", max_size=40))
def test_nothing_said_breaks_it_or_gets_lost(said: str) -> None:
    at = 0
    for figure in figures(said):
        assert at <= figure.start < figure.end <= len(said)
        at = figure.end


def words(*timed: tuple[str, int, int]) -> list[Word]:
    return [Word(text, start, end, 0.9) for text, start, end in timed]


def test_the_words_of_a_number_become_one_that_lasts_as_long() -> None:
    said = words(("电话", 0, 300), ("幺", 300, 400), ("三", 400, 500), ("八", 500, 600), ("谢谢", 700, 900))
    read = written(said, "zh")
    assert [(word.text, word.start_ms, word.end_ms) for word in read] == [
        ("电话", 0, 300),
        ("138", 300, 600),
        ("谢谢。", 700, 900),
    ]


def test_a_number_that_is_a_part_of_a_word_takes_the_word_along() -> None:
    read = written(words(("等待", 0, 200), ("三分钟", 200, 600)), "zh")
    assert [word.text for word in read] == ["等待", "3分钟。"]


def test_a_pause_is_a_comma_and_a_question_has_its_mark() -> None:
    read = written(words(("您好", 0, 400), ("居住证", 1_000, 1_500), ("怎么办", 1_500, 2_000)), "zh")
    assert joined(read, "zh") == "您好，居住证怎么办？"


def test_marks_that_the_words_ask_for_stand_behind_the_words_as_they_are_written() -> None:
    said = words(
        ("您", 0, 200),
        ("好", 200, 400),
        ("电话", 400, 700),
        ("幺三", 700, 900),
        ("八", 900, 1_000),
        ("好", 1_600, 1_700),
    )
    asked: list[str] = []

    def punctuate(text: str) -> list[tuple[str, float]]:
        asked.append(text)
        return [("，", share) for share in (0.5, 0.99, 0.4, 0.99, 0.99, 0.1, 0.0, 0.9)]

    read = joined(written(said, "zh", punctuate), "zh")
    assert asked == ["您好电话幺三八好"]
    assert read == "您好，电话，138，好。", "inside a number there are none, and a pause is one all the same"


@pytest.mark.parametrize(
    ("pause_ms", "likely", "share", "mark"),
    [
        pytest.param(0, "，", 0.9, "", id="not sure enough in the midst of speech"),
        pytest.param(0, "、", 0.99, "、", id="sure in the midst of speech"),
        pytest.param(0, "。", 0.99, "，", id="nobody ends a sentence and speaks on at once"),
        pytest.param(300, "，", 0.75, "，", id="a breath"),
        pytest.param(300, "，", 0.6, "", id="a breath in the midst of words that belong together"),
        pytest.param(600, "。", 0.6, "。", id="a pause after a sentence"),
        pytest.param(600, "。", 0.1, "，", id="a pause, whatever the words are"),
    ],
)
def test_the_longer_a_pause_the_less_the_words_have_to_ask_for_a_mark(
    pause_ms: int, likely: str, share: float, mark: str
) -> None:
    said = words(("先", 0, 100), ("后", 100 + pause_ms, 200 + pause_ms))
    assert joined(written(said, "zh", lambda text: [(likely, share)] * len(text)), "zh") == f"先{mark}后。"


def test_a_network_puts_marks_by_the_words_alone() -> None:
    pytest.importorskip("onnxruntime")
    punctuate = Punctuation(data("models", "punc"))
    text = "您好我想问一下公积金可以提取吗需要带什么材料谢谢"
    marks = dict(zip(text, punctuate(text), strict=True))
    assert marks["吗"][0] == "？"
    assert marks["吗"][1] > 0.9
    assert marks["积"][1] < 0.5
    assert len(punctuate("龘x" * 700)) == 1_400


def test_other_languages_stay_as_they_were_heard() -> None:
    said = words(("one", 0, 300), ("moment", 900, 1_200))
    assert joined(written(said, "en"), "en") == "one moment"


def test_a_pause_in_which_others_answer_ends_an_utterance() -> None:
    said = [("您好", 0.0, 0.5), ("请讲", 0.6, 1.0), ("谢谢", 9.0, 9.5)]
    result = [{"word": word, "start": start, "end": end, "conf": 1.0} for word, start, end in said]
    heard = utterances(json.dumps({"result": result}), 1_000, "zh")
    assert [(one.text, one.start_ms, one.end_ms) for one in heard] == [
        ("您好请讲。", 1_000, 2_000),
        ("谢谢。", 10_000, 10_500),
    ]
    assert utterances('{"text": ""}', 0, "zh") == ()
