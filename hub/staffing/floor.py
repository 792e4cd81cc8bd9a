"""Runs a plan through the real routing core, one strategy at a time, and measures waits and work."""

import math
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable
from itertools import pairwise
from typing import Final

from hub.routing import AgentProfile, Decision, QueueRules, SkillNeed, WorkAssigned, in_turn
from hub.routing.simulation import CHANNEL_CLASS, QUEUE_ID, Arrivals, Day, Simulation
from hub.routing.simulation import Tally as Tally  # noqa: PLC0414 - part of _arrive's signature
from hub.routing.strategies import Criterion
from hub.staffing.model import WAIT_BUCKETS_S, Outcome, Plan

WORK_COUNT: Final = 12_000
WARM_UP: Final = 1_000  # the floor begins empty; what comes first waits less than later work
REPORTS: Final = 50  # progress is told so many times
SEED: Final = 20  # every strategy meets the same day
SKILL: Final = "case"


def simulate(plan: Plan, strategy: Criterion, progress: Callable[[float], None]) -> Outcome:
    """Return what ``strategy`` makes of ``plan``; ``progress`` hears shares from 0 to 1."""
    floor = Floor(plan, strategy, progress)
    (tally,) = floor.run(WORK_COUNT, warm_up=WARM_UP)
    waits = sorted(floor.waits)
    served = len(waits)
    places = [bisect_left(waits, limit + 1e-9) for limit in WAIT_BUCKETS_S]
    total_s = floor.last_at - floor.first_at
    return Outcome(
        strategy=strategy,
        mean_wait_s=sum(waits) / served if served else math.inf,
        p90_wait_s=waits[min(served - 1, int(served * 0.9))] if served else math.inf,
        service_level=bisect_left(waits, plan.target_s + 1e-9) / tally.arrived,
        abandoned_share=tally.abandoned_share,
        waits=tuple((end - start) / max(served, 1) for start, end in pairwise([0, *places, served])),
        busy=tuple(sorted(min(1.0, floor.busy_s[f"agent-{index}"] / total_s) for index in range(plan.agents))),
    )


class Floor(Simulation):
    """A simulation that remembers each wait and each agent's work, with agents of two levels of skill."""

    def __init__(self, plan: Plan, strategy: Criterion, progress: Callable[[float], None]) -> None:
        rules = QueueRules(QUEUE_ID, strategy=in_turn(strategy), needs=(SkillNeed(SKILL, 1),))
        arrivals = (Arrivals(plan.arrivals_per_hour / 3_600),)
        super().__init__(Day(plan.agents, arrivals, plan.handling_s, plan.patience_s, rules), seed=SEED)
        for index in range(plan.agents):
            level = 5 if index < plan.experts else 1
            profile = AgentProfile(
                f"agent-{index}", {QUEUE_ID: index}, skills={SKILL: level}, capacity={CHANNEL_CLASS: 1}
            )
            self.core.set_agent(profile, 0.0)
        self._experts = {f"agent-{index}" for index in range(plan.experts)}
        self._speed = (plan.expert_handling_s or plan.handling_s) / plan.handling_s
        self._progress = progress
        self._count = 0
        self.waits: list[float] = []
        self.busy_s: defaultdict[str, float] = defaultdict(float)
        self.first_at = self.last_at = 0.0

    def _arrive(self, work_id: str, priority: int, tally: "Tally", at: float) -> None:
        self._count += 1
        if self._count == WARM_UP:
            self.first_at = at
        self.last_at = at
        if self._count % (WORK_COUNT // REPORTS) == 0:
            self._progress(self._count / WORK_COUNT)
        super()._arrive(work_id, priority, tally, at)

    def _follow(self, decisions: list[Decision]) -> None:
        for decision in decisions:
            if isinstance(decision, WorkAssigned):
                self._note(decision)
        super()._follow(decisions)

    def _note(self, decision: WorkAssigned) -> None:
        tally, since, service_s = self._waiting[decision.work_id]
        if decision.agent_id in self._experts:
            service_s *= self._speed
            self._waiting[decision.work_id] = tally, since, service_s
        if self._count >= WARM_UP:
            self.waits.append(decision.at - since)
            self.busy_s[decision.agent_id] += service_s
