"""Keeps a channel running: back-off after failures, its state on the bus, and no bug of it leaves this module."""

import asyncio
import logging
from typing import Final, Protocol

from core.backoff import Backoff
from core.board import Board
from core.errors import ChannelAuthFailed, ChannelNotReady, LianxinError
from core.events import ChannelState

log = logging.getLogger(__name__)

HELD_S: Final = 5.0  # a channel that stayed ready this long starts its back-off anew


class Runs(Protocol):
    """What is kept running."""

    async def run(self) -> None: ...


class Runner:
    """Runs ``channel.run`` again and again until cancelled."""

    def __init__(self, channel: Runs, board: Board[ChannelState]) -> None:
        self._channel = channel
        self._board = board
        self._backoff = Backoff(first_s=0.5, limit_s=30.0)
        self._patience = Backoff(first_s=60.0, limit_s=900.0)  # for refused credentials: an operator has to act
        self._ready_at: float | None = None
        board.listen(self._note)

    async def run(self) -> None:
        """Run until cancelled; failures are shown as state ``down`` with their code."""
        while True:
            wait_s = await self._run_once()
            await asyncio.sleep(wait_s)

    async def _run_once(self) -> float:
        """Return how long to wait after a run that ended."""
        self._ready_at = None
        try:
            await self._channel.run()
            raise ChannelNotReady("run() returned though nobody cancelled it")
        except Exception as error:
            self._forget_old_failures()
            return self._show_failure(error)

    def _show_failure(self, error: Exception) -> float:
        if isinstance(error, LianxinError):
            state = ChannelState(state="down", code=error.code, reason=str(error))
        else:
            log.exception("the channel failed unexpectedly")
            state = ChannelState(state="down", code="crashed", reason=type(error).__name__)
        wait_s = (self._patience if isinstance(error, ChannelAuthFailed) else self._backoff).next_s()
        if self._board.latest.code != state.code:
            log.warning("channel is down (%s), next try in %.1f s", state.code, wait_s)
        self._board.show(state)
        return wait_s

    def _forget_old_failures(self) -> None:
        held_s = 0.0 if self._ready_at is None else asyncio.get_running_loop().time() - self._ready_at
        if held_s >= HELD_S:
            self._backoff.reset()
            self._patience.reset()

    def _note(self, state: ChannelState) -> None:
        if state.state == "ready" and self._ready_at is None:
            self._ready_at = asyncio.get_running_loop().time()
            log.info("channel is ready")
