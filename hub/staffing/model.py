"""What is asked of the simulator, and what it answers."""

from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from core.config import Settings
from hub.routing.strategies import Criterion

WAIT_BUCKETS_S: Final = (0.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0)  # waits up to so long; the last bucket is beyond

MAX_LOAD: Final = 2_000.0  # erlangs; theory takes as many steps for each number of agents
MAX_QUEUE: Final = 20_000.0  # people who come within one's patience

Seconds = Annotated[float, Meta(ge=1, le=86_400)]


class Plan(Settings, frozen=True, kw_only=True):
    """A floor, its load, and the strategies to compare on it.

    Handling includes wrap-up. ``experts`` of the agents have the highest skill level and need ``expert_handling_s``.
    Without ``patience_s`` nobody gives up.
    """

    agents: Annotated[int, Meta(ge=1, le=500)]
    arrivals_per_hour: Annotated[float, Meta(gt=0, le=50_000)]
    handling_s: Seconds
    patience_s: Seconds | None = None
    target_s: Seconds = 20.0
    experts: Annotated[int, Meta(ge=0, le=500)] = 0
    expert_handling_s: Seconds | None = None
    strategies: Annotated[tuple[Criterion, ...], Meta(min_length=1, max_length=7)] = ("longest_idle",)

    def __post_init__(self) -> None:
        if self.experts > self.agents:
            raise ValueError("more experts than agents")
        if len(set(self.strategies)) < len(self.strategies):
            raise ValueError("a strategy is named twice")
        if self.load > MAX_LOAD:
            raise ValueError(f"more than {MAX_LOAD:.0f} erlangs of load")
        if self.patience_s is not None and self.arrivals_per_hour / 3_600 * self.patience_s > MAX_QUEUE:
            raise ValueError(f"more than {MAX_QUEUE:.0f} people wait within their patience")

    @property
    def mean_handling_s(self) -> float:
        """The handling time of an average agent when all are busy."""
        fast = self.expert_handling_s or self.handling_s
        return self.agents / (self.experts / fast + (self.agents - self.experts) / self.handling_s)

    @property
    def load(self) -> float:
        """Offered traffic in erlangs."""
        return self.arrivals_per_hour / 3_600 * self.mean_handling_s


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What one strategy makes of it; shares from 0 to 1.

    ``waits`` are the shares of those served, by ``WAIT_BUCKETS_S``. ``busy`` is the share of time each agent worked,
    idlest first.
    """

    strategy: Criterion
    mean_wait_s: float
    p90_wait_s: float
    service_level: float
    abandoned_share: float
    waits: tuple[float, ...]
    busy: tuple[float, ...]


class StaffingPoint(msgspec.Struct, frozen=True, kw_only=True):
    """What theory says of so many agents; None where the queue would grow without end."""

    agents: int
    mean_wait_s: float | None
    service_level: float
    abandoned_share: float


class Theory(msgspec.Struct, frozen=True, kw_only=True):
    """Erlang's answer: C where all wait, A where some give up; ``needed`` agents serve 80 % within the target (C)."""

    load: float
    needed: int
    points: tuple[StaffingPoint, ...]


State = Literal["running", "done", "failed"]


class SimulationView(msgspec.Struct, frozen=True, kw_only=True):
    """A simulation as far as it has come; ``progress`` from 0 to 1."""

    simulation_id: str
    state: State
    progress: float
    theory: Theory
    outcomes: tuple[Outcome, ...] = ()
    fault: str = ""
