"""Runs simulations in processes of their own, so that the hub goes on serving meanwhile."""

import asyncio
import logging
import sys
from dataclasses import dataclass, field
from typing import Final

import msgspec

from core.clock import Clock
from core.ids import new_id
from hub.errors import ApiError, not_found
from hub.staffing.model import Outcome, Plan, SimulationView, State, Theory
from hub.staffing.theory import theory
from hub.supervisor.spawn import kill_group, spawn

log = logging.getLogger(__name__)

COMMAND: Final = (sys.executable, "-P", "-m", "hub.staffing")
MAX_RUNNING: Final = 2
MAX_KEPT: Final = 20  # finished ones, to be looked at again
UNSEEN_S: Final = 30.0  # nobody has asked for so long: whoever began it has gone
LIMIT_S: Final = 300.0


class Line(msgspec.Struct, frozen=True):
    """What the process says."""

    progress: float | None = None
    outcome: Outcome | None = None


@dataclass(slots=True)
class Job:
    """One simulation and its process."""

    user_id: str
    theory: Theory
    seen_at: float
    state: State = "running"
    progress: float = 0.0
    outcomes: list[Outcome] = field(default_factory=list)
    fault: str = ""
    task: asyncio.Task[None] | None = None


class Simulator:
    """Begins simulations, tells how far they are, stops them."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._jobs: dict[str, Job] = {}

    async def run(self) -> None:
        """Stop what nobody looks at any more; cancelled, stop everything."""
        try:
            while True:
                await asyncio.sleep(UNSEEN_S / 3)
                for simulation_id, job in list(self._jobs.items()):
                    if job.state == "running" and self._clock.monotonic() - job.seen_at > UNSEEN_S:
                        await self._stop(simulation_id)
        finally:
            for simulation_id in list(self._jobs):
                await self._stop(simulation_id)

    def begin(self, user_id: str, plan: Plan) -> SimulationView:
        """Begin one; 409 ``simulator_busy`` when too many run."""
        if sum(job.state == "running" for job in self._jobs.values()) >= MAX_RUNNING:
            raise ApiError(409, "simulator_busy", f"{MAX_RUNNING} simulations run already")
        while len(self._jobs) >= MAX_KEPT:
            del self._jobs[next(one for one, job in self._jobs.items() if job.state != "running")]
        simulation_id = new_id()
        job = self._jobs[simulation_id] = Job(user_id, theory(plan), self._clock.monotonic())
        job.task = asyncio.create_task(self._simulate(job, plan))
        return _view(simulation_id, job)

    def view(self, user_id: str, simulation_id: str) -> SimulationView:
        """Return how far it is; 404 for another's."""
        job = self._own(user_id, simulation_id)
        job.seen_at = self._clock.monotonic()
        return _view(simulation_id, job)

    async def cancel(self, user_id: str, simulation_id: str) -> None:
        """Stop it and forget it."""
        self._own(user_id, simulation_id)
        await self._stop(simulation_id)

    def _own(self, user_id: str, simulation_id: str) -> Job:
        job = self._jobs.get(simulation_id)
        if job is None or job.user_id != user_id:
            raise not_found("simulation")
        return job

    async def _stop(self, simulation_id: str) -> None:
        job = self._jobs.pop(simulation_id, None)
        if job is not None and job.task is not None:
            job.task.cancel()
            await asyncio.gather(job.task, return_exceptions=True)

    async def _simulate(self, job: Job, plan: Plan) -> None:
        try:
            async with asyncio.timeout(LIMIT_S):
                await self._follow(job, plan)
            job.state, job.progress = "done", 1.0
        except TimeoutError:
            job.state, job.fault = "failed", "timeout"
        except (OSError, msgspec.MsgspecError, EOFError) as error:
            log.warning("a simulation failed: %s", error)
            job.state, job.fault = "failed", "crashed"

    async def _follow(self, job: Job, plan: Plan) -> None:
        process = await spawn(COMMAND, is_expendable=True)
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(msgspec.json.encode(plan))
            process.stdin.close()
            async for text in process.stdout:
                line = msgspec.json.decode(text, type=Line)
                if line.outcome is not None:
                    job.outcomes.append(line.outcome)
                elif line.progress is not None:
                    job.progress = line.progress
            await process.wait()
            if len(job.outcomes) < len(plan.strategies):
                raise EOFError(f"the process ended with {process.returncode}")
        finally:
            kill_group(process.pid)
            await process.wait()


def _view(simulation_id: str, job: Job) -> SimulationView:
    return SimulationView(
        simulation_id=simulation_id,
        state=job.state,
        progress=job.progress,
        theory=job.theory,
        outcomes=tuple(job.outcomes),
        fault=job.fault,
    )
