"""Runs the real routing core through random days and holds the waits against Erlang C, Erlang A and Cobham.

Prints the plain mean over the seeds, and the mean steadied by what is known about the same days. All times are in mean
service times. Strict priority is an ageing so slow that it never counts.
"""

import argparse
import statistics
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial

from hub.routing import QueueRules
from hub.routing.erlang import erlang_a, mean_wait, priority_mean_waits
from hub.routing.simulation import QUEUE_ID, Arrivals, Day, Simulation, Tally

TOLERANCE = 0.02
STRICT = QueueRules(QUEUE_ID, step_s=1e9)


@dataclass(frozen=True)
class Check:
    """One figure of one day, and what theory says it is."""

    title: str
    day: Day
    figure: Callable[[Sequence[Tally]], float]
    expected: float


def mean_wait_of(stream: int, tallies: Sequence[Tally]) -> float:
    """Return a stream's mean wait."""
    return tallies[stream].mean_wait_s


def abandoned(tallies: Sequence[Tally]) -> float:
    """Return the share that gave up."""
    return tallies[0].abandoned_share


FIVE = Day(5, (Arrivals(4.0),))
TEN = Day(10, (Arrivals(8.0),))
IMPATIENT = Day(10, (Arrivals(10.0),), patience_s=2.0)
CLASSES = Day(5, (Arrivals(1.0, priority=1), Arrivals(3.0)), rules=STRICT)
GAVE_UP, WAIT_OF_IMPATIENT = erlang_a(10, 10.0, 0.5)
WAIT_OF_FIRST, WAIT_OF_SECOND = priority_mean_waits(5, (1.0, 3.0))
CHECKS = (
    Check("M/M/5, arrivals 4: mean wait", FIVE, partial(mean_wait_of, 0), mean_wait(5, 4.0)),
    Check("M/M/10, arrivals 8: mean wait", TEN, partial(mean_wait_of, 0), mean_wait(10, 8.0)),
    Check("M/M/10+M, arrivals 10, patience 2: gave up", IMPATIENT, abandoned, GAVE_UP),
    Check("M/M/10+M, arrivals 10, patience 2: mean wait", IMPATIENT, partial(mean_wait_of, 0), WAIT_OF_IMPATIENT),
    Check("two classes, n=5: mean wait of the first", CLASSES, partial(mean_wait_of, 0), WAIT_OF_FIRST),
    Check("two classes, n=5: mean wait of the second", CLASSES, partial(mean_wait_of, 1), WAIT_OF_SECOND),
)


def run(day: Day, work_count: int, seed: int, is_mirrored: bool) -> list[Tally]:
    """Return one run's tallies."""
    return Simulation(day, seed=seed, is_mirrored=is_mirrored).run(work_count, warm_up=work_count // 50)


def steadied(plain: list[float], pairs: list[list[list[Tally]]], day: Day) -> list[float]:
    """Return the figures without the luck of their days.

    The same arrivals and services in plain order of arrival have a mean wait that theory knows; what that is off by,
    times its regression coefficient, is taken off (control variates). Days on which people give up have none.
    """
    if day.patience_s is not None:
        return plain
    luck = [
        statistics.fmean(
            sum(tally.first_come_s for tally in tallies) / sum(tally.arrived for tally in tallies) for tallies in pair
        )
        for pair in pairs
    ]
    slope = statistics.linear_regression(luck, plain).slope
    expected = mean_wait(day.agents, sum(stream.rate for stream in day.arrivals) * day.service_s)
    return [figure - slope * (lucky - expected) for figure, lucky in zip(plain, luck, strict=True)]


def main() -> int:
    """Print measured against expected; 1 when a figure is off by more than the tolerance."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--work", type=int, default=50_000, help="pieces of work in a run")
    options.add_argument("--seeds", type=int, default=10, help="pairs of mirrored runs of each day, at least 3")
    options.add_argument("--processes", type=int, default=None)
    chosen = options.parse_args()
    seeds = range(1, chosen.seeds + 1)
    with ProcessPoolExecutor(chosen.processes) as pool:
        runs = {
            id(day): [[pool.submit(run, day, chosen.work, seed, twin) for twin in (False, True)] for seed in seeds]
            for day in (FIVE, TEN, IMPATIENT, CLASSES)
        }
        is_off = False
        print(f"{'figure':<46}{'expected':>10}{'plain':>10}{'steadied':>10}{'ratio':>8}{'error':>8}")
        for check in CHECKS:
            pairs = [[future.result() for future in pair] for pair in runs[id(check.day)]]
            plain = [statistics.fmean(check.figure(tallies) for tallies in pair) for pair in pairs]
            figures = steadied(plain, pairs, check.day)
            measured = statistics.fmean(figures)
            error = statistics.stdev(figures) / len(figures) ** 0.5 / measured
            ratio = measured / check.expected
            is_off = is_off or abs(ratio - 1) > TOLERANCE
            print(
                f"{check.title:<46}{check.expected:>10.4f}{statistics.fmean(plain):>10.4f}{measured:>10.4f}"
                f"{ratio:>8.3f}{error:>8.1%}"
            )
    print(f"all within {TOLERANCE:.0%}: {'no' if is_off else 'yes'} (error: the mean's standard error over the seeds)")
    return int(is_off)


if __name__ == "__main__":
    sys.exit(main())
