"""The state of the installation is read from the system itself; advice says what to do, urgent things first."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from core.bus.inspection import Reader, StreamState
from core.events import InstanceStatus
from hub.demo import PASSWORD
from hub.figures.views import ChannelLine
from hub.system.advice import advise
from hub.system.processes import family
from hub.system.views import Storage
from tests.hub.conftest import _quick_hashes, data, demo_data, house, nats_server
from tests.hub.support.house import House
from tests.journeys.support.clients import Agent

__all__ = ["_quick_hashes", "data", "demo_data", "house", "nats_server"]

NOW = datetime(2026, 11, 22, 3, tzinfo=UTC)
ROOMY = Storage(folder="/data", total_bytes=2**40, free_bytes=2**39, database_bytes=0)


def process(folder: Path, pid: int, parent: int, name: str, *command: str) -> None:
    home = folder / str(pid)
    home.mkdir()
    fields = ["S", str(parent), *["0"] * 9, "250", "50", *["0"] * 6, "777"]
    (home / "stat").write_text(f"{pid} ({name}) " + " ".join(fields))
    (home / "statm").write_text("9000 25 0 0 0 0 0")
    (home / "cmdline").write_bytes("\0".join(command).encode() + b"\0")


@pytest.mark.parametrize("command", [("/bin/lianxin", "run"), ("-P", "-m", "lianxin", "run", "--data", "x")])
def test_the_family_of_the_hub_is_found_by_role(tmp_path: Path, command: tuple[str, ...]) -> None:
    process(tmp_path, 1, 0, "init", "/sbin/init")
    process(tmp_path, 10, 1, "lianxin", "python", *command)
    process(tmp_path, 11, 10, "nats-server", "/x/nats-server", "-c", "f")
    process(tmp_path, 12, 10, "a) (b", "python", "-P", "-m", "hub")
    process(tmp_path, 13, 12, "search", "python", "-P", "-m", "hub.knowledge.search")
    process(tmp_path, 14, 10, "host", "python", "-P", "-m", "core.host")
    process(tmp_path, 20, 1, "sshd", "sshd")
    (tmp_path / "meminfo").write_text("")
    found = {one.pid: one for one in family(12, tmp_path)}
    assert {pid: one.role for pid, one in found.items()} == {
        10: "supervisor", 11: "bus", 12: "hub", 13: "search", 14: "plugin",
    }  # fmt: skip
    assert found[12].cpu_s == 300 / os.sysconf("SC_CLK_TCK")
    assert found[12].memory_bytes == 25 * os.sysconf("SC_PAGE_SIZE")
    assert family(99, tmp_path) == []


def test_what_hurts_soonest_is_named_first() -> None:
    found = advise(
        storage=Storage(folder="/data", total_bytes=100 * 2**30, free_bytes=2**30, database_bytes=0),
        streams=[
            StreamState(
                name="IN",
                messages=9_000,
                size_bytes=900,
                limit_bytes=1_000,
                readers=(Reader(name="hub", waiting=5_000, in_hand=0, repeated=0),),
            )
        ],
        statuses=[
            InstanceStatus(instance="sms", plugin="sms", process="fenced", since=NOW),
            InstanceStatus(instance="mail", plugin="email", process="running", restarts=4, since=NOW),
        ],
        lines=[ChannelLine(name="carrier", is_up=False, is_trunk=True)],
        dead_letters=2,
        last_backup=NOW - timedelta(days=3),
        now=NOW,
    )
    assert [(one.concern, one.subject, one.is_urgent) for one in found] == [
        ("disk_low", "", True), ("stream_filling", "IN", True), ("reader_lags", "hub", True),
        ("plugin_fenced", "sms", True), ("line_down", "carrier", True), ("plugin_restarts", "mail", False),
        ("dead_letters", "", False), ("no_backup", "", False),
    ]  # fmt: skip


def test_a_healthy_installation_needs_nothing() -> None:
    nothing = advise(
        storage=ROOMY, streams=[], statuses=[], lines=[], dead_letters=0, last_backup=NOW - timedelta(days=1), now=NOW
    )
    assert nothing == []


async def test_an_administrator_sees_processes_streams_and_disk(house: House) -> None:
    view = await house.services.monitor.view()
    assert view.storage.database_bytes
    assert {one.name for one in view.streams} >= {"IN", "ORDERS", "EVENTS", "STATE", "DEAD"}
    hub = next(reader for one in view.streams if one.name == "IN" for reader in one.readers)
    assert hub.waiting == 0
    assert any(one.pid == os.getpid() and one.memory_bytes > 0 for one in view.processes)
    assert view.history[-1].memory_bytes > 0
    async with Agent(house.url, "zhou", PASSWORD) as zhou:
        assert (await zhou.try_call("GET", "/system"))[0] == 403
