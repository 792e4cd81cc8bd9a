"""Shares the waiting sounds out among the transcribers, the urgent ones first, and knows how far each is.

The queue is the table ``transcript``: a sound is given to one transcriber at a time, which is told again and again
what to work on, so that nothing is lost whichever process dies.
"""

import asyncio
import contextlib
import logging
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Final

from tortoise.queryset import QuerySet

from core.bus import Bus
from core.errors import BusUnavailable, RequestFailed
from core.events import (
    ConversationChanged,
    EntryAdded,
    Envelope,
    Event,
    ModelsChanged,
    TranscriptChanged,
    TranscriptionAnswer,
    TranscriptionJob,
    TranscriptionPlan,
    TranscriptionProgress,
)
from core.subjects import ASK_TRANSCRIBE, fill
from hub.plugin_instances import PluginInstances
from hub.store.models import Transcript
from hub.transcripts.taps import Taps
from hub.units import Units

log = logging.getLogger(__name__)

LOOK_S: Final = 1.0  # while something is being written down
IDLE_S: Final = 15.0
BEHIND_S: Final = 300.0  # that a recording waits: calls in progress have to do without
CAUGHT_UP_S: Final = 60.0
FRESH: Final = timedelta(days=1)  # an archive that was never listened to lets new sounds pass


class Transcribers:
    """The hub's side of ``core.host.transcription``."""

    def __init__(self, units: Units, bus: Bus, instances: PluginInstances, taps: Taps) -> None:
        self._units = units
        self._bus = bus
        self._instances = instances
        self.taps = taps
        self._is_behind = False  # with recordings
        self.models: dict[str, ModelsChanged] = {}
        self.progress: dict[str, TranscriptionProgress] = {}
        self._working: set[str] = set()  # instances that were last told to work on something
        self._wake = asyncio.Event()
        units.store.on_commit(self._hear)

    async def run(self) -> None:
        """Follow who can listen and keep them busy, until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._follow())
            group.create_task(self._share_out())

    def is_usable(self, instance: str) -> bool:
        """Whether the transcriber can work now."""
        status, state = self._instances.statuses.get(instance), self._instances.channel_states.get(instance)
        is_stopped = status is not None and status.process == "stopped"
        return instance in self.models and not is_stopped and state is not None and state.state == "ready"

    def _hear(self, recorded: Iterable[tuple[str, Envelope, Event]]) -> None:
        """Look at once when something new is to be written down, or somebody has their hands free."""
        events = [event for _, _, event in recorded]
        hears_calls = any(one.live_at for one in self.models.values())
        if any(isinstance(event, TranscriptChanged) or _has_files(event) for event in events) or (
            hears_calls and any(_is_spoken_in(event) for event in events)
        ):
            self._wake.set()

    async def _follow(self) -> None:
        async for instance, event in self._bus.follow(ModelsChanged):
            self.models[instance] = event
            self._wake.set()

    async def _share_out(self) -> None:
        while True:
            self._wake.clear()
            await self._look()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S if self._working or self.taps.are_there else IDLE_S):
                    await self._wake.wait()

    async def _look(self) -> None:
        waiting = Transcript.filter(state="waiting")
        rows = await waiting.exclude(instance="").only("transcript_id", "instance")
        ids = {row.transcript_id for row in rows}
        self.progress = {key: one for key, one in self.progress.items() if key in ids}
        for instance in {row.instance for row in rows}:
            if not self.is_usable(instance):
                await self._release(instance)
        usable = {name: event for name, event in sorted(self.models.items()) if self.is_usable(name)}
        self._working &= usable.keys()
        doors = {name: event.live_at for name, event in usable.items() if event.live_at}
        await self.taps.settle({} if await self._falls_behind() else doors)
        for instance, event in usable.items():
            await self._tell(instance, event.slots)
        await self.taps.tell()

    async def _falls_behind(self) -> bool:
        """Whether recordings wait so long that nobody has time to listen to calls in progress."""
        now = self._units.now()
        fresh = Transcript.filter(state="waiting", created_at__gte=now - FRESH)
        oldest = await fresh.order_by("created_at").first()
        waits_s = 0.0 if oldest is None else (now - oldest.created_at).total_seconds()
        is_behind = waits_s > (CAUGHT_UP_S if self._is_behind else BEHIND_S)
        if is_behind != self._is_behind:
            log.info("a recording has waited %d s: calls are %s", waits_s, "not heard" if is_behind else "heard again")
        self._is_behind = is_behind
        return is_behind

    async def _tell(self, instance: str, slots: int) -> None:
        """Give ``instance`` its share and hear how far it is."""
        rows = await _waiting().filter(instance=instance)
        if len(rows) < slots:
            rows = [*rows, *await self._assign(instance, slots - len(rows))]
        live = self.taps.jobs(instance)
        if not rows and not live and instance not in self._working:
            return
        plan = TranscriptionPlan(jobs=tuple(_job(row) for row in rows), live=live)
        try:
            answer = await self._bus.request(fill(ASK_TRANSCRIBE, instance), plan, reply=TranscriptionAnswer)
        except (BusUnavailable, RequestFailed) as error:
            log.debug("%s was not told what to write down: %s", instance, error)
            self._working.add(instance)  # so that it is told soon
            return
        (self._working.add if rows or live else self._working.discard)(instance)
        self.taps.heed(instance, answer.live_slots)
        mine = {row.transcript_id for row in rows}
        self.progress = {key: one for key, one in self.progress.items() if key not in mine}
        self.progress.update((one.transcript_id, one) for one in answer.progress)

    async def _assign(self, instance: str, count: int) -> Sequence[Transcript]:
        if not await Transcript.filter(state="waiting", instance="").exists():
            return ()
        async with self._units.open() as unit:
            free = _waiting().filter(instance="")
            rows: list[Transcript] = await free.filter(created_at__gte=unit.now - FRESH).limit(count)
            if len(rows) < count:
                rows += await free.filter(created_at__lt=unit.now - FRESH).limit(count - len(rows))
            for row in rows:
                row.instance = instance
                unit.touch(row)
        return rows

    async def _release(self, instance: str) -> None:
        """Let others have what ``instance`` cannot work on now."""
        async with self._units.open() as unit:
            for row in await Transcript.filter(state="waiting", instance=instance):
                row.instance = ""
                unit.touch(row)


def _waiting() -> QuerySet[Transcript]:
    return Transcript.filter(state="waiting").order_by("-priority", "transcript_id")


def _job(row: Transcript) -> TranscriptionJob:
    return TranscriptionJob(
        transcript_id=row.transcript_id,
        attempt=row.attempt,
        media_id=row.media_id,
        begins=tuple(row.ends),
        language=row.language,
        queue_id=row.queue_id or "",
        dialled=row.dialled,
    )


def _is_spoken_in(event: Event) -> bool:
    """Whether it is about a call in which somebody talks, or has until now, or is at a menu."""
    conversation = event.conversation if isinstance(event, ConversationChanged) else None
    if conversation is None or conversation.call is None:
        return False
    return conversation.call.talked_at is not None or conversation.state == "flow"


def _has_files(event: Event) -> bool:
    return isinstance(event, EntryAdded) and bool(event.entry.attachments)
