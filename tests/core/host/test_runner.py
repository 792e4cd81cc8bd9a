import asyncio
import contextlib

import pytest

from core.board import Board
from core.errors import BusUnavailable, ChannelAuthFailed, ChannelNotReady
from core.events import ChannelState
from core.host import runner as runner_module
from core.host.runner import Runner

from .conftest import Box


@pytest.fixture
def waits(monkeypatch) -> list[float]:
    """Let nobody wait, and note for how long they would have."""
    noted: list[float] = []
    pause = asyncio.sleep

    async def skip(seconds: float) -> None:
        noted.append(seconds)
        await pause(0)

    monkeypatch.setattr(runner_module.asyncio, "sleep", skip)
    return noted


class Failing(Box):
    def __init__(self, *ends: Exception | None, stays_ready: bool = False) -> None:
        self.ends = list(ends)
        self.stays_ready = stays_ready
        self.board: Board[ChannelState]
        self.done = asyncio.Event()

    async def run(self) -> None:
        if not self.ends:
            self.done.set()
            await asyncio.Event().wait()
        if self.stays_ready:
            self.board.show(ChannelState(state="ready"))
        if (end := self.ends.pop(0)) is not None:
            raise end


async def run(channel: Failing) -> list[ChannelState]:
    shown: list[ChannelState] = []

    async def publish(state: ChannelState) -> None:
        return

    channel.board = Board(ChannelState(state="starting"), publish)
    channel.board.listen(shown.append)
    running = asyncio.create_task(Runner(channel, channel.board).run())
    await channel.done.wait()
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running
    return shown


async def test_waits_grow_from_failure_to_failure(waits):
    await run(Failing(*[ChannelNotReady("no line")] * 8))
    assert all(0.25 * 2**step <= wait <= 0.5 * 2**step for step, wait in enumerate(waits[:6]))
    assert max(waits) <= 30.0


async def test_refused_credentials_are_tried_rarely(waits):
    shown = await run(Failing(ChannelAuthFailed("wrong key")))
    assert waits[0] >= 30.0
    assert shown == [ChannelState(state="down", code="auth_failed", reason="wrong key")]


async def test_a_bug_in_run_is_shown_as_down_and_run_again(waits, caplog):
    shown = await run(Failing(ZeroDivisionError()))
    assert shown == [ChannelState(state="down", code="crashed", reason="ZeroDivisionError")]
    assert caplog.records[0].exc_info


async def test_a_run_that_just_returns_counts_as_a_failure(waits):
    shown = await run(Failing(None))
    assert (shown[0].state, shown[0].code) == ("down", "not_ready")


async def test_a_channel_that_held_for_a_while_starts_its_waits_anew(waits, monkeypatch):
    monkeypatch.setattr(runner_module, "HELD_S", 0.0)
    await run(Failing(*[ChannelNotReady("no line")] * 5, stays_ready=True))
    assert max(waits) <= 0.5


async def test_the_board_publishes_the_newest_state_until_the_bus_takes_it():
    published: list[ChannelState] = []
    faults = [BusUnavailable("away")] * 2

    async def publish(state: ChannelState) -> None:
        if faults:
            raise faults.pop()
        published.append(state)

    board = Board(ChannelState(state="starting"), publish)
    board.show(ChannelState(state="down"))
    board.show(ChannelState(state="ready"))
    await board.flush()
    assert published == [ChannelState(state="ready")]
