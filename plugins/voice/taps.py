"""Taps: what legs say is sent to AudioSockets, too; whatever becomes of a tap, its call does not notice.

A tap is a channel that hears the leg, one that leads to the socket, and a bridge of the two. Each has a task of its
own, away from those of the calls. A tap that breaks is made anew while it is planned.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from core.events import TapPlan, TapsPlan
from plugins.voice import marks
from plugins.voice.ari import Ari, AriError, AriEvent, AriUnavailable, Snapshot
from plugins.voice.ari.events import ChannelDestroyed, StasisEnd, StasisStart

log = logging.getLogger(__name__)

CONNECT_S: Final = 5.0
RETRY_S: Final = 2.0
REMOVE_S: Final = 1.0
EAR: Final = "ear"
LINE: Final = "line"
ROOM: Final = "room"

ChannelOf = Callable[[str, str], str | None]  # call and leg → the channel of a leg that has answered


@dataclass(frozen=True, slots=True)
class _Ends:
    """How far the two channels of a tap are."""

    there: set[str] = field(default_factory=set)
    has_both: asyncio.Event = field(default_factory=asyncio.Event)
    is_broken: asyncio.Event = field(default_factory=asyncio.Event)


class Taps:
    """The taps of one engine; ``follow`` what is planned, ``take`` what happens."""

    def __init__(self, ari: Ari, channel_of: ChannelOf) -> None:
        self._ari = ari
        self._channel_of = channel_of
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._leaving: set[asyncio.Task[None]] = set()
        self._ends: dict[str, _Ends] = {}

    def follow(self, plan: TapsPlan) -> None:
        """Tap exactly what is planned."""
        wanted = {tap.tap_id: tap for tap in plan.taps}
        for tap_id in self._tasks.keys() - wanted.keys():
            self._drop(tap_id)
        for tap_id, tap in wanted.items():
            if tap_id not in self._tasks:
                self._tasks[tap_id] = asyncio.create_task(self._keep(tap), name=f"tap {tap_id}")

    def take(self, event: AriEvent) -> bool:
        """Hear of a channel; False when it is none of a tap."""
        channel = getattr(event, "channel", None)
        ids = marks.parts_of(channel.id, "tap", 2) if channel is not None else None
        if ids is None:
            return False
        tap_id, part = ids
        ends = self._ends.get(tap_id)
        match event:
            case StasisStart() if ends is not None:
                ends.there.add(part)
                if ends.there == {EAR, LINE}:
                    ends.has_both.set()
            case StasisEnd() | ChannelDestroyed() if ends is not None:
                ends.is_broken.set()
        return True

    async def clear(self, stock: Snapshot) -> None:
        """Remove what an earlier life of ours has left in the engine."""
        found = [channel.id for channel in stock.channels] + [bridge.id for bridge in stock.bridges]
        left = {ids[0] for name in found if (ids := marks.parts_of(name, "tap", 2)) is not None}
        for tap_id in left - self._tasks.keys():
            await self._remove(tap_id)

    async def close(self) -> None:
        """End all taps."""
        for tap_id in list(self._tasks):
            self._drop(tap_id)
        if self._leaving:
            await asyncio.wait(self._leaving)

    def _drop(self, tap_id: str) -> None:
        task = self._tasks.pop(tap_id)
        task.cancel()
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)

    async def _keep(self, tap: TapPlan) -> None:
        while True:
            channel_id = self._channel_of(tap.call_id, tap.leg_id)
            if channel_id is not None:
                try:
                    await self._carry(tap, channel_id)
                except (AriError, AriUnavailable, TimeoutError) as error:
                    log.debug("tap %s broke: %s", tap.tap_id, error)
            await asyncio.sleep(RETRY_S)

    async def _carry(self, tap: TapPlan, channel_id: str) -> None:
        """Return when the tap has broken."""
        ends = self._ends[tap.tap_id] = _Ends()
        ear, line, room = (marks.tap(tap.tap_id, part) for part in (EAR, LINE, ROOM))
        try:
            async with asyncio.timeout(CONNECT_S):
                await self._ari.create_bridge(room)
                await self._ari.snoop(channel_id, ear, spy="in", whisper="none", args=("tap",))
                await self._ari.external_media(line, tap.at, data=tap.tap_id)
                await ends.has_both.wait()
                await self._ari.add(room, ear, line)
            await ends.is_broken.wait()
        finally:
            del self._ends[tap.tap_id]
            await self._remove(tap.tap_id)

    async def _remove(self, tap_id: str) -> None:
        with suppress(AriError, AriUnavailable, TimeoutError):
            async with asyncio.timeout(REMOVE_S):
                for part in (EAR, LINE):
                    await self._ari.hang_up(marks.tap(tap_id, part))
                await self._ari.destroy_bridge(marks.tap(tap_id, ROOM))
