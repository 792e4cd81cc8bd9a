"""What happens to waiting work: its order, what time relaxes, where it overflows, how it is moved."""

import pytest

from hub.routing import (
    AgentChanged,
    OfferEnded,
    OfferMade,
    Overflow,
    QueueFull,
    Relaxation,
    RoutingRefused,
    SkillNeed,
    Target,
    TargetReached,
    WorkAssigned,
    WorkOverflowed,
    WorkQueued,
    WorkRelaxed,
    WorkReturned,
)


def offered(decisions):
    return [one.work_id for one in decisions if isinstance(one, OfferMade)]


def served_order(desk, count):
    """Let one agent work off ``count`` pieces and return their order."""
    order = offered(desk.agent("ann", capacity={"chat": 1}))
    for _ in range(count - 1):
        desk.core.accept(f"{order[-1]}-1", desk.now)
        order += offered(desk.core.finish(order[-1], desk.now))
    return order


def test_equals_are_served_as_they_came(desk):
    for work_id in ("w2", "w1", "w3"):
        desk.work(work_id)
    assert served_order(desk, 3) == ["w2", "w1", "w3"]


def test_priority_is_a_head_start(desk):
    desk.queue(step_s=60)
    desk.work("plain")
    desk.now = 59
    desk.work("urgent", priority=1)
    desk.now = 61
    desk.work("late and urgent", priority=1)
    assert served_order(desk, 3) == ["urgent", "plain", "late and urgent"]


def test_important_contacts_come_first(desk):
    desk.queue(level_step_s=300)
    desk.work("plain")
    desk.now = 200
    desk.work("vip", contact_level=1)
    assert served_order(desk, 2) == ["vip", "plain"]


def test_no_class_starves_under_a_stream_of_urgent_work(desk):
    desk.queue(step_s=60)
    desk.agent("ann", capacity={"chat": 1})
    desk.work("busy")
    desk.work("plain")
    current, served_at = "busy", None
    for number in range(400):
        desk.now += 1
        desk.work(f"urgent-{number}", priority=2)
        desk.core.accept(f"{current}-1", desk.now)
        (current,) = offered(desk.core.finish(current, desk.now))
        if current == "plain":
            served_at = desk.now
            break
    assert served_at is not None
    assert served_at <= 2 * 60 + 2


def test_age_from_before_the_queue_counts(desk):
    desk.now = 100
    desk.work("new", enqueued_at=100)
    desk.work("old", enqueued_at=10)
    assert served_order(desk, 2) == ["old", "new"]


def test_a_skill_is_relaxed_step_by_step(desk, only):
    desk.agent("ann", skills={"vat": 2})
    need = SkillNeed("vat", 4, (Relaxation(20, 3), Relaxation(40, 2)))
    assert offered(desk.work("w1", needs=(need,))) == []
    assert only(desk.wait(20), WorkRelaxed).explanation["level"] == "3"
    decided = desk.wait(20)
    assert only(decided, WorkRelaxed).explanation == {"age_s": "40.0", "what": "skill", "skill": "vat", "level": "2"}
    assert only(decided, OfferMade).at == 40


def test_a_skill_can_be_dropped_altogether(desk):
    desk.queue(needs=(SkillNeed("vat", 3, (Relaxation(20, 0),)),))
    desk.agent("ann")
    assert offered(desk.work("w1")) == []
    assert offered(desk.wait(20)) == ["w1"]


def test_a_language_is_insisted_on_until_its_hold_ends(desk):
    desk.queue(language_hold_s=45)
    desk.agent("ann", languages=frozenset({"zh"}))
    assert offered(desk.work("w1", language="ug")) == []
    assert offered(desk.wait(45)) == ["w1"]


def test_overflow_lets_another_queues_agents_serve_too(desk, only):
    desk.queue("law")
    desk.queue("tax", overflows=(Overflow(60, "law"),))
    desk.agent("leo", ("law",))
    assert offered(desk.work("w1", "tax")) == []
    decided = desk.wait(60)
    assert only(decided, WorkOverflowed).moved is False
    made = only(decided, OfferMade)
    assert (made.queue_id, made.explanation["overflowed_from"]) == ("law", "tax")
    desk.core.decline(made.offer_id, "", desk.now)
    assert offered(desk.agent("ann", ("tax",))) == ["w1"], "its own queue still serves it"


def test_overflow_can_move_the_work_with_its_age(desk, only):
    desk.queue("law")
    desk.queue("tax", overflows=(Overflow(60, "law", moves=True),))
    desk.work("w1", "tax")
    desk.now = 30
    desk.work("w2", "law")
    assert only(desk.wait(30), WorkOverflowed).moved is True
    assert offered(desk.agent("ann", ("tax",))) == []
    assert offered(desk.agent("leo", ("law",))) == ["w1"], "it is older than what waited there"


def test_a_target_is_told_once_and_the_work_waits_on(desk, only):
    desk.queue(targets=(Target(90, "offer_call_back"),))
    desk.work("w1")
    assert only(desk.wait(100), TargetReached).action == "offer_call_back"
    assert offered(desk.agent("ann")) == ["w1"]


def test_a_final_target_takes_the_work_out(desk, only):
    desk.queue(targets=(Target(90, "voice_mail", is_final=True),))
    desk.work("w1")
    assert only(desk.wait(90), TargetReached).is_final
    assert offered(desk.agent("ann")) == []
    with pytest.raises(RoutingRefused, match="unknown_work"):
        desk.core.withdraw("w1", "", desk.now)


def test_no_target_falls_while_the_work_rings(desk, only):
    desk.queue(targets=(Target(90, "voice_mail", is_final=True),))
    desk.work("w1")
    desk.wait(85)
    desk.agent("ann")
    assert not [one for one in desk.wait(19) if isinstance(one, TargetReached)]
    decided = desk.core.decline("w1-1", "", desk.now)
    assert only(decided, TargetReached).action == "voice_mail"


def test_a_full_queue_takes_nothing_more_unless_somebody_is_free(desk, only):
    desk.queue(max_waiting=1, on_full="call_back")
    desk.work("w1")
    assert only(desk.work("w2"), QueueFull).action == "call_back"
    desk.agent("ann")
    desk.agent("bob")
    assert offered(desk.work("w3")) == ["w3"]


def test_the_queue_tells_how_many_are_ahead(desk, only):
    desk.work("w1")
    desk.work("w2")
    assert only(desk.work("w3"), WorkQueued).ahead == 2
    assert only(desk.work("vip", priority=1), WorkQueued).ahead == 0
    assert desk.core.estimate("w3").ahead == 3


def test_picked_work_comes_out_of_turn(desk, only):
    desk.work("w1")
    desk.work("w2")
    desk.agent("ann")
    decided = desk.core.pick("ann", "w2", "knows_the_case", 5)
    assert only(decided, OfferEnded).reason == "picked_other"
    assigned = only(decided, WorkAssigned)
    assert (assigned.work_id, assigned.how, assigned.explanation) == ("w2", "picked", {"reason": "knows_the_case"})
    assert offered(decided) == ["w1"]


@pytest.mark.parametrize(
    ("code", "agent"),
    [
        ("agent_not_in_queue", {"queues": ("law",)}),
        ("agent_not_available", {"state": "away"}),
        ("agent_full", {"capacity": {"chat": 0, "mail": 1}}),
    ],
)
def test_picking_is_refused_to_who_may_not(desk, code, agent):
    desk.work("w1")
    desk.agent("ann", **agent)
    with pytest.raises(RoutingRefused, match=code):
        desk.core.pick("ann", "w1", "", 1)


def test_a_supervisor_assigns_what_rings_elsewhere(desk, only):
    desk.agent("ann")
    desk.work("w1")
    desk.agent("bob", ("law",), state="away")
    decided = desk.core.assign("w1", "bob", "only one who can", 1)
    assert only(decided, OfferEnded).outcome == "withdrawn"
    assert only(decided, WorkAssigned).how == "forced"
    desk.agent("cem", state="offline")
    desk.agent("ann", state="away")
    desk.work("w2")
    with pytest.raises(RoutingRefused, match="agent_not_available"):
        desk.core.assign("w2", "cem", "", 1)


def test_a_transfer_keeps_the_age(desk):
    desk.queue("law")
    desk.agent("ann")
    desk.work("w1")
    desk.core.accept("w1-1", 0)
    desk.now = 50
    desk.work("w2", "law")
    desk.core.move("w1", "law", 60)
    assert offered(desk.agent("leo", ("law",))) == ["w1"]


def test_a_transfer_can_start_anew_and_give_wrap_up(desk, only):
    desk.queue(wrap_up_s=10)
    desk.queue("law")
    desk.agent("ann")
    desk.work("w1")
    desk.core.accept("w1-1", 0)
    desk.now = 50
    desk.work("w2", "law")
    desk(desk.core.move("w1", "law", 60, keeps_age=False, wraps_up=True))
    assert desk.core.agent_snapshot("ann").wrap_ups == {"w1": ("chat", 70)}
    assert offered(desk.agent("leo", ("law",))) == ["w2"]


def test_a_lost_piece_of_work_leaves_the_rest_in_hand(desk, only):
    desk.agent("ann")
    for name in ("w1", "w2"):
        desk.work(name)
        desk.core.accept(f"{name}-1", 0)
    decided = desk.core.return_work("ann", 1, work_id="w2")
    assert only(decided, WorkReturned).work_id == "w2"
    assert only(decided, AgentChanged).load == {"chat": 1}


def test_a_lost_agents_work_waits_again_before_all_other(desk, only):
    desk.agent("ann")
    desk.work("w1")
    desk.core.accept("w1-1", 0)
    desk.work("older and urgent", enqueued_at=-500, priority=5)
    desk.core.set_state("ann", "unreachable", "", 1)
    decided = desk.core.return_work("ann", 2)
    assert only(decided, WorkReturned).work_id == "w1"
    made = only(desk.agent("bob"), OfferMade)
    assert (made.work_id, made.explanation["served"]) == ("w1", "returned")


def test_changed_rules_hold_for_what_waits_already(desk, only):
    desk.agent("ann", skills={"vat": 1})
    desk.queue(needs=(SkillNeed("vat", 3),), targets=(Target(10, "music"),))
    desk.work("w1")
    desk.wait(10)
    decided = desk.queue(needs=(SkillNeed("vat", 1),), targets=(Target(10, "music"), Target(20, "end", is_final=True)))
    assert offered(decided) == ["w1"]
    assert not [one for one in decided if isinstance(one, TargetReached)], "that target was told of before"


def test_a_queue_in_use_is_not_removed(desk):
    desk.work("w1")
    with pytest.raises(RoutingRefused, match="queue_in_use"):
        desk.core.remove_queue("tax", 0)
    desk.core.withdraw("w1", "", 0)
    desk.core.remove_queue("tax", 0)
    with pytest.raises(RoutingRefused, match="unknown_queue"):
        desk.work("w2")


def test_obstacles_name_why_nobody_is_asked(desk):
    desk.queue(needs=(SkillNeed("vat", 3),))
    desk.agent("ann", skills={"vat": 1})
    desk.agent("bob", skills={"vat": 4}, state="away")
    desk.agent("cem", ("law",))
    desk.agent("dan", skills={"vat": 3}, capacity={"call": 1})
    desk.work("w1")
    expected = {"ann": "skill", "bob": "state", "cem": "not_in_queue", "dan": "capacity"}
    assert desk.core.obstacles("w1", 0) == expected


def test_agents_see_what_waits_in_their_queue(desk):
    desk.work("w1")
    desk.work("vip", contact_level=2)
    first, second = desk.core.waiting("tax", 10)
    assert (first.work_id, first.contact_level, first.effective_age_s) == ("vip", 2, 130)
    assert (second.work_id, second.age_s) == ("w1", 10)
    assert len(desk.core.waiting("tax", 10, limit=1)) == 1
