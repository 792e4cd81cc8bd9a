"""The guard that keeps tests honest about blocking the event loop."""

import asyncio
import subprocess
import sys
import time
from pathlib import Path

import pytest

from core.testing.clock import VirtualClock
from core.testing.loop_guard import Blockage, watch_loop

LIMIT_S = 0.1


def watched(blocking: object) -> list[Blockage]:
    async def culprit() -> None:
        await asyncio.sleep(0)
        blocking()  # type: ignore[operator]

    with watch_loop(LIMIT_S) as blockages:
        asyncio.run(culprit())
    return blockages


def compute_for_a_while() -> None:
    until = time.thread_time() + 0.2
    while time.thread_time() < until:
        pass


@pytest.mark.parametrize(
    "blocking",
    [
        pytest.param(compute_for_a_while, id="computing"),
        pytest.param(lambda: time.sleep(0.2), id="sleeping"),
    ],
)
def test_a_blocked_loop_is_reported_with_the_task_that_did_it(blocking: object) -> None:
    (blockage,) = watched(blocking)
    assert blockage.held_s == pytest.approx(0.2, rel=0.5)
    assert "culprit" in str(blockage)


def test_a_loop_that_waits_its_turn_is_not_blamed() -> None:
    assert watched(lambda: None) == []


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems do not tell how long a thread waited")
def test_a_busy_machine_is_not_mistaken_for_a_busy_loop() -> None:
    burn = [sys.executable, "-c", "while True: pass"]
    neighbours = [subprocess.Popen(burn) for _ in range(8)]
    try:

        def compute_a_little() -> None:
            until = time.thread_time() + LIMIT_S / 2
            while time.thread_time() < until:
                pass

        assert watched(compute_a_little) == []
    finally:
        for neighbour in neighbours:
            neighbour.kill()
            neighbour.wait()


@pytest.mark.may_block("the marker itself is under test", limit_s=1.0)
async def test_a_marked_test_may_hold_the_loop() -> None:
    time.sleep(0.3)


def test_the_virtual_clock_moves_only_when_told() -> None:
    clock = VirtualClock()
    start = clock.now()
    clock.advance(3600)
    assert (clock.now() - start).total_seconds() == clock.monotonic() == 3600
    with pytest.raises(ValueError, match="backwards"):
        clock.advance(-1)


def test_a_test_that_blocks_fails_and_says_where(pytester: pytest.Pytester, root: Path) -> None:
    pytester.makeconftest((root / "tests/conftest.py").read_text("utf-8"))
    pytester.makepyfile(
        """
        import time, pytest

        @pytest.fixture
        async def slow_start():
            time.sleep(0.6)

        async def test_that_blocks():
            time.sleep(0.6)

        async def test_with_a_slow_fixture(slow_start):
            pass

        @pytest.mark.may_block("it is measured here")
        async def test_with_a_reason():
            time.sleep(0.6)

        @pytest.mark.may_block
        async def test_without_a_reason():
            pass
        """
    )
    result = pytester.runpytest_subprocess("-o", "asyncio_mode=auto", "-o", f"pythonpath={root}", "-p", "no:xdist")
    result.assert_outcomes(passed=2, failed=2)
    result.stdout.fnmatch_lines(["*held the event loop for 0.6* s: *test_that_blocks*", "*may_block wants a reason*"])
