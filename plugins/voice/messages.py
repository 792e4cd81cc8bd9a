"""Voice messages: when the engine has recorded one it goes to the media store, and the hub hears of it."""

import asyncio
import logging
from typing import Final

from core.backoff import Backoff
from core.errors import BusUnavailable, RequestFailed
from core.events.calls import Record
from core.tasks import Tasks
from plugins.voice import marks
from plugins.voice.ari import AriUnavailable, Gone
from plugins.voice.ari.events import RecordingFailed, RecordingFinished
from plugins.voice.context import Context
from plugins.voice.marks import Mark
from plugins.voice.reports import Reports

log = logging.getLogger(__name__)

MAX_BYTES: Final = 20_971_520  # 20 minutes
WAVE_HEADER: Final = 44
BYTES_PER_S: Final = 16_000
ROUNDED_S: Final = 1.5  # the engine counts whole seconds


class VoiceMessages:
    """Hands in the messages of one call."""

    def __init__(self, context: Context, reports: Reports) -> None:
        self._context = context
        self._reports = reports
        self._by_key: set[str] = set()
        self._tasks = Tasks()

    def stopped_by_key(self, activity_id: str) -> None:
        """Note that a key ended a message, not silence."""
        self._by_key.add(activity_id)

    def ended(self, event: RecordingFinished | RecordingFailed, wanted: Record | None) -> None:
        """A recording is over."""
        name, duration_s = event.recording.name, event.recording.duration or 0
        ids = marks.parts_of(name, "message", 3)
        assert ids is not None
        outcome = "failed" if isinstance(event, RecordingFailed) else "done"
        if wanted is not None and outcome == "done" and ids[2] not in self._by_key:
            outcome = "done" if duration_s + ROUNDED_S >= wanted.max_s else "silence"
        self._start(name, ids[1], ids[2], outcome)

    async def find(self, mark: Mark) -> None:
        """A message was under way before us: hand it in if it has ended meanwhile."""
        name = marks.message(mark.call_id, mark.leg_id, mark.activity_id)
        try:
            await self._context.ari.live_recording(name)
        except Gone:
            self._start(name, mark.leg_id, mark.activity_id, "done")

    async def done(self) -> None:
        """Return when everything was handed in."""
        await self._tasks.done()

    async def close(self) -> None:
        """Give up; what was not handed in is found at the next start."""
        await self._tasks.close()

    def _start(self, name: str, leg_id: str, activity_id: str, outcome: str) -> None:
        self._tasks.start(self._hand_in(name, leg_id, activity_id, outcome))

    async def _hand_in(self, name: str, leg_id: str, activity_id: str, outcome: str) -> None:
        backoff = Backoff(first_s=0.5, limit_s=10.0)
        while True:
            try:
                data = await self._read(name)
                if len(data) <= WAVE_HEADER:
                    self._reports.activity_ended(leg_id, activity_id, "failed" if outcome == "failed" else "silence")
                    return
                file = await self._context.link.put_media(data, mime="audio/wav", name="voice-message.wav")
                break
            except RequestFailed as error:
                log.error("a voice message is not accepted and stays in the engine: %s", error)
                self._reports.activity_ended(leg_id, activity_id, "failed")
                return
            except (AriUnavailable, BusUnavailable) as error:
                log.debug("a voice message waits: %s", error)
                await asyncio.sleep(backoff.next_s())
        length_s = (len(data) - WAVE_HEADER) / BYTES_PER_S
        self._reports.activity_ended(leg_id, activity_id, outcome, length_s=length_s, file=file)
        await self._context.ari.delete_recording(name)

    async def _read(self, name: str) -> bytes:
        data = bytearray()
        try:
            async for chunk in self._context.ari.fetch_recording(name):
                data += chunk
                if len(data) > MAX_BYTES:
                    log.warning("a voice message is cut at %d bytes", MAX_BYTES)
                    break
        except Gone:
            return b""
        return bytes(data[:MAX_BYTES])
