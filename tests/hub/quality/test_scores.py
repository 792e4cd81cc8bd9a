"""A score follows from a sheet and its answers, and a draw from a plan and its day: the same again, with reasons."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import ConfigInvalid
from hub.quality.sampling import Candidate, SamplingPlan, draw, lot
from hub.quality.setup import default_sheets
from hub.quality.sheets import (
    Answer,
    ScoreSheet,
    SheetItem,
    SheetSection,
    differences,
    faults_of,
    middle,
    score,
)
from hub.service_rules.book import default_rules

TITLE = {"zh": "项"}
SHEET = ScoreSheet(
    title=TITLE,
    sections=(
        SheetSection(
            title=TITLE,
            items=(
                SheetItem(item_id="greet", title=TITLE, points=10),
                SheetItem(item_id="wait", title=TITLE, points=30, may_not_apply=True),
            ),
        ),
        SheetSection(title=TITLE, items=(SheetItem(item_id="abuse", title=TITLE, points=10, is_fatal=True),)),
    ),
)


def filled(**shares: float | None) -> dict[str, Answer]:
    return {item_id: Answer(share=share) for item_id, share in shares.items()}


@pytest.mark.parametrize(
    ("answers", "total", "is_fatal", "sections"),
    [
        (filled(greet=1, wait=1, abuse=1), 100.0, False, (100.0, 100.0)),
        (filled(greet=1, wait=0.5, abuse=1), 70.0, False, (62.5, 100.0)),
        (filled(greet=0.5, wait=None, abuse=1), 75.0, False, (50.0, 100.0)),
        (filled(greet=1, wait=1, abuse=0), 0.0, True, (100.0, 0.0)),
    ],
    ids=["everything", "a part", "what does not apply counts for nobody", "a fatal item"],
)
def test_a_score_is_the_share_of_what_could_be_had(
    answers: Any, total: float, is_fatal: bool, sections: tuple[float, ...]
) -> None:
    result = score(SHEET, answers)
    assert (result.total, result.is_fatal, result.sections) == (total, is_fatal, sections)
    assert result.is_passed is (total >= 80)


def test_answers_are_whole_and_of_the_sheet() -> None:
    assert faults_of(SHEET, filled(greet=1), is_whole=False) == {}
    assert faults_of(SHEET, filled(greet=None, wait=1, more=1), is_whole=True) == {
        "answers.more": "unknown", "answers.greet": "must_apply", "answers.abuse": "missing",
    }  # fmt: skip
    with pytest.raises(ConfigInvalid) as refused:
        ScoreSheet(title=TITLE, sections=(*SHEET.sections, SHEET.sections[1]))
    assert refused.value.faults == {"sections[2].items[0].item_id": "duplicate"}


def test_two_reviewers_are_compared_item_by_item() -> None:
    one, other = filled(greet=1, wait=None, abuse=1), filled(greet=0.5, wait=0.5, abuse=1)
    assert [(found.item_id, found.shares) for found in differences(one, other)] == [
        ("greet", (1.0, 0.5)), ("wait", (None, 0.5)),
    ]  # fmt: skip
    assert {item_id: answer.share for item_id, answer in middle(one, other).items()} == {
        "greet": 0.75, "wait": 0.5, "abuse": 1.0,
    }  # fmt: skip


def test_the_sheet_that_comes_along_names_rules_that_are_there() -> None:
    for sheet in default_sheets().values():
        assert {rule_id for item in sheet.items for rule_id in item.rule_ids} <= default_rules().keys()
        assert score(sheet, {item.item_id: Answer(share=1) for item in sheet.items}).total == 100
        assert any(item.is_fatal for item in sheet.items)


def test_the_twelve_forbidden_behaviours_are_judged_with_what_the_rules_found() -> None:
    sheet = default_sheets()["service-behaviour"]
    heard, judged = sheet.sections
    assert len(sheet.items) == 12
    assert all(item.rule_ids for item in heard.items), "what can be measured is"
    named = {rule_id for item in sheet.items for rule_id in item.rule_ids}
    assert {"talk-over", "hung-up-first", "pet-phrases", "quarrel", "speaking-rate"} <= named
    assert [item.item_id for item in judged.items if not item.rule_ids] == [
        "no-talk-aside",
        "attentive",
        "no-joking",
        "no-eating",
    ], "and what only people hear is scored by people"
    full = {item.item_id: Answer(share=1) for item in sheet.items}
    assert score(sheet, {**full, "no-blame": Answer(share=0)}).total == 0


def candidates(count: int, agents: int = 5) -> list[Candidate]:
    return [Candidate(f"c{n:04}", f"a{n % agents}", "tax", "tel", rating=n % 5 + 1) for n in range(count)]


def plan(**more: Any) -> SamplingPlan:
    return SamplingPlan(title=TITLE, sheet_id="general", **{"share": 0.0, "most_per_day": 1_000, **more})


def test_a_share_is_drawn_by_lots_that_anybody_can_work_out() -> None:
    drawn = draw(plan(share=0.1), "p", "2026-03-02", candidates(2_000))
    assert 150 <= len(drawn) <= 250
    for one in drawn:
        [reason] = one.reasons
        assert reason.lot == round(lot("p", "2026-03-02", one.candidate.conversation_id), 6)
        assert reason.lot < 0.1
    other_day = draw(plan(share=0.1), "p", "2026-03-03", candidates(2_000))
    assert {one.candidate for one in drawn} != {one.candidate for one in other_day}


def test_rules_and_ratings_point_at_conversations_and_come_before_chance() -> None:
    rude = Candidate("x", "a0", "tax", "tel", hits=(("quarrel", "major"), ("quarrel", "major"), ("dead-air", "info")))
    some = [*candidates(50), rude]
    [only] = draw(plan(severity="major"), "p", "d", some)
    assert [(reason.why, reason.rule_id) for reason in only.reasons] == [("rule", "quarrel")]
    assert len(draw(plan(rule_ids=("dead-air",)), "p", "d", some)) == 1
    rated = draw(plan(rating_at_most=1), "p", "d", some)
    assert {one.candidate.rating for one in rated} == {1}
    assert len(rated) == 10
    capped = draw(plan(share=1.0, severity="major", most_per_day=5), "p", "d", some)
    assert len(capped) == 5
    assert capped[0].candidate == rude


def test_there_are_enough_of_every_agent() -> None:
    drawn = draw(plan(least_per_agent=3), "p", "d", [*candidates(40), Candidate("last", "lonely", None, "web")])
    counts = {agent: sum(one.candidate.agent_id == agent for one in drawn) for agent in ("a0", "a4", "lonely")}
    assert counts == {"a0": 3, "a4": 3, "lonely": 1}
    assert {reason.why for one in drawn for reason in one.reasons} == {"least"}


@given(
    st.lists(st.tuples(st.integers(0, 400), st.integers(0, 5), st.sampled_from([None, 1, 5])), max_size=60),
    st.floats(0, 1),
    st.integers(0, 4),
    st.integers(1, 30),
)
@settings(max_examples=80, deadline=None)
def test_a_draw_is_the_same_again_in_any_order_and_never_too_large(
    rows: Any, share: float, least: int, most: int
) -> None:
    some = list({n: Candidate(f"c{n}", f"a{agent}", None, "web", rating) for n, agent, rating in rows}.values())
    wanted = plan(share=share, least_per_agent=least, most_per_day=most, rating_at_most=1)
    drawn = draw(wanted, "p", "d", some)
    assert drawn == draw(wanted, "p", "d", reversed(some))
    assert len(drawn) <= most
    assert all(one.reasons for one in drawn)
    assert len({one.candidate.conversation_id for one in drawn}) == len(drawn)
