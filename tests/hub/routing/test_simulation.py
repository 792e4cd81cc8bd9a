"""The real core against queueing theory; the long version is benchmarks/acd.py."""

import math

import pytest

from hub.routing import QueueRules
from hub.routing.erlang import (
    agents_for,
    erlang_a,
    erlang_b,
    erlang_c,
    mean_wait,
    priority_mean_waits,
    service_level,
)
from hub.routing.simulation import QUEUE_ID, Arrivals, Day, Simulation


def run(day: Day, work_count: int = 12_000) -> list[tuple[float, float]]:
    """Return (mean wait, share that gave up) of each stream, over a pair of mirrored runs."""
    pair = [Simulation(day, seed=3, is_mirrored=twin).run(work_count, warm_up=600) for twin in (False, True)]
    return [
        (sum(one.mean_wait_s for one in both) / 2, sum(one.abandoned_share for one in both) / 2)
        for both in zip(*pair, strict=True)
    ]


def test_waits_are_those_of_erlang_c():
    ((wait, gave_up),) = run(Day(5, (Arrivals(4.0),)))
    assert wait == pytest.approx(0.554, rel=0.12)
    assert gave_up == 0


def test_those_who_give_up_are_as_many_as_erlang_a_says():
    ((wait, gave_up),) = run(Day(10, (Arrivals(10.0),), patience_s=2.0))
    assert wait == pytest.approx(0.2078, rel=0.08)
    assert gave_up == pytest.approx(0.1039, rel=0.08)


def test_two_classes_wait_as_under_strict_priority():
    strict = QueueRules(QUEUE_ID, step_s=1e9)
    (first, _), (second, _) = run(Day(5, (Arrivals(1.0, priority=1), Arrivals(3.0)), rules=strict))
    assert first == pytest.approx(0.1385, rel=0.1)
    assert second == pytest.approx(0.6926, rel=0.15)


@pytest.mark.parametrize("agents", [1, 3, 7])
def test_equals_wait_to_the_microsecond_as_in_plain_order_of_arrival(agents):
    (tally,) = Simulation(Day(agents, (Arrivals(0.9 * agents),)), seed=4).run(3000)
    assert tally.waited_s > 0
    assert tally.waited_s == pytest.approx(tally.first_come_s, rel=1e-9)


def test_the_same_seed_is_the_same_day():
    day = Day(3, (Arrivals(2.0),))
    assert Simulation(day, seed=1).run(300) == Simulation(day, seed=1).run(300)
    assert Simulation(day, seed=1).run(300) != Simulation(day, seed=2).run(300)


@pytest.mark.parametrize(
    ("figure", "expected"),
    [
        (erlang_b(10, 8.0), 0.1217),
        (erlang_c(5, 4.0), 0.5541),
        (mean_wait(5, 4.0), 0.5541),
        (mean_wait(10, 8.0), 0.2046),
        (erlang_a(10, 10.0, 0.5)[0], 0.1039),
        (erlang_a(10, 10.0, 0.5)[1], 0.2078),
        (priority_mean_waits(5, (1.0, 3.0))[0], 0.1385),
        (priority_mean_waits(5, (1.0, 3.0))[1], 0.6926),
        (service_level(5, 4.0, 0.5), 1 - 0.5541 * math.exp(-0.5)),
    ],
)
def test_formulas_give_the_textbooks_figures(figure, expected):
    assert figure == pytest.approx(expected, abs=1e-4)


def test_formulas_stand_large_centres():
    assert 0 < erlang_c(5000, 4900.0) < 1
    assert 0 < erlang_a(2000, 2100.0, 0.5)[0] < 0.1


def test_the_overloaded_wait_for_ever():
    assert mean_wait(4, 4.0) == math.inf
    assert priority_mean_waits(4, (2.0, 2.0)) == (math.inf, math.inf)
    assert service_level(4, 4.0, 1.0) == 0


def test_staffing_finds_the_fewest_who_keep_the_promise():
    agents = agents_for(20.0, 20 / 180, 0.8)
    assert service_level(agents, 20.0, 20 / 180) >= 0.8 > service_level(agents - 1, 20.0, 20 / 180)
