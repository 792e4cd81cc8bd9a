import asyncio
import os
from dataclasses import replace
from pathlib import Path

import msgspec
import psutil
import pytest

from hub.supervisor import keeper as keeper_module
from hub.supervisor.child import Child, Ending, Limits, Order
from hub.supervisor.data_dir import MAX_SOCKET_PATH, DataDir
from hub.supervisor.keeper import Keeper, Policy, Status
from hub.supervisor.lines import MAX_LINE_BYTES, read_lines
from hub.supervisor.log_files import LogFiles

SH = "/bin/sh"
DEFAULT = Limits()
STARTED = """echo '{"event": "started"}'"""


def reader(*pieces: bytes) -> asyncio.StreamReader:
    stream = asyncio.StreamReader()
    for piece in pieces:
        stream.feed_data(piece)
    stream.feed_eof()
    return stream


LINES = [
    ((b"a\nb\n",), ["a", "b"]),
    ((b"a", b"b\r\n", b"rest"), ["ab", "rest"]),
    ((b"\xff\n",), ["\ufffd"]),
    ((b"x" * (MAX_LINE_BYTES + 5),), ["x" * MAX_LINE_BYTES, "x" * 5]),
    ((), []),
]


@pytest.mark.parametrize(("pieces", "lines"), LINES)
async def test_whatever_a_child_writes_comes_in_bounded_lines(pieces, lines):
    assert [line async for line in read_lines(reader(*pieces))] == lines


async def run(script: str, *, job: bytes = b"", limits: Limits = DEFAULT) -> tuple[Ending, list[dict], list[str]]:
    reports: list[dict] = []
    log: list[str] = []
    order = Order(name="child", command=(SH, "-c", script), job=job, limits=limits)
    return await Child(order, reports.append, log.append).run(), reports, log


async def test_a_child_gets_its_job_and_its_reports_are_heard():
    ending, reports, _ = await run(
        """read job; echo "{\\"event\\": \\"started\\", \\"job\\": $job}"; exit 3""", job=b"7"
    )
    assert reports == [{"event": "started", "job": 7}]
    assert ending == Ending("crash", "exit status 3")


async def test_the_last_words_of_a_child_are_kept():
    ending, _, log = await run("for i in $(seq 30); do echo line $i >&2; done; exit 1")
    assert len(log) == 30
    assert ending.log == tuple(f"line {number}" for number in range(11, 31))


async def test_what_is_no_report_goes_to_the_log():
    _, reports, log = await run("echo hello; echo [1]; echo '{\"event\": 5}'")
    assert reports == []
    assert log == ["hello", "[1]", '{"event": 5}']


async def test_a_child_that_does_not_start_is_killed():
    ending, _, _ = await run("sleep 600", limits=Limits(start_s=0.1))
    assert ending.reason == "start_timeout"


async def test_a_child_takes_its_own_children_along(tmp_path: Path):
    pid_file = tmp_path / "pid"
    await run(f"sleep 600 & echo $! > {pid_file}; exit 0")
    async with asyncio.timeout(30):
        while psutil.pid_exists(int(pid_file.read_text())):
            await asyncio.sleep(0.02)


async def test_a_cancelled_child_is_stopped_at_once_when_it_heeds_the_signal():
    order = Order(
        name="child", command=(SH, "-c", "trap 'exit 0' TERM; echo '{\"event\": \"started\"}'; sleep 600 & wait")
    )
    started = asyncio.Event()
    child = Child(order, lambda report: started.set(), lambda line: None)
    running = asyncio.create_task(child.run())
    await started.wait()
    running.cancel()
    async with asyncio.timeout(4):
        await asyncio.wait({running})
    assert running.cancelled()


class Brief:
    """A child that ends at once, ``healthy`` or not before that."""

    pid = 1

    def __init__(self, on_report) -> None:
        self._on_report = on_report

    async def run(self) -> Ending:
        self._on_report({"event": "started"})
        return Ending("crash", "exit status 1")


async def failures_until_fenced(policy: Policy, limit: int) -> list[Status]:
    shown: list[Status] = []
    enough = asyncio.Event()

    def show(status: Status) -> None:
        shown.append(status)
        if len([s for s in shown if s.process == "restarting"]) >= limit:
            enough.set()

    keeping = asyncio.create_task(Keeper("it", Brief, show, policy).run())
    waiting = asyncio.create_task(enough.wait())
    await asyncio.wait({keeping, waiting}, return_when=asyncio.FIRST_COMPLETED)
    for task in (keeping, waiting):
        task.cancel()
    return shown


async def test_failures_in_a_row_end_in_a_fence():
    shown = await failures_until_fenced(Policy(first_s=0.0, fence_after=4), 99)
    assert [status.process for status in shown].count("restarting") == 3
    assert (shown[-1].process, shown[-1].reason, shown[-1].restarts) == ("fenced", "crash", 3)


async def test_a_time_of_health_forgives_earlier_failures():
    shown = await failures_until_fenced(Policy(first_s=0.0, fence_after=2, healthy_s=0.0), 5)
    assert "fenced" not in {status.process for status in shown}


async def test_failing_too_often_within_an_hour_ends_in_a_fence_however_healthy_it_was_in_between():
    shown = await failures_until_fenced(Policy(first_s=0.0, fence_after=2, fence_after_hourly=7, healthy_s=0.0), 99)
    assert (shown[-1].process, shown[-1].reason, shown[-1].restarts) == ("fenced", "crash", 6)


async def test_failures_of_more_than_an_hour_ago_are_forgotten(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(keeper_module, "HOUR_S", 0.0)
    shown = await failures_until_fenced(Policy(first_s=0.0, fence_after=2, fence_after_hourly=3, healthy_s=0.0), 9)
    assert "fenced" not in {status.process for status in shown}


async def test_the_vital_ones_are_never_fenced():
    policy = replace(keeper_module.VITAL, first_s=0.0, limit_s=0.0)
    shown = await failures_until_fenced(policy, 40)
    assert "fenced" not in {status.process for status in shown}


async def test_a_command_that_is_not_there_is_a_failure_like_others():
    shown: list[Status] = []
    order = Order(name="child", command=("/nowhere/at-all",))
    policy = Policy(first_s=0.0, fence_after=2)
    await Keeper("it", lambda hear: Child(order, hear, lambda line: None), shown.append, policy).run()
    assert "No such file" in shown[-1].detail


@pytest.mark.parametrize("depth", [1, 12])
def test_a_socket_path_fits_wherever_the_data_lies(tmp_path: Path, depth: int):
    data = DataDir(tmp_path.joinpath(*["deeper-down"] * depth))
    data.lock()
    path = data.socket("x" * 64)
    assert len(os.fsencode(path)) <= MAX_SOCKET_PATH
    assert path.parent.stat().st_mode & 0o777 == 0o700
    data.leave()


def test_word_of_a_supervisor_that_was_killed_is_not_believed(tmp_path: Path):
    data = DataDir(tmp_path / "data")
    data.lock()
    assert data.running() is None
    data.announce("nats://127.0.0.1:1")
    word = data.running()
    assert word is not None
    assert (word.pid, word.nats_url) == (os.getpid(), "nats://127.0.0.1:1")
    earlier = msgspec.structs.replace(word, birth="another life")
    (data.path / "running.json").write_bytes(msgspec.json.encode(earlier))
    assert data.running() is None
    data.leave()


def test_each_child_has_its_own_log(tmp_path: Path):
    with LogFiles(tmp_path / "logs") as logs:
        logs.writer("hub")("one %s")
        logs.writer("web-main")("two")
    assert (tmp_path / "logs" / "hub.log").read_text() == "one %s\n"
    assert (tmp_path / "logs" / "web-main.log").read_text() == "two\n"
