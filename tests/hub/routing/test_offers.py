"""From waiting to in hand: offers made, accepted, declined, expired, withdrawn."""

import math

import pytest

from hub.routing import (
    AgentChanged,
    AgentProfile,
    OfferEnded,
    OfferMade,
    Overflow,
    QueueRules,
    Relaxation,
    RoutingCore,
    RoutingRefused,
    SkillNeed,
    Target,
    WorkAssigned,
    WorkItem,
    WorkQueued,
)


def test_work_is_offered_to_the_agent_idle_for_longest(desk, only):
    desk.agent("ann")
    desk.now = 5
    desk.agent("bob")
    desk.now = 9
    made = only(desk.work("w1"), OfferMade)
    assert (made.agent_id, made.offer_id, made.expires_at) == ("ann", "w1-1", 29)
    assert made.explanation["agent"] == "strategy"


def test_waiting_work_is_offered_to_whoever_becomes_free(desk, only):
    queued = only(desk.work("w1"), WorkQueued)
    assert queued.ahead == 0
    made = only(desk.agent("ann"), OfferMade)
    assert made.work_id == "w1"
    assert made.explanation["trigger"] == "agent_free"


def test_an_accepted_offer_puts_the_work_in_hand(desk, only):
    desk.agent("ann")
    desk.work("w1")
    desk.now = 3
    decided = desk.core.accept("w1-1", 3)
    assert only(decided, OfferEnded).outcome == "accepted"
    assert only(decided, WorkAssigned).waited_s == 3
    assert only(decided, AgentChanged).load == {"chat": 1}


def test_an_expired_offer_goes_to_the_next_agent_and_the_first_becomes_away(desk, only):
    desk.agent("ann")
    desk.now = 1
    desk.agent("bob")
    desk.work("w1")
    decided = desk.wait(20)
    assert only(decided, OfferEnded).outcome == "expired"
    assert only(decided, OfferMade).agent_id == "bob"
    changed = only(decided, AgentChanged)
    assert (changed.agent_id, changed.state, changed.reason) == ("ann", "away", "missed")


@pytest.mark.parametrize(
    ("how", "ringing", "capacity", "is_kept"),
    [
        ("resumed", "call", {"call": 1, "chat": 1}, True),
        ("resumed", "chat", {"call": 1, "chat": 2}, True),
        ("resumed", "chat", {"call": 1, "chat": 1}, False),
        ("begun", "call", {"call": 1, "chat": 1}, False),
    ],
)
def test_what_was_put_aside_comes_back_beside_an_offer_that_still_fits(desk, how, ringing, capacity, is_kept):
    desk.agent("ann", capacity=capacity)
    desk.work("w1", channel_class=ringing)
    decided = desk.core.begin("ann", WorkItem("w2", "tax", "chat", enqueued_at=1), 1, how=how)
    ended = [(one.offer_id, one.reason) for one in decided if isinstance(one, OfferEnded)]
    assert ended == ([] if is_kept else [("w1-1", "begun_other")])
    if is_kept:
        assert [one.work_id for one in desk.core.accept("w1-1", 2) if isinstance(one, WorkAssigned)] == ["w1"]


def test_a_decliner_is_asked_again_only_after_the_block_has_lapsed(desk, only):
    desk.agent("ann")
    desk.work("w1")
    declined = desk.core.decline("w1-1", "lunch", 2)
    assert only(declined, OfferEnded).reason == "lunch"
    assert not [one for one in declined if isinstance(one, OfferMade)]
    assert only(desk.work("w2"), OfferMade).work_id == "w2"
    desk.core.accept("w2-1", 3)
    made = only(desk.wait(40), OfferMade)
    assert (made.work_id, made.agent_id, made.at) == ("w1", "ann", 32)


def test_an_agent_who_goes_away_gives_the_offer_back_without_blame(desk, only):
    desk.agent("ann")
    desk.work("w1")
    decided = desk.core.set_state("ann", "away", "meal", 4)
    assert only(decided, OfferEnded).outcome == "withdrawn"
    assert only(desk.core.set_state("ann", "available", "", 5), OfferMade).work_id == "w1"


def test_withdrawn_work_frees_the_agent_it_rang_at(desk, only):
    desk.agent("ann")
    desk.work("w1")
    desk.work("w2")
    decided = desk.core.withdraw("w1", "hung_up", 1)
    assert only(decided, OfferEnded).reason == "hung_up"
    assert only(decided, OfferMade).work_id == "w2"


def test_an_agent_is_asked_about_one_piece_of_work_at_a_time(desk):
    desk.agent("ann")
    desk.work("w1")
    assert not [one for one in desk.work("w2") if isinstance(one, OfferMade)]


@pytest.mark.parametrize(
    ("code", "refused"),
    [
        ("work_exists", lambda desk: desk.work("w1")),
        ("unknown_queue", lambda desk: desk.work("w9", "nowhere")),
        ("unknown_offer", lambda desk: desk.core.accept("w1-2", 0)),
        ("unknown_work", lambda desk: desk.core.finish("w9", 0)),
        ("work_not_in_hand", lambda desk: desk.core.finish("w1", 0)),
        ("unknown_agent", lambda desk: desk.core.set_state("zoe", "away", "", 0)),
        ("invalid_value", lambda desk: desk.queue(offer_s=0)),
    ],
)
def test_what_does_not_fit_is_refused_by_name(desk, code, refused):
    desk.agent("ann")
    desk.work("w1")
    with pytest.raises(RoutingRefused) as caught:
        refused(desk)
    assert caught.value.code == code
    assert caught.value.ids
    assert desk.core.accept("w1-1", 1)


@pytest.mark.parametrize(
    ("field", "make"),
    [
        ("now", lambda: RoutingCore().tick(math.nan)),
        ("offer_s", lambda: QueueRules("tax", offer_s=math.nan)),
        ("step_s", lambda: QueueRules("tax", step_s=math.inf)),
        ("overflows", lambda: QueueRules("tax", overflows=(Overflow(5, "tax"),))),
        ("overflows", lambda: QueueRules("tax", overflows=(Overflow(0, "law"),))),
        ("targets", lambda: QueueRules("tax", targets=(Target(-1, "music"),))),
        ("max_waiting", lambda: QueueRules("tax", max_waiting=-1)),
        ("level", lambda: SkillNeed("vat", 6)),
        ("after_s", lambda: SkillNeed("vat", 3, (Relaxation(-1, 2),))),
        ("skills.vat", lambda: AgentProfile("ann", {}, {"vat": 0})),
        ("capacity.chat", lambda: AgentProfile("ann", {}, capacity={"chat": -1})),
        ("enqueued_at", lambda: WorkItem("w1", "tax", "chat", math.inf)),
        ("priority", lambda: WorkItem("w1", "tax", "chat", 0.0, priority=10**400)),
        ("needs", lambda: WorkItem("w1", "tax", "chat", 0.0, needs=(SkillNeed("vat"),) * 17)),
    ],
)
def test_values_out_of_range_are_refused_by_field(field, make):
    with pytest.raises(RoutingRefused) as caught:
        make()
    assert (caught.value.code, caught.value.ids["field"]) == ("invalid_value", field)
