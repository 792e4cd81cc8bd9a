"""One child process from start to end, and the watchdog over it: heartbeat, memory, start-up time."""

import asyncio
import json
import signal
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Literal

from core.host.reports import EXIT_CONFIG
from hub.supervisor.lines import read_lines
from hub.supervisor.spawn import kill_group, resident_bytes, spawn

START_LIMIT_S: Final = 20.0
SILENCE_LIMIT_S: Final = 9.0  # three heartbeats in a row that are three seconds late each
CHECK_S: Final = 0.5
STOP_LIMIT_S: Final = 5.0
KEPT_LINES: Final = 20
KEPT_CHARS: Final = 500

Reason = Literal["crash", "hang", "memory", "start_timeout", "refused"]
Report = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Limits:
    """When a child counts as broken."""

    memory_bytes: int | None = None
    start_s: float = START_LIMIT_S
    silence_s: float = SILENCE_LIMIT_S


@dataclass(frozen=True, slots=True)
class Order:
    """What to start: ``job`` goes to its standard input as one line, so no secret stands in the arguments."""

    name: str
    command: tuple[str, ...]
    job: bytes = b""
    limits: Limits = Limits()
    is_expendable: bool = False


@dataclass(frozen=True, slots=True)
class Ending:
    """Why a child is not there any more; ``detail`` is for an operator, ``log`` its last lines."""

    reason: Reason
    detail: str
    log: tuple[str, ...] = ()


class Child:
    """A running process that speaks the report protocol of ``core.host.reports``."""

    def __init__(self, order: Order, on_report: Callable[[Report], None], on_log: Callable[[str], None]) -> None:
        self._order = order
        self._verdict: tuple[Reason, str] | None = None
        self._on_report = on_report
        self._on_log = on_log
        self._process: asyncio.subprocess.Process | None = None
        self._refusal = ""
        self._is_started = False
        self._heard_at = 0.0
        self._last_lines: deque[str] = deque(maxlen=KEPT_LINES)

    @property
    def pid(self) -> int | None:
        """Return the process id once there is one."""
        return None if self._process is None else self._process.pid

    @property
    def memory_bytes(self) -> int | None:
        """Return the resident memory now."""
        return None if self._process is None else resident_bytes(self._process.pid)

    async def run(self) -> Ending:
        """Start the child and return how it ended; cancelling stops it first."""
        process = self._process = await spawn(self._order.command, is_expendable=self._order.is_expendable)
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        self._heard_at = asyncio.get_running_loop().time()
        tasks = [
            asyncio.create_task(self._hand_over(process.stdin)),
            asyncio.create_task(self._read_reports(process.stdout)),
            asyncio.create_task(self._read_log(process.stderr)),
            asyncio.create_task(self._watch(process)),
        ]
        try:
            status = await process.wait()
        except asyncio.CancelledError:
            await self._stop(process)
            raise
        finally:
            kill_group(process.pid)  # what it started itself
            await asyncio.wait(tasks[1:3], timeout=1.0)  # what is still in the pipes
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            # a grandchild that left the group may hold the pipes open for ever
            process._transport.close()  # type: ignore[attr-defined]
        return self._ending(status)

    async def _stop(self, process: asyncio.subprocess.Process) -> None:
        kill_group(process.pid, signal.SIGTERM)
        try:
            async with asyncio.timeout(STOP_LIMIT_S):
                await process.wait()
        except TimeoutError:
            self._on_log(f"{self._order.name} did not stop within {STOP_LIMIT_S:g} s and was killed")
        finally:
            kill_group(process.pid)
        await process.wait()

    async def _hand_over(self, stdin: asyncio.StreamWriter) -> None:
        try:
            if self._order.job:
                stdin.write(self._order.job + b"\n")
                await stdin.drain()
            stdin.close()
            await stdin.wait_closed()
        except (BrokenPipeError, ConnectionResetError):
            return  # it died at once; its exit says why

    async def _read_reports(self, stdout: asyncio.StreamReader) -> None:
        async for line in read_lines(stdout):
            report = _report(line)
            if report is None:
                self._on_log(line)
            else:
                self._take(report)

    def _take(self, report: Report) -> None:
        self._heard_at = asyncio.get_running_loop().time()
        match report["event"]:
            case "heartbeat":
                return
            case "started":
                self._is_started = True
            case "refused":
                self._refusal = str(report.get("text", ""))
        self._on_report(report)

    async def _read_log(self, stderr: asyncio.StreamReader) -> None:
        async for line in read_lines(stderr):
            self._last_lines.append(line[:KEPT_CHARS])
            self._on_log(line)

    async def _watch(self, process: asyncio.subprocess.Process) -> None:
        pid = process.pid
        limits = self._order.limits
        loop = asyncio.get_running_loop()
        begun_at = seen_at = loop.time()
        while self._verdict is None:
            await asyncio.sleep(CHECK_S)
            now = loop.time()
            if now - seen_at > 4 * CHECK_S:
                # we slept ourselves (a suspended laptop, a stopped supervisor): the child's silence proves nothing
                begun_at += now - seen_at
                self._heard_at = now
            seen_at = now
            if process.returncode is not None:
                break  # it is gone and what it started holds its pipes, for which process.wait() waits too
            memory_bytes = resident_bytes(pid)
            if limits.memory_bytes is not None and memory_bytes is not None and memory_bytes > limits.memory_bytes:
                self._verdict = (
                    "memory",
                    f"{memory_bytes >> 20} MiB, the limit is {limits.memory_bytes >> 20} MiB",
                )
            elif not self._is_started:
                if now - begun_at > limits.start_s:
                    self._verdict = ("start_timeout", f"not started within {limits.start_s:g} s")
            elif now - self._heard_at > limits.silence_s:
                self._verdict = ("hang", f"no heartbeat for {limits.silence_s:g} s")
        kill_group(pid)

    def _ending(self, status: int) -> Ending:
        log = tuple(self._last_lines)
        if self._verdict is not None:
            return Ending(*self._verdict, log)
        if status == EXIT_CONFIG:
            return Ending("refused", self._refusal, log)
        return Ending("crash", _exit_text(status), log)


def _report(line: str) -> Report | None:
    try:
        report = json.loads(line)
    except ValueError:
        return None
    return report if isinstance(report, dict) and isinstance(report.get("event"), str) else None


def _exit_text(status: int) -> str:
    if status >= 0:
        return f"exit status {status}"
    try:
        return f"killed by {signal.Signals(-status).name}"
    except ValueError:
        return f"killed by signal {-status}"
