"""Rules measure what was said, written and waited for; nothing is found where nothing is wrong."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import ConfigInvalid
from hub.service_rules.book import default_rules
from hub.service_rules.evaluating import MOST_EACH, evaluate
from hub.service_rules.facts import Facts, Finding, Measured, Spoken, Taken, Talk, Written
from hub.service_rules.rules import NumberedRule, Rule

BEGIN = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
ZHOU = "zhou-id"


def rule(measure: str, **more: Any) -> NumberedRule:
    return NumberedRule(rule_id="r", version=3, rule=Rule(title={"zh": "规则"}, measure=measure, **more))  # type: ignore[arg-type]


def talk(*said: tuple[str, float, float, str], length_s: float = 0.0) -> Talk:
    spoken = tuple(
        Spoken(f"u{n}", "agent" if who == "A" else "contact", begin, end, text)
        for n, (who, begin, end, text) in enumerate(said)
    )
    return Talk("e1", ZHOU, BEGIN, length_s or max((one.end_s for one in spoken), default=0.0), spoken)


def chat(*said: tuple[str, float, str]) -> tuple[Written, ...]:
    return tuple(
        Written(
            f"w{n}",
            "agent" if who == "A" else "contact",
            ZHOU if who == "A" else "",
            BEGIN + timedelta(seconds=at_s),
            text,
        )
        for n, (who, at_s, text) in enumerate(said)
    )


def facts(**more: Any) -> Facts:
    return Facts(work_numbers={ZHOU: "3021"}, taken=(Taken(ZHOU, BEGIN),), **more)


def found(one: NumberedRule, **more: Any) -> list[Finding]:
    return evaluate([one], facts(**more))


GREETED = ("A", 0.0, 3.0, "您好，3021号为您服务")
ASKED = ("C", 3.5, 8.0, "我想问一下社保卡怎么补办")


def test_a_forbidden_phrase_is_quoted_with_its_moment() -> None:
    one = rule("forbidden_phrase", phrases=("急什么",), severity="major")
    [finding] = found(one, talks=(talk(GREETED, ASKED, ("A", 9.0, 11.0, "你急什么。等一下")),))
    assert (finding.quote, finding.offset_s, finding.utterance_id) == ("你急什么", 9.0, "u2")
    assert (finding.agent_id, finding.severity, finding.version) == (ZHOU, "major", 3)
    assert finding.at == BEGIN + timedelta(seconds=9)


def test_who_says_it_and_by_which_medium_matters() -> None:
    said = talk(("C", 0, 2, "你急什么"))
    assert found(rule("forbidden_phrase", phrases=("急什么",)), talks=(said,)) == []
    assert len(found(rule("forbidden_phrase", phrases=("急什么",), speaker="contact"), talks=(said,))) == 1
    written = chat(("A", 1, "你急什么"))
    assert found(rule("forbidden_phrase", phrases=("急什么",), medium="speech"), written=written) == []
    assert [one.entry_id for one in found(rule("forbidden_phrase", phrases=("急什么",)), written=written)] == ["w0"]


@pytest.mark.parametrize(
    ("opening", "is_missed"),
    [
        ("您好，3021号为您服务", False),
        ("您好。工号三零二一为您服务", False),
        ("您好，三零二幺号，请讲", False),
        ("喂，说吧", True),
        ("您好，9号为您服务", True),
    ],
)
def test_an_opening_has_the_agents_own_work_number(opening: str, is_missed: bool) -> None:
    one = NumberedRule(rule_id="opening", version=0, rule=default_rules()["opening"])
    assert bool(found(one, talks=(talk(("A", 0, 3, opening), ASKED),))) is is_missed


def test_what_is_expected_of_a_moment_is_not_looked_for_elsewhere() -> None:
    closing = rule("expected_phrase", phrases=("再见",), moment="closing")
    parts = [("A", float(n), n + 0.5, "嗯") for n in range(5)]
    assert len(found(closing, talks=(talk(("A", -1.0, 0.0, "再见"), *parts),))) == 1
    assert found(closing, talks=(talk(*parts, ("A", 9.0, 10.0, "再见")),)) == []
    assert found(closing, talks=(talk(ASKED),)) == [], "an agent who said nothing is no matter of phrases"


def test_silence_counts_from_word_to_word() -> None:
    said = talk(GREETED, ASKED, ("C", 20.0, 20.5, "喂"), ("A", 45.0, 48.0, "让您久等了"))
    gaps = found(rule("dead_air", limit=5), talks=(said,))
    assert [(one.offset_s, one.value) for one in gaps] == [(8.0, 12.0), (20.5, 24.5)]
    [search] = found(rule("silent_search", limit=30), talks=(said,))
    assert (search.offset_s, search.value, search.limit) == (8.0, 37.0, 30.0), "a short word ends no waiting"
    sorry = rule("expected_phrase", phrases=("久等",), moment="after_wait", limit=30)
    assert found(sorry, talks=(said,)) == []
    assert len(found(rule("expected_phrase", phrases=("抱歉",), moment="after_wait", limit=30), talks=(said,))) == 1


def test_talking_over_counts_when_the_citizen_spoke_first() -> None:
    both = talk(("C", 0.0, 10.0, "我跟你说"), ("A", 7.0, 12.0, "你先听我说"))
    [finding] = found(rule("talk_over", limit=1.5), talks=(both,))
    assert (finding.value, finding.quote) == (3.0, "你先听我说")
    interrupted = talk(("A", 0.0, 10.0, "我为您说明"), ("C", 7.0, 12.0, "不对"))
    assert found(rule("talk_over", limit=1.5), talks=(interrupted,)) == []


@pytest.mark.parametrize(("syllables", "is_found"), [(150, False), (200, True), (20, True)])
def test_speaking_too_fast_or_too_slowly_is_found(syllables: int, is_found: bool) -> None:
    said = talk(("A", 0.0, 30.0, "话" * syllables))
    assert bool(found(rule("speaking_rate", limit=330, least=120), talks=(said,))) is is_found
    assert found(rule("speaking_rate", limit=330), talks=(talk(("A", 0.0, 5.0, "话" * 100)),)) == []


def test_pet_phrases_are_counted_by_the_minute() -> None:
    said = talk(("A", 0.0, 30.0, "那个那个，然后那个"))
    [finding] = found(rule("filler_rate", phrases=("那个",), limit=5), talks=(said,))
    assert finding.value == 6.0


def test_answers_are_waited_for_from_when_the_agent_was_there() -> None:
    written = chat(("C", -100, "在吗"), ("A", 70, "您好"), ("C", 80, "停水了"), ("C", 100, "喂"), ("A", 300, "请稍等"))
    [first] = found(rule("first_response", limit=60), written=written)
    assert (first.value, first.entry_id) == (70.0, "w1")
    [later] = found(rule("response_time", limit=180), written=written)
    assert (later.value, later.entry_id) == (220.0, "w4")


def test_hanging_up_first_is_excused_by_a_silent_citizen() -> None:
    ended = Measured("hung_up_first", ZHOU, BEGIN + timedelta(seconds=14), 0.0)
    one = rule("hung_up_first", limit=2)
    assert len(found(one, measured=(ended,))) == 1, "nobody knows what was said"
    silent = talk(GREETED, ASKED, ("A", 9.0, 11.0, "您好，听得到吗"), length_s=15)
    assert found(one, measured=(ended,), talks=(silent,)) == []
    hasty = talk(GREETED, ASKED, ("A", 9.0, 13.0, "再见"), length_s=15)
    assert len(found(one, measured=(ended,), talks=(hasty,))) == 1
    cut_off = talk(GREETED, ASKED, length_s=15)
    assert len(found(one, measured=(ended,), talks=(cut_off,))) == 1


@pytest.mark.parametrize("measure", ["answer_time", "wrap_up_time", "voice_message_time"])
def test_a_time_is_found_above_its_limit_only(measure: Any) -> None:
    for value, count in ((30.0, 0), (30.1, 1)):
        assert len(found(rule(measure, limit=30), measured=(Measured(measure, ZHOU, BEGIN, value),))) == count


def test_a_rule_holds_where_it_is_switched_on() -> None:
    written = chat(("A", 1, "你急什么"))
    for more, count in (
        ({"queue_ids": ("tax",)}, 1),
        ({"queue_ids": ("water",)}, 0),
        ({"channels": ("web",)}, 1),
        ({"channels": ("sms",)}, 0),
        ({"direction": "out"}, 0),
        ({"is_active": False}, 0),
    ):
        one = rule("forbidden_phrase", phrases=("急什么",), **more)
        assert len(found(one, written=written, queue_id="tax", channel="web")) == count, more


def test_a_rule_that_gets_its_own_samples_wrong_is_refused() -> None:
    with pytest.raises(ConfigInvalid) as refused:
        rule("forbidden_phrase", phrases=("急什么",), examples=("慢一点",), counterexamples=("你急什么",))
    assert refused.value.faults == {"examples[0]": "not_found", "counterexamples[0]": "found"}
    with pytest.raises(ConfigInvalid):
        rule("forbidden_phrase")


def test_the_rules_that_come_along_know_their_samples_and_have_words_for_agents() -> None:
    rules = default_rules()
    forbidden = [one for one in rules.values() if one.measure == "forbidden_phrase" and one.speaker == "agent"]
    assert len(forbidden) >= 23
    for rule_id, one in rules.items():
        assert set(one.title) == {"zh", "en"}, rule_id
        if one.measure in ("forbidden_phrase", "expected_phrase"):
            assert one.examples, rule_id
            assert one.counterexamples, rule_id
            assert set(one.hint) == {"zh", "en"}, rule_id


def test_a_model_conversation_keeps_every_rule() -> None:
    said = talk(
        GREETED,
        ASKED,
        ("A", 8.5, 14.0, "请您稍等，我为您查询一下"),
        ("A", 18.0, 26.0, "让您久等了，您带身份证到任一社保服务网点就可以当场补办"),
        ("C", 27.0, 28.0, "好的谢谢"),
        ("A", 28.5, 31.0, "不客气，请问您还有其他问题吗"),
        ("C", 31.5, 32.0, "没有了"),
        ("A", 32.5, 35.0, "感谢您的来电，再见"),
    )
    rules = [NumberedRule(rule_id=rule_id, version=0, rule=one) for rule_id, one in default_rules().items()]
    measured = (Measured("answer_time", ZHOU, BEGIN, 4.0), Measured("wrap_up_time", ZHOU, BEGIN, 12.0))
    assert evaluate(rules, facts(channel="tel", talks=(said,), measured=measured)) == []


words = st.sampled_from(["你急什么", "您好", "再见", "那个", "不知道", "", "我都告诉你了"])
utterances = st.lists(st.tuples(st.sampled_from("AC"), st.floats(0, 200), st.floats(0, 30), words), max_size=25).map(
    lambda rows: [(who, begin, begin + length, text) for who, begin, length, text in rows]
)


@given(utterances, st.lists(st.tuples(st.sampled_from("AC"), st.floats(-50, 5_000), words), max_size=25))
@settings(max_examples=60, deadline=None)
def test_whatever_was_said_findings_name_what_is_there(rows: Any, messages: Any) -> None:
    rows.sort(key=lambda row: row[1])
    whole = facts(channel="web", talks=(talk(*rows, length_s=300),), written=chat(*messages))
    rules = [NumberedRule(rule_id=rule_id, version=0, rule=one) for rule_id, one in default_rules().items()]
    findings = evaluate(rules, whole)
    ids = {one.utterance_id for one in whole.talks[0].spoken} | {""}
    entries = {one.entry_id for one in whole.written} | {"e1"}
    assert all(one.utterance_id in ids and one.entry_id in entries for one in findings)
    assert all(one.value is None or one.limit is not None for one in findings)
    counts = {rule_id: sum(one.rule_id == rule_id for one in findings) for rule_id in default_rules()}
    assert max(counts.values()) <= MOST_EACH
    assert findings == evaluate(rules, whole)


@given(utterances, st.floats(0.5, 20), st.floats(0.5, 20))
@settings(max_examples=60, deadline=None)
def test_a_higher_limit_never_finds_more(rows: Any, one: float, other: float) -> None:
    rows.sort(key=lambda row: row[1])
    said = talk(*rows, length_s=300)
    low, high = sorted((one, other))
    for measure in ("dead_air", "silent_search", "talk_over"):
        assert len(found(rule(measure, limit=high), talks=(said,))) <= len(
            found(rule(measure, limit=low), talks=(said,))
        )
