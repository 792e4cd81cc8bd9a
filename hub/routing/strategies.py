"""Which of several free agents is asked first: criteria, weighed against each other or one after the other.

Every criterion is a number that stays the same from the moment an agent is free until it is asked, smaller first. That
is what lets free agents wait in a heap. Weighted criteria of one step are added up, so weights are exchange rates: with
``weighted(highest_skill=60, longest_idle=1)`` one skill level is worth a minute of idling.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal, Protocol

Criterion = Literal[
    "longest_idle", "longest_average_idle", "highest_skill", "fewest_handled", "least_loaded", "round_robin", "linear"
]
Key = tuple[float, ...]


class Candidate(Protocol):
    """What a strategy may look at in an agent."""

    idle_since: float
    handled: int

    @property
    def average_idle_s(self) -> float: ...

    @property
    def in_hand_count(self) -> int: ...

    def level_sum(self, skills: tuple[str, ...]) -> int:
        """Return the agent's levels in ``skills`` added up."""
        ...

    def last_turn(self, queue_id: str) -> int:
        """Return the number of the agent's last turn in this queue; 0 before the first."""
        ...

    def place(self, queue_id: str) -> int:
        """Return the agent's place in this queue's linear order."""
        ...


@dataclass(frozen=True, slots=True)
class Step:
    """Criteria that count at the same time, each with its weight."""

    weights: tuple[tuple[Criterion, float], ...]


@dataclass(frozen=True, slots=True)
class Strategy:
    """Steps tried in order: a later one decides only where all earlier ones are equal."""

    steps: tuple[Step, ...]

    def __str__(self) -> str:
        return ",".join(
            "+".join(name if weight == 1 else f"{weight:g}*{name}" for name, weight in step.weights)
            for step in self.steps
        )


def in_turn(*criteria: Criterion | Step) -> Strategy:
    """Return the strategy that goes by the first of ``criteria``, then among equals by the second, and so on."""
    return Strategy(tuple(one if isinstance(one, Step) else Step(((one, 1.0),)) for one in criteria))


def weighted(**weights: float) -> Step:
    """Return the step that adds up the criteria named, each times its weight; ValueError for an unknown one."""
    for name, weight in weights.items():
        if (
            name not in _MEASURES or not math.isfinite(weight) or weight == 0
        ):  # 0 times an infinite measure is no number
            raise ValueError(f"no such criterion, or no weight: {name!r}")
    return Step(tuple(weights.items()))  # type: ignore[arg-type]  # checked above


def ranker(strategy: Strategy, queue_id: str, skills: tuple[str, ...]) -> Callable[[Candidate], Key]:
    """Return the function that gives an agent's key for work of ``queue_id`` that names ``skills``."""
    steps = [[(_MEASURES[name], weight) for name, weight in step.weights] for step in strategy.steps]
    if all(len(step) == 1 for step in steps):
        measures = [step[0][0] for step in steps]
        if len(measures) == 1:
            (only,) = measures
            return lambda agent: (only(agent, queue_id, skills),)
        return lambda agent: tuple([measure(agent, queue_id, skills) for measure in measures])
    return lambda agent: tuple(
        [sum(weight * measure(agent, queue_id, skills) for measure, weight in step) for step in steps]
    )


Measure = Callable[[Candidate, str, tuple[str, ...]], float]

_MEASURES: Final[dict[Criterion | str, Measure]] = {
    "longest_idle": lambda agent, _queue, _skills: agent.idle_since,
    "longest_average_idle": lambda agent, _queue, _skills: -agent.average_idle_s,
    "highest_skill": lambda agent, _queue, skills: -agent.level_sum(skills),
    "fewest_handled": lambda agent, _queue, _skills: agent.handled,
    "least_loaded": lambda agent, _queue, _skills: agent.in_hand_count,
    "round_robin": lambda agent, queue, _skills: agent.last_turn(queue),
    "linear": lambda agent, queue, _skills: agent.place(queue),
}

LONGEST_IDLE: Final = in_turn("least_loaded", "longest_idle")
HIGHEST_SKILL: Final = in_turn("highest_skill", "least_loaded", "longest_idle")
LONGEST_AVERAGE_IDLE: Final = in_turn("longest_average_idle", "longest_idle")
FEWEST_HANDLED: Final = in_turn("fewest_handled", "longest_idle")
LEAST_LOADED: Final = in_turn("least_loaded", "fewest_handled", "longest_idle")
ROUND_ROBIN: Final = in_turn("round_robin", "linear")
LINEAR: Final = in_turn("linear")
