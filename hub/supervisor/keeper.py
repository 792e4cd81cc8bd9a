"""Keeps one child alive: restarts it with jittered back-off and fences it off when that does not help."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, Literal, Protocol

from core.backoff import Backoff
from hub.supervisor.child import Ending, Report

log = logging.getLogger(__name__)

HOUR_S: Final = 3_600.0

Process = Literal["stopped", "starting", "running", "restarting", "fenced"]


@dataclass(frozen=True, slots=True)
class Policy:
    """How hard to try.

    The child is given up after ``fence_after`` failures in a row, none of them after ``healthy_s`` of health, or after
    ``fence_after_hourly`` within an hour, however healthy it was in between.
    """

    first_s: float = 0.2
    limit_s: float = 30.0
    fence_after: int | None = 6
    fence_after_hourly: int | None = 30
    healthy_s: float = 15.0


VITAL: Final = Policy(limit_s=5.0, fence_after=None, fence_after_hourly=None)  # hub and bus are never given up


@dataclass(frozen=True, slots=True)
class Status:
    """A child as an operator sees it; ``reason`` and ``detail`` say what last went wrong."""

    process: Process
    reason: str = ""
    detail: str = ""
    restarts: int = 0
    pid: int | None = None
    version: str = ""
    is_ready: bool = False
    http: str = ""
    log: tuple[str, ...] = ()


class Runnable(Protocol):
    """What a keeper starts: ``Child``, or what behaves like it."""

    @property
    def pid(self) -> int | None: ...

    async def run(self) -> Ending: ...


Start = Callable[[Callable[[Report], None]], Runnable]


class Keeper:
    """Runs ``start``'s children one after the other until cancelled; ``on_status`` hears of every change."""

    def __init__(self, name: str, start: Start, on_status: Callable[[Status], None], policy: Policy) -> None:
        self._name = name
        self._start = start
        self._on_status = on_status
        self._policy = policy
        self._child: Runnable | None = None
        self._healthy_since: float | None = None
        self._row = 0  # of failures without health in between
        self._failed_at: deque[float] = deque(maxlen=policy.fence_after_hourly)
        self.status = Status("starting")

    async def run(self) -> None:
        """Keep the child alive; return when it is fenced off."""
        backoff = Backoff(self._policy.first_s, self._policy.limit_s)
        restarts = 0
        while True:
            ending = await self._run_once(restarts)
            if self._was_healthy():
                self._row = 0
                backoff.reset()
            is_fenced = ending.reason == "refused" or self._is_enough()
            self._show(
                Status(
                    process="fenced" if is_fenced else "restarting",
                    reason=ending.reason,
                    detail=ending.detail,
                    restarts=restarts,
                    log=ending.log,
                )
            )
            if is_fenced:
                log.error("%s is fenced off: %s (%s)", self._name, ending.reason, ending.detail)
                return
            wait_s = backoff.next_s()
            log.warning("%s: %s (%s), starting again in %.1f s", self._name, ending.reason, ending.detail, wait_s)
            await asyncio.sleep(wait_s)
            restarts += 1

    async def _run_once(self, restarts: int) -> Ending:
        self._healthy_since = None
        self._show(Status("starting", restarts=restarts, reason=self.status.reason, detail=self.status.detail))
        self._child = self._start(self._hear)
        try:
            return await self._child.run()
        except OSError as error:  # the command is not there, or the system has no room for another process
            return Ending("crash", str(error))

    def _hear(self, report: Report) -> None:
        status = self.status
        match report["event"]:
            case "started":
                self._healthy_since = asyncio.get_running_loop().time()
                pid = None if self._child is None else self._child.pid
                version = str(report.get("version", ""))
                self._show(Status("running", restarts=status.restarts, pid=pid, version=version))
            case "ready":
                self._show(replace(status, is_ready=True, http=str(report.get("http") or "")))

    def _is_enough(self) -> bool:
        """Count one more failure; tell whether it was one too many."""
        policy, now = self._policy, asyncio.get_running_loop().time()
        self._row += 1
        if self._row == policy.fence_after:
            return True
        if policy.fence_after_hourly is None:
            return False
        self._failed_at.append(now)  # the oldest of so many makes room
        return len(self._failed_at) == policy.fence_after_hourly and now - self._failed_at[0] < HOUR_S

    def _was_healthy(self) -> bool:
        since = self._healthy_since
        return since is not None and asyncio.get_running_loop().time() - since >= self._policy.healthy_s

    def _show(self, status: Status) -> None:
        self.status = status
        self._on_status(status)
