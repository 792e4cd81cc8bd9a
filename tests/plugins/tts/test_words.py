"""From a prompt's text to what is pronounced: markup, figures, phonemes, pieces."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plugins.tts.engine import GOOD_TOKENS, MAX_TOKENS, chunks
from plugins.tts.markup import Pause, Words, parse
from plugins.tts.normalize import normalize
from plugins.tts.phonemes import phonemize, tokens


@pytest.mark.parametrize(
    ("text", "items"),
    [
        ("您好", [Words("您好")]),
        ('请稍候<break time="500ms"/>再见', [Words("请稍候"), Pause(0.5), Words("再见")]),
        ("一<break time='1.5s'/>", [Words("一"), Pause(1.5)]),
        ('<break time="99999s"/>', [Pause(5.0)]),
        ('号码<say-as interpret-as="digits">400</say-as>', [Words("号码"), Words("400", "digits")]),
        ("<b>重要</b> a &lt; b", [Words("重要 a < b")]),
        ("1 < 2 且 3 > 2", [Words("1 < 2 且 3 > 2")]),
        ("<say-as interpret-as='digits'>4", [Words("4")]),
        ("  ", []),
    ],
)
def test_markup_is_pauses_and_ways_of_reading(text: str, items: list) -> None:
    assert list(parse(text)) == items


@given(st.text(alphabet="<>/&;='\"breaktimsay- 1", max_size=200))
@settings(max_examples=100)
def test_no_text_breaks_the_markup(text: str) -> None:
    for item in parse(text):
        assert isinstance(item, Words | Pause)


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("转人工请按0", "转人工请按零"),
        ("拨打12345热线", "拨打幺二三四五热线"),
        ("还有2个人", "还有两个人"),
        ("还有12个人", "还有十二个人"),
        ("余额1,234.5元", "余额一千二百三十四点五元"),
        ("￥20", "二十元"),
        ("完成98%", "完成百分之九十八"),
        ("2026年11月22日", "二零二六年十一月二十二日"),
        ("2026-11-22", "二零二六年十一月二十二日"),
        ("上午9:00到下午5:30", "上午九点到下午五点三十分"),
        ("14:05", "十四点零五分"),
        ("电话010-65128800", "电话零幺零，六五幺二八八零零"),
        ("3-5天", "三到五天"),
        ("代码007", "代码零零七"),
        ("１２３４５", "幺二三四五"),
    ],
)
def test_figures_become_mandarin_words(text: str, spoken: str) -> None:
    assert normalize(Words(text), "zh") == spoken


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("press 1", "press one"),
        ("call 12345", "call one two three four five"),
        ("1,250 people", "one thousand two hundred and fifty people"),
        ("3.5%", "three point five percent"),
    ],
)
def test_figures_become_english_words(text: str, spoken: str) -> None:
    assert normalize(Words(text), "en") == spoken


def test_what_is_marked_is_read_as_told() -> None:
    assert normalize(Words("A10", "characters"), "zh") == "A、幺、零"
    assert normalize(Words("110", "digits"), "en") == "one, one, zero"
    assert normalize(Words("12345", "cardinal"), "zh") == "一万二千三百四十五".replace("二千", "两千")


@given(st.text(max_size=60), st.sampled_from(["zh", "en"]))
@settings(max_examples=150, deadline=None)
def test_every_text_has_tokens_or_none_and_never_too_many(text: str, language: str) -> None:
    for chunk in chunks(phonemize(normalize(Words(text), language))):
        assert 0 < len(tokens(chunk)) <= MAX_TOKENS


@pytest.mark.parametrize(
    ("text", "phonemes"),
    [
        ("你好。", "ni↗ xau↓."),
        ("是四十", "ʂɨ↘"),
        ("hello", "həlˈO"),
        ("VIP", "vˈi ˈI pˈi"),
    ],
)
def test_words_are_pronounced_as_the_model_learned(text: str, phonemes: str) -> None:
    assert phonemize(text).replace(" ", "").startswith(phonemes.replace(" ", ""))


def test_every_symbol_of_common_words_is_known_to_the_model() -> None:
    text = (
        "欢迎致电政务服务热线，儿女、绿色、哦，请听语音提示，女士们先生们，转人工请按零，日、知、吃、诗、资、次、思。"
    )
    phonemes = phonemize(text)
    assert len(tokens(phonemes)) == len(phonemes)


def test_a_long_text_is_cut_where_a_reader_would_pause() -> None:
    pieces = list(chunks(phonemize("请您在听到提示音以后留言，我们会尽快给您回电话。" * 12)))
    assert len(pieces) > 1
    assert all(piece.endswith(".") and len(tokens(piece)) <= GOOD_TOKENS for piece in pieces)


def test_a_text_without_any_pause_is_cut_between_words() -> None:
    pieces = list(chunks(phonemize("我们" * 400)))
    assert len(pieces) > 1
    assert sum(len(tokens(piece.replace(" ", ""))) for piece in pieces) == len(
        tokens(phonemize("我们" * 400).replace(" ", ""))
    )


def test_marks_alone_are_nothing_to_say() -> None:
    assert list(chunks(phonemize("……！？"))) == []
