"""A hub, a citizen who sends voice notes, and transcribers that hear what a test says."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest

from core.events import Attachment, TranscriptionJob, Utterance, Word
from core.transcription import Listening, Outcome
from hub.store.models import Transcript
from tests.hub.support.channel import FakeChannel
from tests.hub.support.house import INSTANCE, House
from tests.hub.support.transcriber import ASR, EarBase, hosted

RATE_HZ = 8_000
_numbers = itertools.count(1)

Script = Callable[[Listening], Awaitable[None]]
Runs = Callable[..., AbstractAsyncContextManager[list[TranscriptionJob]]]


def said(text: str, *, at_ms: int = 0) -> tuple[Utterance, ...]:
    """Return one utterance of ``text``, a word for each character."""
    words = tuple(Word(char, at_ms + 100 * n, at_ms + 100 * (n + 1), 0.9) for n, char in enumerate(text))
    return (Utterance(start_ms=at_ms, end_ms=at_ms + 100 * len(text), text=text, words=words),)


@pytest.fixture
async def note(house: House, channel: FakeChannel) -> Callable[..., Awaitable[Transcript]]:
    """Return what lets a citizen send a voice note; its transcript is ordered then."""

    async def send(sender: str = "web:anna", content: bytes = b"") -> Transcript:
        stored = await house.services.media.keep(
            content or b"sound %d" % next(_numbers), mime="audio/ogg", name="", instance=INSTANCE
        )
        file = Attachment(media_id=stored.media_id, mime=stored.mime, is_voice=True)
        await channel.write(sender, attachments=(file,))
        await until_there(media_id=file.media_id)
        return await Transcript.get(media_id=file.media_id)

    return send


async def until_there(**wanted: object) -> None:
    """Return when there is such a transcript."""
    async with asyncio.timeout(30):
        while not await Transcript.filter(**wanted).exists():
            await asyncio.sleep(0.005)


@pytest.fixture
def runs(house: House, tmp_path) -> Runs:
    """Return what runs a transcriber in its host; it does with every sound what ``script`` says."""

    @asynccontextmanager
    async def run(script: Script, instance: str = ASR, at_once: int = 1) -> AsyncIterator[list[TranscriptionJob]]:
        jobs: list[TranscriptionJob] = []

        class Ear(EarBase):
            slots = at_once

            async def transcribe(self, listening: Listening) -> Outcome:
                jobs.append(listening.job)
                await script(listening)
                return Outcome(language="zh", model="ear", spent_s=0.1)

        async with hosted(house, Ear, tmp_path, instance):
            yield jobs

    return run
