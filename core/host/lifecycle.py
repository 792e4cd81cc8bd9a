"""What hosting is for every kind of plugin: the bus, the plugin's run and its state, an end in time."""

import asyncio
import contextlib
import logging
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from typing import Any, Final

import msgspec

from core.board import Board
from core.bus import Bus, BusSettings
from core.config import Settings, decode_settings
from core.errors import BusUnavailable
from core.events import Carries, ChannelState
from core.host.censor import Censor
from core.host.job import HostJob
from core.host.runner import Runner, Runs
from core.ids import new_id

log = logging.getLogger(__name__)

RUN_END_S: Final = 1.5  # of the five seconds a supervisor gives: for run() to end,
FAREWELL_S: Final = 0.5  # and to say that we stopped

Tell = Callable[..., None]


class BusClosed(Exception):
    """The server sent us away for good."""


class PluginHost(ABC):
    """Runs the plugin of ``job`` until cancelled; ``run`` returns within 5 s even when the plugin does not."""

    def __init__(self, job: HostJob, config_type: type[Settings], tell: Tell) -> None:
        """ConfigInvalid when the job's settings do not fit; ``tell`` sends reports to the supervisor."""
        self._job = job
        self._tell = tell
        self._config: Any = decode_settings(config_type, job.settings)
        self._bus_settings = decode_settings(BusSettings, job.nats)
        self.censor = Censor(self._config)
        self._carries: Carries | None = None  # what the messages of a channel can hold
        self.is_stuck = False  # the plugin ignored its cancellation; only the end of the process ends it

    async def run(self) -> None:
        """Run until cancelled; BusClosed when the bus does not want us any more."""
        bus = await self._connect()
        try:
            await self._serve(bus)
        finally:
            await bus.close()

    @abstractmethod
    async def _serve(self, bus: Bus) -> None:
        """Do this kind's work until cancelled, with ``_keep_running`` at its heart."""

    async def _keep_running(
        self, bus: Bus, plugin: Runs, board: Board[ChannelState], ending: Callable[[], Awaitable[None]], *, http: str
    ) -> None:
        """Run ``plugin`` until cancelled, then ``ending`` and the plugin's own end."""
        running = asyncio.create_task(Runner(plugin, board).run())
        publishing = asyncio.create_task(board.run())
        self._tell("ready", http=http)
        try:
            await bus.wait_closed()
            raise BusClosed("the bus closed the connection")
        finally:
            await ending()
            await self._end(running)
            publishing.cancel()
            await self._say_good_bye(board)

    def _board(self, bus: Bus) -> Board[ChannelState]:
        async def publish(state: ChannelState) -> None:
            state = msgspec.structs.replace(state, reason=self.censor(state.reason), carries=self._carries)
            await bus.publish(state, self._job.instance, msg_id=new_id())

        board = Board(ChannelState(state="starting"), publish)
        board.listen(lambda state: self._tell("state", state=state.state, code=state.code))
        return board

    async def _connect(self) -> Bus:
        while True:
            try:
                return await Bus.connect(self._bus_settings, source=self._job.instance)
            except BusUnavailable as error:
                log.warning("%s", error)

    async def _end(self, running: asyncio.Task[None]) -> None:
        running.cancel()
        await asyncio.wait({running}, timeout=RUN_END_S)
        if not running.done():
            self.is_stuck = True
            log.error("run() did not end within %g s of its cancellation", RUN_END_S)

    async def _say_good_bye(self, board: Board[ChannelState]) -> None:
        board.show(ChannelState(state="stopped"))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(FAREWELL_S):
                await board.flush()
