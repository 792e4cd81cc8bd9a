"""Keeps the ways in open and tells the hub what works: one broken mailbox does not stop the others."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final

from core.backoff import Backoff
from core.errors import ChannelAuthFailed, ChannelNotReady
from core.events import ChannelState

log = logging.getLogger(__name__)

PATIENCE_S: Final = 60.0  # between tries with a password that was refused
Serve = Callable[[Callable[[], None]], Awaitable[None]]


class Watch:
    """Ways in by name; the channel is down when none of them works, or mails cannot be sent."""

    def __init__(self, emit: Callable[[ChannelState], Awaitable[None]], check_s: float) -> None:
        self._emit = emit
        self._check_s = check_s
        self._ways: dict[str, Serve] = {}
        self._faults: dict[str, ChannelNotReady | ChannelAuthFailed] = {}
        self._open: set[str] = set()
        self._changed = asyncio.Event()

    def add(self, name: str, serve: Serve) -> None:
        """Add a way in; ``serve`` calls back when it is open."""
        self._ways[name] = serve

    async def run(self, check: Callable[[], Awaitable[None]]) -> None:
        """Serve until cancelled; ``check`` tries the way out. Raises when nothing works any more."""
        await check()
        tasks = [asyncio.create_task(self._keep(name, serve), name=name) for name, serve in self._ways.items()]
        tasks.append(asyncio.create_task(self._check_regularly(check)))
        told = asyncio.create_task(self._tell())
        try:
            done, _ = await asyncio.wait([*tasks, told], return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in (*tasks, told):
                task.cancel()
            await asyncio.gather(*tasks, told, return_exceptions=True)

    async def _keep(self, name: str, serve: Serve) -> None:
        backoff = Backoff(first_s=0.5, limit_s=30.0)

        def opened() -> None:
            if self._faults.pop(name, None) is not None:
                log.info("%s is open again", name)
            self._open.add(name)
            backoff.reset()
            self._changed.set()

        while True:
            try:
                await serve(opened)
            except (ChannelNotReady, ChannelAuthFailed) as error:
                if name not in self._faults and len(self._ways) > 1:
                    log.warning("%s is closed: %s", name, error)
                self._open.discard(name)
                self._faults[name] = error
                self._changed.set()
                await asyncio.sleep(PATIENCE_S if isinstance(error, ChannelAuthFailed) else backoff.next_s())

    async def _tell(self) -> None:
        """Say ready once every way was tried; raise when all of them are closed."""
        while True:
            if self._ways and len(self._faults) == len(self._ways):
                raise next(iter(self._faults.values()))
            if len(self._faults) + len(self._open) >= len(self._ways):
                fault = next(iter(self._faults.values()), None)
                code = "" if fault is None else "partly_down"
                await self._emit(ChannelState(state="ready", code=code, reason="" if fault is None else str(fault)))
            self._changed.clear()
            await self._changed.wait()

    async def _check_regularly(self, check: Callable[[], Awaitable[None]]) -> None:
        while True:
            await asyncio.sleep(self._check_s)
            await check()
