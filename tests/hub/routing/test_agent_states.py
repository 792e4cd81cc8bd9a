"""States, work modes, capacities and wrap-up."""

import pytest

from hub.routing import AgentChanged, OfferEnded, OfferMade, RoutingRefused, WrapUpEnded, WrapUpStarted


def offered(decisions):
    return [one.work_id for one in decisions if isinstance(one, OfferMade)]


def take(desk, work_id, *place, **item):
    desk.work(work_id, *place, **item)
    return desk(desk.core.accept(f"{work_id}-1", desk.now))


def state_of(desk, agent_id="ann"):
    return [one.state for one in desk.log if isinstance(one, AgentChanged) and one.agent_id == agent_id][-1]


@pytest.mark.parametrize("state", ["away", "busy", "offline", "unreachable"])
def test_only_the_available_are_asked(desk, state):
    desk.agent("ann", state=state)
    assert offered(desk.work("w1")) == []
    assert offered(desk.core.set_state("ann", "available", "", 1)) == ["w1"]


def test_another_reason_begins_another_time(desk, only):
    desk.agent("ann")
    desk.core.set_state("ann", "away", "meal", 10)
    changed = only(desk.core.set_state("ann", "away", "meeting", 20), AgentChanged)
    assert (changed.reason, changed.since) == ("meeting", 20)


def test_wrap_up_is_no_state_to_choose(desk):
    desk.agent("ann")
    with pytest.raises(RoutingRefused, match="invalid_value"):
        desk.core.set_state("ann", "wrap_up", "", 1)
    with pytest.raises(RoutingRefused, match="invalid_value"):
        desk.core.set_mode("ann", "asleep", 1)


def test_a_call_excludes_everything_else(desk):
    desk.agent("ann")
    take(desk, "c1", "tax", "call")
    assert state_of(desk) == "busy"
    assert offered(desk.work("m1", "tax", "mail")) == []
    assert offered(desk.core.finish("c1", 5)) == ["m1"]


def test_chats_are_taken_up_to_the_limit(desk):
    desk.agent("ann", capacity={"chat": 2})
    take(desk, "w1")
    assert state_of(desk) == "available"
    take(desk, "w2")
    assert state_of(desk) == "busy"
    assert offered(desk.work("w3")) == []


def test_wrap_up_lasts_exactly_its_length_even_if_noticed_late(desk, only):
    desk.queue(wrap_up_s=30)
    desk.agent("ann")
    take(desk, "c1", "tax", "call")
    desk.now = 100
    decided = desk(desk.core.finish("c1", 100))
    assert only(decided, WrapUpStarted).until == 130
    assert state_of(desk) == "wrap_up"
    assert offered(desk.work("c2", "tax", "call")) == []
    assert desk.core.next_due() == 130
    late = desk.core.tick(131.5)
    assert only(late, WrapUpEnded).at == 130
    assert only(late, AgentChanged).since == 130
    assert only(late, OfferMade).at == 131.5


def test_an_agent_ends_wrap_up_early(desk, only):
    desk.queue(wrap_up_s=30)
    desk.agent("ann")
    take(desk, "c1", "tax", "call")
    desk.core.finish("c1", 10)
    desk.work("c2", "tax", "call", enqueued_at=11)
    decided = desk.core.end_wrap_up("ann", 12)
    assert only(decided, WrapUpEnded).explanation == {"reason": "agent"}
    assert offered(decided) == ["c2"]
    with pytest.raises(RoutingRefused, match="agent_not_in_wrap_up"):
        desk.core.end_wrap_up("ann", 13)


def test_a_chats_wrap_up_holds_only_its_place_while_others_run(desk):
    desk.queue(wrap_up_s=30)
    desk.agent("ann", capacity={"chat": 2})
    take(desk, "w1")
    take(desk, "w2")
    desk(desk.core.finish("w1", 1))
    assert offered(desk.work("w3")) == []
    assert offered(desk.wait(31)) == ["w3"]


def test_there_is_no_wrap_up_for_who_has_left(desk):
    desk.queue(wrap_up_s=30)
    desk.agent("ann")
    take(desk, "w1")
    desk.core.set_state("ann", "offline", "", 1)
    assert not [one for one in desk.core.finish("w1", 2) if isinstance(one, WrapUpStarted)]


@pytest.mark.parametrize("mode", ["outbound_only", "off_shift", "leader"])
def test_other_modes_take_nothing_from_the_queue(desk, only, mode):
    desk.agent("ann")
    desk.work("w1")
    decided = desk.core.set_mode("ann", mode, 1)
    assert only(decided, OfferEnded).reason == f"mode_{mode}"
    assert only(decided, AgentChanged).mode == mode
    assert offered(desk.core.set_mode("ann", "normal", 2)) == ["w1"]


def test_off_shift_finishes_what_is_in_hand(desk):
    desk.agent("ann")
    take(desk, "w1")
    desk.core.set_mode("ann", "off_shift", 1)
    desk.work("w2")
    assert offered(desk.core.finish("w1", 2)) == []


def test_a_leader_is_asked_only_about_what_is_transferred_to_them(desk):
    desk.queue(named_hold_s=None)
    desk.agent("leo")
    desk.agent("ann")
    desk.core.set_mode("leo", "leader", 0)
    assert offered(desk.work("asked for the leader", named_agent="leo")) == []
    desk.core.withdraw("asked for the leader", "", 0)
    take(desk, "w1")
    decided = desk.core.move("w1", "tax", 5, agent_id="leo", reason="complaint")
    assert [(one.work_id, one.agent_id) for one in decided if isinstance(one, OfferMade)] == [("w1", "leo")]


def test_an_agent_with_work_in_hand_is_not_removed(desk):
    desk.agent("ann")
    take(desk, "w1")
    with pytest.raises(RoutingRefused, match="agent_has_work"):
        desk.core.remove_agent("ann", 1)
    desk.core.finish("w1", 1)
    desk.work("w2")
    assert [one.outcome for one in desk.core.remove_agent("ann", 2) if isinstance(one, OfferEnded)] == ["withdrawn"]


def test_a_new_skill_counts_at_once(desk, only):
    desk.queue("law")
    desk.agent("ann")
    desk.work("w1", "law")
    made = only(desk.agent("ann", ("tax", "law")), OfferMade)
    assert made.queue_id == "law"


def test_an_earlier_time_counts_as_the_latest_seen(desk, only):
    desk.agent("ann")
    desk.core.tick(50)
    assert only(desk.core.set_state("ann", "away", "meal", 40), AgentChanged).since == 50


def test_a_restored_core_says_every_agent_once(desk, only):
    desk.agent("ann")
    take(desk, "w1")
    restored = type(desk.core).restore(desk.core.snapshot())
    said = only(restored.tick(5), AgentChanged)
    assert (said.agent_id, said.load) == ("ann", {"chat": 1})
    assert restored.tick(6) == []
