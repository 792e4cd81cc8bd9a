"""The engine is found again whatever became of the one who started it."""

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from hub.engine.layout import Layout
from hub.engine.process import Note, find

STAND_IN = (sys.executable, "-c", "import time; time.sleep(60)")


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout(tmp_path)


@pytest.fixture
async def pid(layout: Layout) -> AsyncIterator[int]:
    """Run what looks like an engine from outside."""
    process = await asyncio.create_subprocess_exec(*STAND_IN, "-C", str(layout.etc / "asterisk.conf"), "-f")
    yield process.pid
    process.kill()
    await process.wait()


def leave_note(layout: Layout, *, pid: int, birth: str = "") -> None:
    note = Note(
        pid=pid, birth=birth, command=STAND_IN, version="22", http_port=1, sip_port=2, tls_port=0, password="secret"
    )
    layout.state.write_bytes(msgspec.json.encode(note))


async def test_an_engine_whose_starter_was_killed_before_it_knew_the_number_is_found(layout: Layout, pid: int) -> None:
    leave_note(layout, pid=0)
    for _ in range(2):  # the second time by its number
        engine = find(layout)
        assert engine is not None
        assert (engine.note.pid, engine.is_alive()) == (pid, True)


@pytest.mark.usefixtures("pid")
def test_an_engine_with_other_files_is_not_taken_for_ours(tmp_path: Path) -> None:
    other = Layout(tmp_path / "other")
    other.root.mkdir()
    leave_note(other, pid=0)
    assert find(other) is None


async def test_a_note_of_a_process_that_is_gone_finds_nothing(layout: Layout, pid: int) -> None:
    leave_note(layout, pid=pid, birth="another life")
    assert find(layout) is None
