"""Runs made-up days through the real routing core: random arrivals, service times and patience, virtual time.

Poisson arrivals, exponential service and patience. Agents accept at once; whoever runs out of patience hangs up.
"""

import heapq
import itertools
import math
import random
from dataclasses import dataclass, field
from typing import Final, Literal

from hub.routing.decisions import Decision, OfferMade, WorkAssigned
from hub.routing.engine import RoutingCore
from hub.routing.model import AgentProfile, QueueRules, WorkItem

QUEUE_ID: Final = "queue"
CHANNEL_CLASS: Final = "call"

Kind = Literal["arrive", "finish", "give_up"]


@dataclass(frozen=True, slots=True)
class Arrivals:
    """A stream of work: ``rate`` per second, and its priority."""

    rate: float
    priority: int = 0


@dataclass(slots=True)
class Tally:
    """What became of one stream's work; ``first_come_s`` is what it would have waited in plain order of arrival."""

    arrived: int = 0
    abandoned: int = 0
    waited_s: float = 0.0
    first_come_s: float = 0.0

    @property
    def mean_wait_s(self) -> float:
        """Mean time in the queue of all who came, served or not."""
        return self.waited_s / self.arrived if self.arrived else math.nan

    @property
    def abandoned_share(self) -> float:
        return self.abandoned / self.arrived if self.arrived else math.nan


@dataclass(frozen=True, slots=True)
class Day:
    """A floor to simulate. ``service_s`` and ``patience_s`` are means; None waits for ever."""

    agents: int
    arrivals: tuple[Arrivals, ...]
    service_s: float = 1.0
    patience_s: float | None = None
    rules: QueueRules = field(default_factory=lambda: QueueRules(QUEUE_ID))


class Chance:
    """Exponential times of one kind; the mirrored twin of a seed is long where the other is short."""

    def __init__(self, seed: str, *, is_mirrored: bool) -> None:
        self._random = random.Random(seed)  # noqa: S311 - chance, not secrets
        self._is_mirrored = is_mirrored

    def draw(self, mean_s: float) -> float:
        """Return the next time."""
        uniform = self._random.random()
        return -mean_s * math.log(1.0 - uniform if self._is_mirrored else uniform or 1.0)


class FirstCome:
    """Waits of work that is served in order of arrival and never gives up (Kiefer and Wolfowitz 1955).

    The same arrivals and services through this recursion, whose mean is Erlang's, tell a lucky day from a wrong core.
    """

    def __init__(self, agents: int) -> None:
        self._free_at = [0.0] * agents

    def wait_s(self, at: float, service_s: float) -> float:
        """Return how long the next piece of work waits."""
        start = max(at, self._free_at[0])
        heapq.heapreplace(self._free_at, start + service_s)
        return start - at


class Simulation:
    """One run of a ``Day``.

    Runs of the same seed, one of them mirrored, err in opposite directions: their mean is worth several plain runs
    (antithetic variates, Hammersley and Morton 1956). Therefore each kind of time has its own chance, and service times
    are drawn in order of arrival.
    """

    def __init__(self, day: Day, *, seed: int, is_mirrored: bool = False) -> None:
        self.day = day
        self.core = RoutingCore()
        self._gaps = [
            Chance(f"{seed}/arrivals/{stream}", is_mirrored=is_mirrored) for stream in range(len(day.arrivals))
        ]
        self._services = Chance(f"{seed}/service", is_mirrored=is_mirrored)
        self._first_come = FirstCome(day.agents)
        self._patiences = Chance(f"{seed}/patience", is_mirrored=is_mirrored)
        self._events: list[tuple[float, int, Kind, str]] = []
        self._serial = itertools.count()
        self._waiting: dict[str, tuple[Tally, float, float]] = {}
        self.core.set_queue(day.rules, 0.0)
        for index in range(day.agents):
            profile = AgentProfile(f"agent-{index}", {day.rules.queue_id: index}, capacity={CHANNEL_CLASS: 1})
            self.core.set_agent(profile, 0.0)
            self.core.set_state(profile.agent_id, "available", "", 0.0)

    def run(self, work_count: int, *, warm_up: int = 0) -> list[Tally]:
        """Let so many pieces of work come in and return each stream's tally; the first ``warm_up`` do not count."""
        tallies = [Tally() for _ in self.day.arrivals]
        uncounted = Tally()
        for stream in range(len(tallies)):
            self._plan_arrival(stream, 0.0)
        count = 0
        while count < work_count or self._waiting:
            at, _, kind, about = heapq.heappop(self._events)
            while (due := self.core.next_due()) is not None and due <= at:
                self._follow(self.core.tick(due))
            if kind == "finish":
                self._follow(self.core.finish(about, at))
            elif kind == "give_up":
                self._give_up(about, at)
            elif count < work_count:
                self._plan_arrival(int(about), at)
                tally = tallies[int(about)] if count >= warm_up else uncounted
                self._arrive(f"work-{count}", self.day.arrivals[int(about)].priority, tally, at)
                count += 1
        return tallies

    def _plan(self, kind: Kind, about: str, at: float) -> None:
        heapq.heappush(self._events, (at, next(self._serial), kind, about))

    def _plan_arrival(self, stream: int, now: float) -> None:
        self._plan("arrive", str(stream), now + self._gaps[stream].draw(1 / self.day.arrivals[stream].rate))

    def _arrive(self, work_id: str, priority: int, tally: Tally, at: float) -> None:
        service_s = self._services.draw(self.day.service_s)
        tally.arrived += 1
        tally.first_come_s += self._first_come.wait_s(at, service_s)
        self._waiting[work_id] = tally, at, service_s
        if self.day.patience_s is not None:
            self._plan("give_up", work_id, at + self._patiences.draw(self.day.patience_s))
        self._follow(self.core.enqueue(WorkItem(work_id, self.day.rules.queue_id, CHANNEL_CLASS, at, priority), at))

    def _give_up(self, work_id: str, at: float) -> None:
        if work_id in self._waiting:
            tally, since, _ = self._waiting.pop(work_id)
            tally.abandoned += 1
            tally.waited_s += at - since
            self._follow(self.core.withdraw(work_id, "gave_up", at))

    def _follow(self, decisions: list[Decision]) -> None:
        for decision in decisions:
            if isinstance(decision, OfferMade):
                self._follow(self.core.accept(decision.offer_id, decision.at))
            elif isinstance(decision, WorkAssigned):
                tally, since, service_s = self._waiting.pop(decision.work_id)
                tally.waited_s += decision.at - since
                self._plan("finish", decision.work_id, decision.at + service_s)
