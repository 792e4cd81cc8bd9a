"""Measures the routing core alone: offers per second, and how the cost of a decision grows with what it decides over.

On a full floor every agent has an offer or work in hand and more waits: each finished piece leads to an offer out of
the waiting work. On an idle floor nothing waits: each piece that comes looks for the best of all free agents. A step is
one piece of work: enqueued, offered, accepted, finished. CPU time of one core; the quickest of many slices and their
median, since other programs disturb caches and clock rates.
"""

import argparse
import gc
import itertools
import math
import random
import statistics
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import matplotlib
from matplotlib import pyplot

from hub.routing import AgentProfile, Decision, OfferMade, QueueRules, RoutingCore, SkillNeed, WorkItem

PLOT = Path(__file__).parent.parent / "docs" / "img" / "routing-core.svg"
CHANNEL_CLASS = "call"
SLICE = 150
SLICES = 40


class Floor:
    """A core with agents in several queues each, some with skills, and work that partly asks for them."""

    def __init__(self, agents: int, queues: int, waiting: int) -> None:
        self.random = random.Random(7)
        self.core = RoutingCore()
        self.queues = [f"queue-{index}" for index in range(queues)]
        self.numbers = itertools.count()
        self.now = 0.0
        self.offers: deque[str] = deque()
        for queue_id in self.queues:
            self.core.set_queue(QueueRules(queue_id, on_missed="stay", offer_s=1e6), 0.0)
        for index in range(agents):
            served = self.random.sample(self.queues, min(3, queues))
            skills = {"vat": self.random.randint(1, 5)} if index % 2 else {}
            self.core.set_agent(AgentProfile(f"agent-{index}", dict.fromkeys(served, index), skills), 0.0)
            self.core.set_state(f"agent-{index}", "available", "", 0.0)
        for _ in range(waiting + agents if waiting else 0):  # each agent takes one
            self.enqueue()

    def enqueue(self) -> None:
        """Let one more piece of work come in."""
        number = next(self.numbers)
        self.now += 0.001
        item = WorkItem(
            f"work-{number}",
            self.random.choice(self.queues),
            CHANNEL_CLASS,
            self.now,
            priority=self.random.randint(0, 3),
            needs=(SkillNeed("vat", 2),) if number % 4 == 0 else (),
        )
        self.note(self.core.enqueue(item, self.now))

    def note(self, decisions: Sequence[Decision]) -> None:
        """Remember the offers among ``decisions``."""
        self.offers.extend(one.offer_id for one in decisions if isinstance(one, OfferMade))

    def serve(self) -> None:
        """Have the oldest offer accepted and its work done; on a full floor this leads to the next offer."""
        offer_id = self.offers.popleft()
        self.core.accept(offer_id, self.now)
        self.note(self.core.finish(offer_id[: offer_id.rindex("-")], self.now))

    def step(self) -> None:
        """Let one piece come in and one be done, if anybody can serve it."""
        self.enqueue()
        if self.offers:
            self.serve()


@dataclass(frozen=True)
class Cost:
    """Microseconds of one piece of work: its offer (accept one, finish, get the next) and its coming in."""

    offer_us: float
    whole_us: float
    median_us: float


def measure(agents: int, queues: int, waiting: int) -> Cost:
    """Return what a piece of work costs on a floor of this size."""
    floor = Floor(agents, queues, waiting)
    for _ in range(2 * SLICE):
        floor.step()
    gc.collect()
    gc.freeze()
    offers, wholes = [], []
    for _ in range(SLICES):
        started = time.process_time()
        if floor.offers:
            for _ in range(SLICE):
                floor.serve()
            offers.append(time.process_time() - started)
            for _ in range(SLICE):
                floor.enqueue()
        else:
            for _ in range(SLICE):
                floor.step()
            offers.append(time.process_time() - started)
        wholes.append(time.process_time() - started)
    gc.unfreeze()
    scale = 1e6 / SLICE
    return Cost(min(offers) * scale, min(wholes) * scale, statistics.median(wholes) * scale)


def growth(sizes: tuple[int, ...], costs: list[Cost]) -> float:
    """Return by which factor the cost grew, over that of the logarithm of the size: at most about 1 is wanted."""
    return costs[-1].whole_us / costs[0].whole_us / (math.log(sizes[-1]) / math.log(sizes[0]))


def sweep(title: str, sizes: tuple[int, ...], floor: Callable[[int], tuple[int, int, int]]) -> list[Cost]:
    """Measure floors of several sizes and print them."""
    costs = [measure(*floor(size)) for size in sizes]
    for size, cost in zip(sizes, costs, strict=True):
        ratio = costs[0].whole_us / cost.whole_us
        print(f"{title:<34}{size:>8}{cost.whole_us:>10.1f}{cost.median_us:>10.1f}{ratio:>8.2f}")
    print(f"{'  growth over that of the logarithm':<42}{growth(sizes, costs):>10.2f}")
    return costs


def plot(series: dict[str, tuple[tuple[int, ...], list[Cost]]], path: Path) -> None:
    """Draw cost over size."""
    matplotlib.use("svg")
    matplotlib.rcParams.update({"svg.hashsalt": "routing-core", "svg.fonttype": "none"})
    figure, axes = pyplot.subplots(figsize=(7, 4))
    for title, (sizes, costs) in series.items():
        axes.plot(sizes, [cost.whole_us for cost in costs], marker="o", label=title)
    axes.set(
        xscale="log", xlabel="size", ylabel="µs for a piece of work", ylim=(0, None), title="Cost of routing by size"
    )
    axes.grid(alpha=0.3)
    axes.legend()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, metadata={"Date": None})


def main() -> None:
    """Measure, print and draw."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--plot", type=Path, default=PLOT)
    chosen = options.parse_args()
    reference = measure(1000, 50, 10_000)
    print("1,000 agents, 50 queues, 10,000 waiting:")
    print(f"  offers out of waiting work       {1e6 / reference.offer_us:>10,.0f}/s ({reference.offer_us:.1f} µs)")
    print(f"  whole pieces of work, in and out {1e6 / reference.whole_us:>10,.0f}/s ({reference.whole_us:.1f} µs)")
    print(f"\n{'':<34}{'size':>8}{'µs':>10}{'median':>10}{'ratio':>8}")
    agents, waiting, queues = (100, 1_000, 10_000), (100, 1_000, 10_000, 100_000), (5, 50, 500)
    full = "full floor, by agents"
    work = "full floor, by waiting work"
    lines = "full floor, by queues"
    idle = "idle floor, by free agents"
    plot(
        {
            full: (agents, sweep(full, agents, lambda size: (size, 50, 10_000))),
            work: (waiting, sweep(work, waiting, lambda size: (1000, 50, size))),
            lines: (queues, sweep(lines, queues, lambda size: (1000, size, 10_000))),
            idle: (agents, sweep(idle, agents, lambda size: (size, 50, 0))),
        },
        chosen.plot,
    )


if __name__ == "__main__":
    main()
