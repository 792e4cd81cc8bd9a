"""Voice messages: when the engine has recorded one it goes to the media store, and the hub hears of it."""

import logging
from typing import Final

from core.errors import RequestFailed
from core.events import Attachment
from core.events.calls import Record
from core.tasks import Tasks
from plugins.voice import marks
from plugins.voice.ari import AriUnavailable, Gone
from plugins.voice.ari.events import RecordingFailed, RecordingFinished
from plugins.voice.context import Context
from plugins.voice.handing_in import until_taken
from plugins.voice.outbox import sending
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
        self._begun: set[str] = set()  # to be handed in
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

    async def found(self, name: str) -> None:
        """A message was there before us: hand it in, unless it is under way."""
        ids = marks.parts_of(name, "message", 3)
        assert ids is not None
        try:
            await self._context.ari.live_recording(name)
        except Gone:
            self._start(name, ids[1], ids[2], "done")

    async def done(self) -> None:
        """Return when everything was handed in."""
        await self._tasks.done()

    async def close(self) -> None:
        """Give up; what was not handed in is found at the next start."""
        await self._tasks.close()

    def _start(self, name: str, leg_id: str, activity_id: str, outcome: str) -> None:
        if name not in self._begun:
            self._begun.add(name)
            self._tasks.start(self._hand_in(name, leg_id, activity_id, outcome))

    async def _hand_in(self, name: str, leg_id: str, activity_id: str, outcome: str) -> None:
        try:
            handed_in = await until_taken(lambda: self._store(name), "a voice message")
        except RequestFailed as error:
            log.error("a voice message is not accepted and stays in the engine: %s", error)
            self._reports.activity_ended(leg_id, activity_id, "failed")
            return
        if handed_in is None:
            self._reports.activity_ended(leg_id, activity_id, "failed" if outcome == "failed" else "silence")
        else:
            file, length_s = handed_in
            self._reports.activity_ended(leg_id, activity_id, outcome, length_s=length_s, file=file)
        await self._reports.flushed()
        await self._context.ari.delete_recording(name)

    async def _store(self, name: str) -> tuple[Attachment, float] | None:
        """Return the stored message and its length, or None when nothing was said."""
        data = await self._read(name)
        if len(data) <= WAVE_HEADER:
            return None
        file = await self._context.link.put_media(_whole(data), mime="audio/wav", name="voice-message.wav")
        return file, (len(data) - WAVE_HEADER) / BYTES_PER_S

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


async def hand_in_orphan(context: Context, name: str) -> None:
    """Hand in a message whose author hung up while nobody of ours was there."""
    ids = marks.parts_of(name, "message", 3)
    assert ids is not None
    async with sending(context.link) as outbox:
        messages = VoiceMessages(context, Reports(ids[0], outbox))
        try:
            await messages.found(name)
            await messages.done()
            await outbox.flushed()
        except AriUnavailable:
            return  # the next start finds it
        finally:
            await messages.close()


def _whole(data: bytes) -> bytes:
    """Return a WAV file whose header knows its length: an engine that was killed has not written it down."""
    sound = data[WAVE_HEADER:]
    riff_size, sound_size = ((len(data) - 8).to_bytes(4, "little"), len(sound).to_bytes(4, "little"))
    return data[:4] + riff_size + data[8 : WAVE_HEADER - 4] + sound_size + sound
