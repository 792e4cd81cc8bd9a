"""Recordings of talks: what the citizen says goes to the left, what they hear to the right.

A recording consists of stretches: it stops while it is paused and while the citizen is not in the room. Each side of a
stretch is a file that the engine writes by itself, headerless, so that what was written is good at every moment. The
names hold everything there is to know, so a successor needs nobody to tell it.
"""

import asyncio
import logging
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from core.errors import RequestFailed
from core.events import RecordingEnded
from core.tasks import Tasks
from plugins.voice import marks
from plugins.voice.ari import AriUnavailable, Gone, Refused
from plugins.voice.context import Context
from plugins.voice.handing_in import until_taken
from plugins.voice.noting import note
from plugins.voice.outbox import Outbox, sending
from plugins.voice.reconcile import Leg, Stock
from plugins.voice.stereo import BLOCK_BYTES, FORMAT, Stretch, join

log = logging.getLogger(__name__)

SIDES: Final = ("left", "right")
CLOSING_S: Final = 2.0
CLOSING_POLL_S: Final = 0.1


class Tapes:
    """The recordings of one call."""

    def __init__(self, context: Context, call_id: str, stock: Stock, outbox: Outbox) -> None:
        self._context = context
        self._ari = context.ari
        self._call_id = call_id
        self._stock = stock
        self._outbox = outbox
        self._names: dict[str, set[str]] = {}  # of each recording's sides, all its stretches
        self._tasks = Tasks()

    async def start(self, recording_id: str, leg: Leg) -> None:
        """Begin a stretch with what ``leg`` says and hears, unless it was begun and only the answer was lost."""
        begun_ms = leg.mark.tapes.get(recording_id, 0)
        if begun_ms <= 0 or not await self._monitor_id(leg, begun_ms):
            begun_ms = time.time_ns() // 1_000_000
            await note(self._ari, leg, tapes={**leg.mark.tapes, recording_id: begun_ms})
            says, hears = (f"{name}.{FORMAT}" for name in self._stretch(recording_id, begun_ms))
            await self._ari.monitor(leg.channel_id, says=says, hears=hears, variable=marks.monitor(begun_ms))
        self._began(recording_id, leg)

    async def found_on(self, leg: Leg) -> None:
        """A leg was there before us: go on with what it is being recorded for, and with ending that."""
        for recording_id, begun_ms in leg.mark.tapes.items():
            if monitor_id := await self._monitor_id(leg, abs(begun_ms)):
                if begun_ms > 0:
                    self._began(recording_id, leg)
                else:
                    await self._ari.stop_monitor(leg.channel_id, monitor_id)

    def found(self, recording_id: str, names: Iterable[str]) -> None:
        """Files of a recording were there before us."""
        self._names.setdefault(recording_id, set()).update(names)
        self._stock.tapes.setdefault(recording_id, "")

    async def stop(self, recording_id: str) -> None:
        """End the stretch that is being recorded; it ends by itself with its leg."""
        leg = self._stock.legs.get(self._stock.tapes.get(recording_id, ""))
        if leg is not None and not (leg.is_leaving or leg.is_hung_up):
            begun_ms = abs(leg.mark.tapes[recording_id])
            await note(self._ari, leg, tapes={**leg.mark.tapes, recording_id: -begun_ms})
            await self._ari.stop_monitor(leg.channel_id, await self._monitor_id(leg, begun_ms))
        self._stock.tapes[recording_id] = ""

    async def leaves(self, leg: Leg) -> None:
        """End the stretches that record a leg before anything else begins with it: see docs/calls.md."""
        for recording_id, recorded in list(self._stock.tapes.items()):
            if recorded == leg.mark.leg_id:
                try:
                    await self.stop(recording_id)
                except Refused as error:
                    log.warning("a recording goes on: %s", error)

    async def end(self, recording_id: str) -> None:
        """End a recording and hand it in."""
        await self.stop(recording_id)
        self._stock.tapes.pop(recording_id, None)
        names = self._names.pop(recording_id, set())
        self._tasks.start(hand_in(self._context, self._outbox, self._call_id, recording_id, names))

    def left(self, leg_id: str) -> None:
        """Whoever was recorded is gone."""
        for recording_id, recorded in self._stock.tapes.items():
            if recorded == leg_id:
                self._stock.tapes[recording_id] = ""

    async def done(self) -> None:
        """Return when everything was handed in."""
        await self._tasks.done()

    async def close(self) -> None:
        """Give up; what was not handed in is found at the next start."""
        await self._tasks.close()

    def _began(self, recording_id: str, leg: Leg) -> None:
        names = self._stretch(recording_id, leg.mark.tapes[recording_id])
        self._names.setdefault(recording_id, set()).update(names)
        self._stock.tapes[recording_id] = leg.mark.leg_id

    def _stretch(self, recording_id: str, begun_ms: int) -> list[str]:
        return [marks.tape(self._call_id, recording_id, begun_ms, side) for side in SIDES]

    async def _monitor_id(self, leg: Leg, begun_ms: int) -> str:
        try:
            return await self._ari.variable(leg.channel_id, marks.monitor(begun_ms))
        except Gone:
            return ""


async def hand_in(
    context: Context,
    outbox: Outbox,
    call_id: str,
    recording_id: str,
    names: Iterable[str],
    *,
    is_cut: bool = False,
) -> None:
    """Put a recording's stretches together, store it with the hub, report it, and only then remove them."""
    folder = context.link.data_dir / "tapes" / recording_id
    names = sorted(names)

    async def store() -> RecordingEnded | None:
        return await _store(context, call_id, recording_id, names, folder, is_cut=is_cut)

    try:
        report = await until_taken(store, f"recording {recording_id}")
    except RequestFailed as error:
        log.error("recording %s is not accepted and stays in the engine: %s", recording_id, error)
        return
    finally:
        await asyncio.to_thread(_remove, folder)
    if report is not None:
        outbox.put(report)
        await outbox.flushed()
    for name in names:
        await context.ari.delete_recording(name)


async def hand_in_orphan(context: Context, call_id: str, recording_id: str, names: list[str]) -> None:
    """Hand in a recording whose call ended while nobody of ours was there; it is cut when the engine died in it."""
    begun_ms = max(int(parts[2]) for name in names if (parts := marks.parts_of(name, "tape", 4)))
    try:
        started = await context.ari.started_at()
    except AriUnavailable:
        return  # the next start finds it
    is_cut = started.timestamp() * 1_000 > begun_ms
    async with sending(context.link) as outbox:
        await hand_in(context, outbox, call_id, recording_id, names, is_cut=is_cut)


async def _store(
    context: Context, call_id: str, recording_id: str, names: list[str], folder: Path, *, is_cut: bool
) -> RecordingEnded | None:
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    stretches: dict[int, Stretch] = {}
    for name in names:
        ids = marks.parts_of(name, "tape", 4)
        assert ids is not None
        begun_ms, side = int(ids[2]), ids[3]
        path = folder / f"{begun_ms}-{side}"
        if await _fetch(context, name, path):
            stretch = stretches.setdefault(begun_ms, Stretch(begun_ms, folder / "none", folder / "none"))
            setattr(stretch, side, path)
    if not stretches:
        log.warning("recording %s is empty", recording_id)
        return None
    whole = folder / "talk.wav"
    length_s = await asyncio.to_thread(join, list(stretches.values()), whole, context.config.recording_rate_hz)
    file = await context.link.put_file(whole, mime="audio/wav", name=f"{recording_id}.wav")
    return RecordingEnded(
        call_id=call_id,
        recording_id=recording_id,
        file=file,
        started_at=datetime.fromtimestamp(min(stretches) / 1_000, UTC),
        length_s=length_s,
        is_cut=is_cut,
    )


async def _fetch(context: Context, name: str, path: Path) -> bool:
    """Store a side once the engine has written all of it, as far as it ever will; False: there is none.

    The engine writes whole blocks, and what is left over when it closes the file. It tells nobody of that.
    """
    loop = asyncio.get_running_loop()
    until = loop.time() + CLOSING_S
    while True:
        size = await _copy(context, name, path)
        if size is not None and (size % BLOCK_BYTES or loop.time() >= until):
            return True
        if loop.time() >= until:
            return False
        await asyncio.sleep(CLOSING_POLL_S)


async def _copy(context: Context, name: str, path: Path) -> int | None:
    """Store a side as it is now; return its size in bytes, None when there is none."""
    try:
        with await asyncio.to_thread(path.open, "wb") as file:
            async for chunk in context.ari.fetch_recording(name):
                await asyncio.to_thread(file.write, chunk)
            return file.tell()
    except Gone:
        return None


def _remove(folder: Path) -> None:
    if folder.exists():
        for path in folder.iterdir():
            path.unlink()
        folder.rmdir()
