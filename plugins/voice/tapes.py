"""Recordings of talks: what the citizen says goes to the left, what they hear to the right.

A recording consists of stretches: it stops while it is paused and while the citizen is not in the room. Each side of a
stretch is a file that the engine writes by itself, headerless, so that what was written is good at every moment. The
names hold everything there is to know, so a successor needs nobody to tell it.
"""

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Final

from core.errors import RequestFailed
from core.events import RecordingEnded
from core.tasks import Tasks
from plugins.voice import marks
from plugins.voice.ari import AriUnavailable, Conflict, Gone, Refused
from plugins.voice.context import Context
from plugins.voice.handing_in import until_taken
from plugins.voice.outbox import Outbox, sending
from plugins.voice.reconcile import Leg, Stock
from plugins.voice.stereo import FORMAT, Stretch, join

log = logging.getLogger(__name__)

SIDES: Final = {"left": "in", "right": "out"}  # what the engine calls what a channel says, and what it hears
TOLD_S: Final = 1.0  # for the engine to say that it has written a side down, before it is asked
CLOSING_S: Final = 5.0
CLOSING_POLL_S: Final = 0.05


@dataclass(slots=True)
class Opening:
    """A stretch whose two listeners are on their way."""

    names: dict[str, str]
    there: set[str]


class Tapes:
    """The recordings of one call."""

    def __init__(self, context: Context, call_id: str, stock: Stock, outbox: Outbox) -> None:
        self._context = context
        self._ari = context.ari
        self._call_id = call_id
        self._stock = stock
        self._outbox = outbox
        self._names: dict[str, set[str]] = {}  # of each recording's sides, all its stretches
        self._opening: dict[str, Opening] = {}
        self._written: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)  # by the name of a side
        self._tasks = Tasks()

    async def start(self, recording_id: str, leg: Leg) -> None:
        """Begin a stretch with what ``leg`` says and hears."""
        begun_ms = time.time_ns() // 1_000_000
        names = {side: marks.tape(self._call_id, recording_id, begun_ms, side) for side in SIDES}
        self._opening[recording_id] = Opening(names, set())
        self._names.setdefault(recording_id, set()).update(names.values())
        for side, name in names.items():
            spy = SIDES[side]
            await self._ari.snoop(leg.channel_id, name, spy=spy, whisper="none", args=("tape", self._call_id))  # type: ignore[arg-type]
        self._stock.tapes[recording_id] = leg.mark.leg_id

    async def listener_came(self, name: str) -> None:
        """Record once both listeners of a stretch are there, at one moment."""
        ids = marks.parts_of(name, "tape", 4)
        opening = self._opening.get(ids[1]) if ids else None
        if ids is None or opening is None or name not in opening.names.values():
            return
        opening.there.add(name)
        if len(opening.there) == len(SIDES):
            del self._opening[ids[1]]
            await asyncio.gather(*(self._record(name) for name in opening.there))

    def found(self, recording_id: str, names: Iterable[str], *, leg_id: str) -> None:
        """A stretch was there before us; ``leg_id`` is who is being recorded, nobody when it has ended."""
        self._names.setdefault(recording_id, set()).update(names)
        self._stock.tapes[recording_id] = leg_id or self._stock.tapes.get(recording_id, "")

    async def stop(self, recording_id: str) -> None:
        """End the stretch that is being recorded, by letting its listeners go."""
        self._opening.pop(recording_id, None)
        if self._stock.tapes.get(recording_id):
            for name in self._names.get(recording_id, ()):
                if not self._written[name].is_set():
                    await self._ari.hang_up(name)
        self._stock.tapes[recording_id] = ""

    async def end(self, recording_id: str) -> None:
        """End a recording and hand it in."""
        await self.stop(recording_id)
        self._stock.tapes.pop(recording_id, None)
        names = self._names.pop(recording_id, set())
        self._tasks.start(hand_in(self._context, self._outbox, self._call_id, recording_id, names, closed=self._closed))

    def left(self, leg_id: str) -> None:
        """Whoever was recorded is gone, and with them their listeners."""
        for recording_id, recorded in self._stock.tapes.items():
            if recorded == leg_id:
                self._stock.tapes[recording_id] = ""

    def written(self, name: str) -> None:
        """The engine has written down everything of a recording's side, or of something else."""
        self._written[name].set()

    async def done(self) -> None:
        """Return when everything was handed in."""
        await self._tasks.done()

    async def close(self) -> None:
        """Give up; what was not handed in is found at the next start."""
        await self._tasks.close()

    async def _closed(self, name: str) -> None:
        try:
            async with asyncio.timeout(TOLD_S):
                await self._written[name].wait()
        except TimeoutError:
            await _closed(self._context, name)

    async def _record(self, name: str) -> None:
        try:
            await self._ari.record(name, name, audio_format=FORMAT)
        except (Gone, Conflict, Refused) as error:
            log.warning("a side of a recording could not be begun: %s", error)


async def hand_in(
    context: Context,
    outbox: Outbox,
    call_id: str,
    recording_id: str,
    names: Iterable[str],
    *,
    closed: Callable[[str], Awaitable[None]],
    is_cut: bool = False,
) -> None:
    """Put a recording's stretches together, store it with the hub, report it, and only then remove them.

    ``closed`` returns when a side was written down.
    """
    folder = context.link.data_dir / "tapes" / recording_id
    names = sorted(names)

    async def store() -> RecordingEnded | None:
        for name in names:
            await closed(name)
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
        await hand_in(context, outbox, call_id, recording_id, names, closed=partial(_closed, context), is_cut=is_cut)


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


async def _closed(context: Context, name: str) -> None:
    """Return when the engine has written everything down."""
    try:
        async with asyncio.timeout(CLOSING_S):
            while True:
                await context.ari.live_recording(name)
                await asyncio.sleep(CLOSING_POLL_S)
    except Gone:
        return
    except TimeoutError:
        log.warning("a recording does not end: %s", name)


async def _fetch(context: Context, name: str, path: Path) -> bool:
    try:
        with await asyncio.to_thread(path.open, "wb") as file:
            async for chunk in context.ari.fetch_recording(name):
                await asyncio.to_thread(file.write, chunk)
    except Gone:
        return False
    return True


def _remove(folder: Path) -> None:
    if folder.exists():
        for path in folder.iterdir():
            path.unlink()
        folder.rmdir()
