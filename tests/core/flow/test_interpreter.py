"""What a person and the hub experience of a running flow."""

from collections.abc import Callable
from typing import Any

import pytest

from core.events import Choice
from core.flow import (
    AnyAction,
    AskCalendar,
    CalendarAnswered,
    End,
    Enqueue,
    Flow,
    HandOver,
    Keyed,
    KnowledgeFound,
    LookedUp,
    NearArticle,
    PersonLeft,
    QueueLeft,
    Rated,
    Reading,
    Recorded,
    Said,
    Say,
    SearchKnowledge,
    SetTimer,
    StartLookup,
    StartRecording,
    TakeMessage,
    TimedOut,
    Transfer,
    TransferEnded,
    advance,
    resume,
    start,
)

FlowOf = Callable[..., Flow]

ZH = {"zh": "请说"}
ASK = {"step": "ask", "text": ZH, "retry_text": {"zh": "不对"}, "timeout_s": 60, "on_timeout": "bye", "goto": "bye"}
MENU = {
    "step": "menu",
    "text": ZH,
    "variable": "topic",
    "timeout_s": 60,
    "on_timeout": "bye",
    "choices": [
        {"key": "1", "label": {"zh": "社保", "en": "Insurance"}, "synonyms": ["养老金"], "goto": "bye"},
        {"key": "2", "label": {"zh": "供热"}, "goto": "people"},
        {"key": "12", "label": {"zh": "十二"}, "goto": "people"},
    ],
}


def said(actions: tuple[AnyAction, ...]) -> list[str]:
    return [action.text for action in actions if isinstance(action, Say)]


def test_a_citizen_is_greeted_and_offered_a_menu(hotline: Flow) -> None:
    state, actions = start(hotline, {})
    assert said(actions)[1].startswith("请问您想办理哪方面的事项？")
    assert isinstance(actions[1], Say)
    assert actions[1].choices[0] == Choice(key="1", label="供热与水电气")
    assert actions[2] == SetTimer(seconds=600, turn=state.turn)


@pytest.mark.parametrize("language", ["en", "en-GB"])
def test_the_context_chooses_the_language(hotline: Flow, language: str) -> None:
    _, actions = start(hotline, {"language": language})
    assert said(actions)[1].startswith("What can we help you with?")


@pytest.mark.parametrize(
    "words",
    [
        "人工",
        "转人工",
        "0",
        "０",
        "零",
        "人工！",
        " 人 工 ",
        "请转人工，谢谢",
        "我要人工服务",
        "Agent",
        "HUMAN please",
        "operator.",
    ],
)
def test_whoever_asks_for_a_person_gets_one(flow_of: FlowOf, words: str) -> None:
    flow = flow_of({"m": MENU})
    state, _ = start(flow, {})
    state, actions = advance(flow, state, Said(text=words))
    assert actions == (Enqueue(queue_id="general", turn=state.turn),)


@pytest.mark.parametrize("words", ["人工智能怎么申报", "人工费多少", "10", "reagent", "我问一下人工湖开放时间", ""])
def test_words_that_only_contain_the_wish_for_a_person_are_no_wish(flow_of: FlowOf, words: str) -> None:
    flow = flow_of({"a": {**ASK, "variable": "question"}})
    state, _ = start(flow, {})
    _, actions = advance(flow, state, Said(text=words))
    assert not any(isinstance(action, Enqueue) for action in actions)


@pytest.mark.parametrize(
    ("words", "key"),
    [
        ("1", "1"),
        ("１", "1"),
        ("①", "1"),
        ("1️⃣", "1"),
        ("一", "1"),
        ("第一个", "1"),
        ("选1", "1"),
        ("按 1。", "1"),
        ("1. 社保", "1"),
        ("社保", "1"),
        (" 社 保 ", "1"),
        ("insurance", "1"),
        ("养老金", "1"),
        ("十二", "12"),
        ("第12项", "12"),
        ("供热。", "2"),
        ("两", "2"),
    ],
)
def test_a_menu_understands_keys_labels_synonyms_and_numerals(flow_of: FlowOf, words: str, key: str) -> None:
    flow = flow_of({"m": MENU})
    state, _ = start(flow, {})
    state, _ = advance(flow, state, Said(text=words))
    assert state.variables["topic"] == key


def test_a_button_is_taken_by_its_key_whatever_its_label_says(flow_of: FlowOf) -> None:
    flow = flow_of({"m": MENU})
    state, _ = start(flow, {})
    state, _ = advance(flow, state, Said(text="社保", choice="2"))
    assert state.node == "people"


def test_wrong_answers_are_asked_again_and_then_led_to_a_person(flow_of: FlowOf) -> None:
    flow = flow_of({"a": {**ASK, "kind": "phone", "variable": "phone", "retries": 1}})
    state, _ = start(flow, {})
    state, actions = advance(flow, state, Said(text="不知道"))
    assert said(actions) == ["不对", "请说"]
    state, actions = advance(flow, state, Said(text="还是不知道"))
    assert isinstance(actions[0], Enqueue)


def test_silence_repeats_the_question_and_then_takes_the_way_for_it(flow_of: FlowOf) -> None:
    flow = flow_of({"a": {**ASK, "variable": "x", "retries": 1}})
    state, _ = start(flow, {})
    state, actions = advance(flow, state, TimedOut(turn=state.turn))
    assert said(actions) == ["请说"]
    state, actions = advance(flow, state, TimedOut(turn=state.turn))
    assert (state.node, actions) == ("bye", (End(reason="done"),))


def test_a_late_timer_changes_nothing(flow_of: FlowOf) -> None:
    flow = flow_of({"a": {**ASK, "kind": "digits", "variable": "x"}})
    state, _ = start(flow, {})
    later, _ = advance(flow, state, Said(text="错"))
    assert advance(flow, later, TimedOut(turn=state.turn)) == (later, ())


@pytest.mark.parametrize(
    ("kind", "words", "value"),
    [
        ("digits", "１２ 3-4", "1234"),
        ("number", "1,200.50", "1200.50"),
        ("number", "-3", "-3"),
        ("date", "2026年5月1日", "2026-05-01"),
        ("date", "20260501", "2026-05-01"),
        ("date", "2026/5/1", "2026-05-01"),
        ("phone", "138 0013 8000", "13800138000"),
        ("phone", "+86 (531) 1234567", "+865311234567"),
        ("id_number", "11010519491231002x", "11010519491231002X"),
        ("email", "a.b@example.cn", "a.b@example.cn"),
        ("yes_no", "好的。", "yes"),
        ("yes_no", "不用", "no"),
        ("text", " 街道 ", "街道"),
    ],
)
def test_answers_are_kept_in_their_normal_form(flow_of: FlowOf, kind: str, words: str, value: str) -> None:
    flow = flow_of({"a": {**ASK, "kind": kind, "variable": "x"}})
    state, _ = start(flow, {})
    state, _ = advance(flow, state, Said(text=words))
    assert state.variables["x"] == value


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("digits", "12a"),
        ("number", "nan"),
        ("number", "1e9"),
        ("number", "9" * 40),
        ("date", "2026-02-30"),
        ("date", "5月1日"),
        ("phone", "123"),
        ("id_number", "110105194912310021"),
        ("id_number", "110105194913310020"),
        ("email", "a@b"),
        ("yes_no", "也许"),
        ("text", "   "),
        ("text", "长" * 501),
    ],
)
def test_answers_of_another_kind_are_refused(flow_of: FlowOf, kind: str, words: str) -> None:
    flow = flow_of({"a": {**ASK, "kind": kind, "variable": "x"}})
    state, _ = start(flow, {})
    state, _ = advance(flow, state, Said(text=words))
    assert (state.node, state.failures) == ("a", 1)


@pytest.mark.parametrize(
    ("comparison", "holds"),
    [
        ({"op": "ge", "value": "65"}, True),
        ({"op": "lt", "value": "9"}, False),
        ({"op": "eq", "value": "70.0"}, True),
        ({"op": "gt", "value": "abc"}, False),
        ({"op": "in", "values": ["1", "70"]}, True),
        ({"op": "not_in", "values": ["70"]}, False),
        ({"op": "starts_with", "value": "7"}, True),
        ({"op": "set"}, True),
        ({"op": "unset"}, False),
        ({"op": "eq", "value": "{age}"}, True),
        ({"op": "ne", "value": "{other}"}, True),
    ],
)
def test_a_branch_compares_numbers_as_numbers(flow_of: FlowOf, comparison: dict[str, Any], holds: bool) -> None:
    case = {"when": [{"variable": "age", **comparison}], "goto": "people"}
    flow = flow_of({"b": {"step": "branch", "cases": [case], "otherwise": "bye"}})
    state, _ = start(flow, {"age": "70"})
    assert state.node == ("people" if holds else "bye")


def test_values_are_put_into_texts_once_and_marked_for_the_voice(flow_of: FlowOf) -> None:
    text = {"zh": "余额{sum:amount}元，{name}，{none}{"}
    flow = flow_of({"s": {"step": "say", "text": text, "goto": "bye"}})
    _, actions = start(flow, {"sum": "12.5", "name": "{sum}\x1b"})
    assert isinstance(actions[0], Say)
    assert actions[0].text == "余额12.5元，{sum}，{"
    assert actions[0].readings == (Reading(start=2, end=6, read_as="amount"),)


def test_a_lookup_is_done_by_the_caller_and_its_answer_kept(flow_of: FlowOf) -> None:
    lookup = {
        "step": "lookup",
        "connector": "fund",
        "params": {"account": "{account}"},
        "results": {"sum": "balance"},
        "timeout_s": 5,
        "goto": "tell",
        "on_missing": "bye",
        "on_failure": "people",
    }
    flow = flow_of({"l": lookup, "tell": {"step": "say", "text": {"zh": "{balance}元"}, "goto": "bye"}})
    state, actions = start(flow, {"account": "42"})
    assert actions == (StartLookup(connector="fund", params={"account": "42"}, timeout_s=5, turn=1),)
    assert said(advance(flow, state, LookedUp(turn=1, status="found", values={"sum": "7"}))[1]) == ["7元"]
    assert advance(flow, state, LookedUp(turn=1, status="missing"))[0].node == "bye"
    assert advance(flow, state, LookedUp(turn=1, status="failed"))[0].node == "people"
    assert advance(flow, state, Said(text="人工"))[0].node == "people"
    assert advance(flow, state, Said(text="你好")) == (state, ())


def test_an_answer_is_told_as_it_is_when_sure_and_left_out_when_not(flow_of: FlowOf) -> None:
    answer = {"step": "answer", "question": "{said}", "variable": "title", "goto": "bye", "on_unsure": "people"}
    flow = flow_of({"answer": answer})
    state, actions = start(flow, {"said": "怎么取公积金"})
    assert actions == (SearchKnowledge(question="怎么取公积金", timeout_s=5, turn=1),)
    found = KnowledgeFound(turn=1, status="found", title="提取", text="带上{title}和身份证")
    after, told = advance(flow, state, found)
    assert said(told)[0] == "带上{title}和身份证"
    assert after.variables["title"] == "提取"
    assert advance(flow, state, KnowledgeFound(turn=1, status="unsure"))[0].node == "people"
    assert advance(flow, state, KnowledgeFound(turn=1, status="failed"))[0].node == "people"
    assert advance(flow, state, KnowledgeFound(turn=9, status="found", text="晚了")) == (state, ())
    assert advance(flow, state, Said(text="人工"))[0].node == "people"


NEAR = (NearArticle(article_id="a1", title="公积金提取"), NearArticle(article_id="a2", title="公积金贷款"))


def unsure(turn: int) -> KnowledgeFound:
    return KnowledgeFound(turn=turn, status="unsure", near=NEAR)


@pytest.fixture
def guessing(flow_of: FlowOf) -> Flow:
    answer = {"step": "answer", "near_text": {"zh": "是不是想问："}, "goto": "bye", "on_unsure": "people"}
    return flow_of({"answer": answer})


@pytest.mark.parametrize("given", [Said(text="2"), Said(text="公积金贷款"), Said(choice="2")])
def test_of_near_articles_the_person_picks_one(guessing: Flow, given: Said) -> None:
    state, _ = start(guessing, {"said": "公积金"})
    state, actions = advance(guessing, state, unsure(state.turn))
    assert [(choice.key, choice.label) for choice in actions[0].choices] == [("1", "公积金提取"), ("2", "公积金贷款")]  # type: ignore[union-attr]
    assert resume(guessing, state) == actions[1:]
    state, actions = advance(guessing, state, given)
    assert [action.article_id for action in actions if isinstance(action, SearchKnowledge)] == ["a2"]
    assert resume(guessing, state) == actions
    state, actions = advance(guessing, state, KnowledgeFound(turn=state.turn, status="found", text="先备齐材料"))
    assert (said(actions)[0], state.near) == ("先备齐材料", ())


def test_instead_of_picking_one_the_person_asks_in_other_words(guessing: Flow) -> None:
    state, _ = start(guessing, {"said": "公积金"})
    state, _ = advance(guessing, state, unsure(state.turn))
    state, actions = advance(guessing, state, Said(text="租房能提公积金吗"))
    assert actions == (SearchKnowledge(question="租房能提公积金吗", timeout_s=5, turn=state.turn),)
    assert resume(guessing, state) == actions
    state, _ = advance(guessing, state, KnowledgeFound(turn=state.turn, status="unsure"))
    assert state.node == "people"


@pytest.mark.parametrize("given", [Said(text="人工"), Said(media_ids=("m1",)), None])
def test_whoever_picks_none_of_them_goes_on(guessing: Flow, given: Said | None) -> None:
    state, _ = start(guessing, {"said": "公积金"})
    state, _ = advance(guessing, state, unsure(state.turn))
    assert advance(guessing, state, given or TimedOut(turn=state.turn))[0].node == "people"


def test_a_caller_is_not_read_a_list_of_articles(guessing: Flow) -> None:
    state, _ = start(guessing, {"said": "公积金", "medium": "voice"})
    assert advance(guessing, state, unsure(state.turn))[0].node == "people"


def test_outside_office_hours_a_message_becomes_work(hotline: Flow) -> None:
    state, _ = start(hotline, {})
    state, actions = advance(hotline, state, Said(text="人工"))
    assert actions == (AskCalendar(calendar="office-hours", turn=state.turn),)
    state, _ = advance(hotline, state, CalendarAnswered(turn=state.turn, situation="closed"))
    state, actions = advance(hotline, state, Said(text="请回电 13800138000", media_ids=("m1",)))
    assert actions[0] == TakeMessage(queue_id="general", text="请回电 13800138000", media_ids=("m1",))
    assert actions[-1] == End(reason="message_taken")


@pytest.mark.parametrize(
    ("outcome", "reason"),
    [("served", "served"), ("full", "queue_full"), ("closed", "queue_closed"), ("timed_out", "queue_timed_out")],
)
def test_leaving_a_queue_without_a_way_on_ends_the_flow(flow_of: FlowOf, outcome: Any, reason: str) -> None:
    flow = flow_of({"m": MENU})
    state, _ = start(flow, {}, node="people")
    state, actions = advance(flow, state, QueueLeft(turn=state.turn, outcome=outcome))
    assert (state.is_over, actions) == (True, (End(reason=reason),))


def test_a_rating_is_kept_at_once_and_again_with_its_comment(rating: Flow) -> None:
    state, _ = start(rating, {})
    state, actions = advance(rating, state, Said(text="不满意"))
    assert actions[0] == Rated(score=2, best=5)
    state, actions = advance(rating, state, Said(text="等太久"))
    assert actions[0] == Rated(score=2, best=5, comment="等太久")
    assert actions[-1] == End(reason="rated")


def test_a_failed_transfer_goes_on_and_a_held_one_ends(flow_of: FlowOf) -> None:
    flow = flow_of({"t": {"step": "transfer", "number": "tel:{duty}", "on_failure": "people"}})
    state, actions = start(flow, {"duty": "5312345"})
    assert actions == (Transfer(number="tel:5312345", turn=1),)
    assert advance(flow, state, TransferEnded(turn=1, is_answered=False))[0].node == "people"
    assert advance(flow, state, TransferEnded(turn=1, is_answered=True))[1] == (End(reason="transferred"),)


def test_another_flow_gets_all_variables(flow_of: FlowOf) -> None:
    flow = flow_of({"h": {"step": "hand_over", "flow": "rating", "node": "rate"}})
    state, actions = start(flow, {"topic": "1"})
    assert actions == (HandOver(flow="rating", node="rate", variables={"topic": "1"}),)
    assert state.is_over


def test_phone_keys_wait_only_where_a_longer_key_may_follow(flow_of: FlowOf) -> None:
    flow = flow_of({"m": MENU})
    first, _ = start(flow, {"medium": "voice"})
    assert advance(flow, first, Keyed(digits="2"))[0].node == "people"
    state, actions = advance(flow, first, Keyed(digits="1"))
    assert actions == (SetTimer(seconds=4.0, turn=state.turn),)
    assert advance(flow, state, Keyed(digits="2"))[0].variables["topic"] == "12"
    assert advance(flow, state, TimedOut(turn=state.turn))[0].variables["topic"] == "1"
    assert advance(flow, first, Keyed(digits="0"))[0].node == "people"


def test_a_number_may_begin_with_zero_but_zero_alone_means_a_person(flow_of: FlowOf) -> None:
    flow = flow_of({"a": {**ASK, "kind": "phone", "variable": "phone"}})
    state, _ = start(flow, {"medium": "voice"})
    assert advance(flow, state, Keyed(digits="053112345678#"))[0].variables["phone"] == "053112345678"
    pressed, _ = advance(flow, state, Keyed(digits="0"))
    assert advance(flow, pressed, TimedOut(turn=pressed.turn))[0].node == "people"


def test_a_star_stands_for_the_x_of_an_identity_number(flow_of: FlowOf) -> None:
    flow = flow_of({"a": {**ASK, "kind": "id_number", "variable": "number"}})
    state, _ = start(flow, {"medium": "voice"})
    assert advance(flow, state, Keyed(digits="11010519491231002*"))[0].variables["number"] == "11010519491231002X"


def test_a_caller_speaks_a_message(hotline: Flow) -> None:
    state, actions = start(hotline, {"medium": "voice"}, node="closed_message")
    assert actions[-1] == StartRecording(max_s=120, turn=state.turn)
    state, actions = advance(hotline, state, Recorded(media_id="r1", length_s=9, turn=state.turn))
    assert isinstance(actions[0], TakeMessage)
    assert actions[0].media_ids == ("r1",)


def test_resuming_asks_again_for_what_is_waited_for_and_says_nothing(hotline: Flow) -> None:
    state, _ = start(hotline, {})
    assert resume(hotline, state) == (SetTimer(seconds=600, turn=state.turn),)
    state, actions = advance(hotline, state, Said(text="0"))
    assert resume(hotline, state) == actions


def test_whoever_leaves_ends_the_flow_and_an_ended_flow_takes_nothing_more(hotline: Flow) -> None:
    state, _ = start(hotline, {})
    state, actions = advance(hotline, state, PersonLeft())
    assert actions == (End(reason="left"),)
    assert advance(hotline, state, Said(text="人工")) == (state, ())


def test_a_loop_that_lint_was_not_asked_about_leads_to_a_person(flow_of: FlowOf) -> None:
    flow = flow_of({"s": {"step": "say", "text": ZH, "goto": "s"}})
    state, actions = start(flow, {})
    assert state.node == "people"
    assert len(actions) < 300


def test_a_state_of_another_version_is_the_callers_mistake(hotline: Flow, flow_of: FlowOf) -> None:
    state, _ = start(hotline, {})
    with pytest.raises(ValueError, match="state of hotline version 1"):
        advance(flow_of({"m": MENU}), state, Said(text="1"))


def test_an_answer_to_something_not_asked_changes_nothing(hotline: Flow) -> None:
    state, _ = start(hotline, {})
    assert advance(hotline, state, QueueLeft(turn=state.turn, outcome="full")) == (state, ())


def test_secret_answers_are_not_kept_as_the_last_words_said(flow_of: FlowOf) -> None:
    flow = flow_of({"a": {**ASK, "kind": "digits", "variable": "pin", "is_secret": True}})
    state, _ = start(flow, {})
    state, _ = advance(flow, state, Said(text="1234"))
    assert "said" not in state.variables
