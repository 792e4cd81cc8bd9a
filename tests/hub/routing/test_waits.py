"""Estimated waits: what is promised, and whether it comes true."""

import random

import pytest

from hub.routing import OfferMade
from hub.routing.waits import Departures, WaitEstimate


def test_nothing_is_promised_before_enough_was_seen(desk):
    desk.work("w1")
    assert desk.core.estimate("w1") == WaitEstimate(0)


def test_nobody_waits_where_somebody_is_free(desk):
    desk.agent("ann")
    assert desk.core.figures("tax").wait == WaitEstimate(0, 0.0, 0.0)


def test_figures_count_what_is_there(desk):
    desk.agent("ann")
    desk.agent("bob", state="away")
    for number in range(3):
        desk.work(f"w{number}")
    desk.core.accept("w0-1", 0)
    desk.now = 7
    figures = desk.core.figures("tax")
    assert (figures.waiting, figures.first_since, figures.available, figures.serving) == (1, 0, 1, 1)


@pytest.mark.parametrize(("gaps", "median", "p90"), [(1, 0.693, 2.303), (5, 4.671, 7.994), (20, 19.668, 25.903)])
def test_quantiles_are_those_of_the_erlang_distribution(gaps, median, p90):
    departures = Departures(mean_gap_s=1.0, seen=100)
    estimate = departures.estimate(gaps - 1)
    assert estimate.median_s == pytest.approx(median, rel=0.02)
    assert estimate.p90_s == pytest.approx(p90, rel=0.02)


def test_gaps_in_which_nobody_waited_do_not_count():
    departures = Departures()
    for number in range(10):
        departures.entered(number * 1000.0)
        departures.left(number * 1000.0 + 4, still_waiting=False)
    assert departures.estimate(0).median_s == pytest.approx(4 * 0.693, rel=0.02)


def test_promises_come_true(desk):
    """Ten agents, a queue that never empties: half of all wait less than the median, nine of ten less than p90."""
    chance = random.Random(5)
    desk.queue(auto_accept=True)
    for number in range(10):
        desk.agent(f"agent-{number}", capacity={"chat": 1})
    finishing, promised, kept, waits = [], {}, [0, 0], 0
    for number in range(1500):
        decided = desk.work(f"w{number}") if number < 30 else []
        if number >= 30:
            finishing.sort()
            desk.now, work_id = finishing.pop(0)
            decided = desk.core.finish(work_id, desk.now) + desk.work(f"w{number}")
        if number >= 200:
            promised[f"w{number}"] = desk.now, desk.core.estimate(f"w{number}")
        for one in decided:
            if type(one).__name__ == "WorkAssigned":
                finishing.append((desk.now + chance.expovariate(1 / 60), one.work_id))
                if one.work_id in promised:
                    since, estimate = promised.pop(one.work_id)
                    waits += 1
                    kept[0] += desk.now - since <= estimate.median_s
                    kept[1] += desk.now - since <= estimate.p90_s
    assert 0.42 <= kept[0] / waits <= 0.58
    assert 0.85 <= kept[1] / waits <= 0.95


def test_the_pace_survives_a_restart(desk):
    desk.agent("ann", capacity={"chat": 1})
    for number in range(12):
        desk.work(f"w{number}")
    for _ in range(8):
        made = [one for one in desk.log if isinstance(one, OfferMade)][-1]
        desk.now += 5
        desk(desk.core.accept(made.offer_id, desk.now))
        desk(desk.core.finish(made.work_id, desk.now))
    before = desk.core.estimate("w11")
    assert before.median_s is not None
    assert type(desk.core).restore(desk.core.snapshot()).estimate("w11") == before
