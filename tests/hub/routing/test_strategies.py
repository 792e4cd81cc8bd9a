"""Who of several free agents is asked."""

import pytest

from hub.routing import (
    FEWEST_HANDLED,
    HIGHEST_SKILL,
    LEAST_LOADED,
    LINEAR,
    LONGEST_AVERAGE_IDLE,
    LONGEST_IDLE,
    ROUND_ROBIN,
    OfferMade,
    SkillNeed,
    in_turn,
    weighted,
)


def asked(decisions):
    return [one.agent_id for one in decisions if isinstance(one, OfferMade)]


def serve(desk, work_id, **item):
    """Let a piece of work come, be accepted and be finished at once; return who was asked."""
    (agent_id,) = asked(desk.work(work_id, **item))
    desk.core.accept(f"{work_id}-1", desk.now)
    desk.core.finish(work_id, desk.now)
    return agent_id


def test_longest_idle_goes_by_the_end_of_the_last_work(desk):
    desk.queue(strategy=LONGEST_IDLE)
    desk.agent("ann")
    desk.now = 1
    desk.agent("bob")
    served = []
    for number in range(4):
        desk.now += 10
        served.append(serve(desk, f"w{number}"))
    assert served == ["ann", "bob", "ann", "bob"]


def test_longest_idle_prefers_an_empty_desk_to_one_with_a_chat(desk):
    desk.agent("ann")
    desk.work("w1")
    desk.core.accept("w1-1", 0)
    desk.now = 50
    desk.agent("bob")
    assert asked(desk.work("w2")) == ["bob"]


def test_highest_skill_asks_the_best_and_relaxed_needs_still_rank(desk):
    desk.queue(strategy=HIGHEST_SKILL)
    desk.agent("ann", skills={"vat": 2})
    desk.agent("bob", skills={"vat": 5})
    assert asked(desk.work("w1", needs=(SkillNeed("vat", 0),))) == ["bob"]


def test_longest_average_idle_asks_who_had_the_longest_breaks(desk):
    desk.queue(strategy=LONGEST_AVERAGE_IDLE)
    desk.agent("ann")
    desk.now = 8
    assert serve(desk, "w1") == "ann"
    desk.agent("bob")
    desk.now = 10
    assert serve(desk, "w2") == "bob", "who never had work comes first"
    desk.now = 30
    assert serve(desk, "w3") == "ann", "8 s a break against 2 s"


def test_fewest_handled_evens_out(desk):
    desk.queue(strategy=FEWEST_HANDLED)
    desk.agent("ann")
    for number in range(3):
        serve(desk, f"w{number}")
    desk.now = 5
    desk.agent("bob")
    assert [serve(desk, f"x{number}") for number in range(3)] == ["bob", "bob", "bob"]
    assert serve(desk, "y") == "ann", "equal by now, and idle for longer"


def test_a_new_day_forgets_who_did_how_much(desk):
    desk.queue(strategy=FEWEST_HANDLED)
    desk.agent("ann")
    serve(desk, "w1")
    desk.now = 5
    desk.agent("bob")
    desk.core.reset_counters(6)
    assert serve(desk, "w2") == "ann", "equal again, and idle for longer"


def test_least_loaded_asks_the_emptiest_desk(desk):
    desk.queue(strategy=LEAST_LOADED, auto_accept=True)
    desk.agent("ann")
    desk.agent("bob")
    for number in range(4):
        desk.work(f"w{number}")
    loads = {agent_id: desk.core.agent_snapshot(agent_id).handled for agent_id in ("ann", "bob")}
    assert loads == {"ann": 2, "bob": 2}


def test_round_robin_goes_in_circles_whoever_is_idle_for_longest(desk):
    desk.queue(strategy=ROUND_ROBIN)
    for place, agent_id in enumerate(("cem", "ann", "bob")):
        desk.agent(agent_id, {"tax": place})
    assert [serve(desk, f"w{number}") for number in range(6)] == ["cem", "ann", "bob"] * 2


def test_linear_always_starts_with_the_first(desk):
    desk.queue(strategy=LINEAR)
    for place, agent_id in enumerate(("cem", "ann", "bob")):
        desk.agent(agent_id, {"tax": place})
    assert [serve(desk, f"w{number}") for number in range(3)] == ["cem"] * 3
    desk.work("busy")
    assert asked(desk.work("w9")) == ["ann"]


@pytest.mark.parametrize(
    ("idle_s", "expected"), [(100, "ann"), (130, "bob")], ids=["two levels outweigh", "two levels do not"]
)
def test_weights_are_exchange_rates_between_criteria(desk, idle_s, expected):
    desk.queue(strategy=in_turn(weighted(highest_skill=60, longest_idle=1)))
    desk.agent("bob", skills={"vat": 1})
    desk.now = idle_s
    desk.agent("ann", skills={"vat": 3})
    assert asked(desk.work("w1", needs=(SkillNeed("vat", 1),))) == [expected]


def test_a_later_criterion_decides_only_among_equals(desk):
    desk.queue(strategy=in_turn("highest_skill", "fewest_handled", "linear"))
    desk.agent("ann", {"tax": 2}, skills={"vat": 3})
    desk.agent("bob", {"tax": 1}, skills={"vat": 3})
    desk.agent("cem", {"tax": 0}, skills={"vat": 2})
    need = (SkillNeed("vat", 1),)
    assert [serve(desk, f"w{number}", needs=need) for number in range(3)] == ["bob", "ann", "bob"]


def test_an_unknown_criterion_is_refused():
    with pytest.raises(ValueError, match="tallest"):
        weighted(tallest=1)


def test_the_usual_agent_comes_before_the_strategy(desk, only):
    desk.agent("ann")
    desk.now = 1
    desk.agent("bob")
    made = only(desk.work("w1", usual_agent="bob"), OfferMade)
    assert (made.agent_id, made.explanation["agent"]) == ("bob", "usual")


def test_work_is_held_for_the_usual_agent_for_as_long_as_the_queue_says(desk):
    desk.queue(usual_hold_s=30)
    desk.agent("ann")
    desk.agent("bob", state="away")
    assert asked(desk.work("w1", usual_agent="bob")) == []
    assert asked(desk.wait(29)) == []
    assert asked(desk.wait(1)) == ["ann"]


def test_work_is_not_held_for_a_usual_agent_who_is_not_there(desk):
    desk.queue(usual_hold_s=30)
    desk.agent("ann")
    desk.agent("bob", state="offline")
    assert asked(desk.work("w1", usual_agent="bob")) == ["ann"]


def test_a_named_agent_is_waited_for_then_others_serve(desk, only):
    desk.queue(named_hold_s=60)
    desk.agent("ann")
    desk.agent("bob", state="busy")
    decided = desk.work("w1", named_agent="bob")
    assert [one.explanation.get("held_state") for one in decided] == ["busy"], "so that the caller can be told"
    assert asked(desk.wait(60)) == ["ann"]


def test_a_named_agent_needs_neither_the_queue_nor_its_skills(desk):
    desk.agent("leo", queues=())
    assert asked(desk.work("w1", named_agent="leo", needs=(SkillNeed("vat", 5),))) == ["leo"]


def test_a_named_agent_is_preferred_even_where_nobody_is_waited_for(desk, only):
    desk.queue(named_hold_s=0)
    desk.agent("ann")
    desk.now = 1
    desk.agent("bob")
    made = only(desk.work("w1", named_agent="bob"), OfferMade)
    assert (made.agent_id, made.explanation["agent"]) == ("bob", "named")


def test_who_declined_is_asked_again_when_it_is_transferred_to_them(desk):
    desk.agent("ann")
    desk.work("w1")
    desk.core.decline("w1-1", "not mine", 1)
    assert asked(desk.core.move("w1", "tax", 2, agent_id="ann", reason="yours after all")) == ["ann"]
