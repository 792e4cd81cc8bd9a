"""The simulator agrees with theory, tells how far it is, and stops when told to or when nobody looks."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from core.clock import SystemClock
from core.config import decode_settings
from core.errors import ConfigInvalid
from hub.errors import ApiError
from hub.staffing import simulator as module
from hub.staffing.floor import simulate
from hub.staffing.model import Plan, SimulationView
from hub.staffing.simulator import Simulator
from hub.staffing.theory import theory

PLAN = Plan(agents=6, arrivals_per_hour=90, handling_s=180, target_s=20)


@pytest.fixture
async def simulator() -> AsyncIterator[Simulator]:
    simulator = Simulator(SystemClock())
    running = asyncio.create_task(simulator.run())
    yield simulator
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def finished(simulator: Simulator, view: SimulationView) -> SimulationView:
    async with asyncio.timeout(60):
        while view.state == "running":
            await asyncio.sleep(0.05)
            view = simulator.view("u", view.simulation_id)
    return view


def test_the_floor_waits_as_theory_says() -> None:
    shares: list[float] = []
    outcome = simulate(PLAN, "longest_idle", shares.append)
    said = next(point for point in theory(PLAN).points if point.agents == PLAN.agents)
    assert said.mean_wait_s is not None
    assert outcome.mean_wait_s == pytest.approx(said.mean_wait_s, rel=0.25)
    assert outcome.service_level == pytest.approx(said.service_level, abs=0.04)
    assert sum(outcome.waits) == pytest.approx(1)
    assert len(outcome.busy) == PLAN.agents
    assert sum(outcome.busy) / PLAN.agents == pytest.approx(PLAN.load / PLAN.agents, rel=0.1)
    assert shares == sorted(shares)
    assert shares[-1] == 1


def test_theory_says_when_the_queue_grows_without_end_and_who_would_be_enough() -> None:
    few = theory(Plan(agents=3, arrivals_per_hour=120, handling_s=180))
    assert few.load == pytest.approx(6)
    assert next(point for point in few.points if point.agents == 3).mean_wait_s is None
    assert few.needed == 9
    patient = theory(Plan(agents=3, arrivals_per_hour=120, handling_s=180, patience_s=60))
    assert next(point for point in patient.points if point.agents == 3).abandoned_share > 0.4


def test_experts_first_makes_waits_shorter() -> None:
    plan = Plan(agents=4, arrivals_per_hour=60, handling_s=180, experts=2, expert_handling_s=60)
    experts, idle = (simulate(plan, one, lambda _: None) for one in ("highest_skill", "longest_idle"))
    assert experts.mean_wait_s < idle.mean_wait_s
    assert experts.busy[0] < idle.busy[0]


def test_a_plan_that_cannot_be_is_refused() -> None:
    with pytest.raises(ConfigInvalid, match="more experts than agents"):
        decode_settings(Plan, {"agents": 2, "arrivals_per_hour": 1, "handling_s": 9, "experts": 3})


async def test_strategies_are_compared_in_a_process_of_their_own(simulator: Simulator) -> None:
    view = simulator.begin(
        "u", Plan(agents=2, arrivals_per_hour=30, handling_s=60, strategies=("linear", "round_robin"))
    )
    assert view.theory.load == pytest.approx(0.5)
    view = await finished(simulator, view)
    assert (view.state, view.progress) == ("done", 1.0)
    linear, in_turn = view.outcomes
    assert linear.busy[0] < in_turn.busy[0], "who stands first in the order works most"
    assert linear.mean_wait_s == pytest.approx(in_turn.mean_wait_s)


async def test_it_is_cancelled_and_anothers_is_not_seen(simulator: Simulator) -> None:
    plan = Plan(agents=50, arrivals_per_hour=900, handling_s=180, strategies=("linear", "round_robin", "longest_idle"))
    view = simulator.begin("u", plan)
    simulator.begin("v", plan)
    with pytest.raises(ApiError, match="simulations run already"):
        simulator.begin("w", plan)
    with pytest.raises(ApiError, match="simulation"):
        simulator.view("v", view.simulation_id)
    await simulator.cancel("u", view.simulation_id)
    with pytest.raises(ApiError, match="simulation"):
        simulator.view("u", view.simulation_id)


async def test_a_process_that_dies_is_said(simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "COMMAND", ("/bin/false",))
    view = await finished(simulator, simulator.begin("u", PLAN))
    assert (view.state, view.fault) == ("failed", "crashed")
