"""Administrators see how the writing down goes, and take out what agents corrected."""

import asyncio

from core.transcription import CannotHear, Listening
from hub.transcripts.figures import corrections, transcription
from tests.hub.support.house import House, until
from tests.hub.transcripts.conftest import ASR, RATE_HZ, Runs, said, until_there
from tests.hub.transcripts.test_transcripts import BOSS, hello


async def test_what_is_in_work_shows_its_progress_and_what_waits_its_age(house: House, note, runs: Runs) -> None:
    goes_on = asyncio.Event()

    async def listen(listening: Listening) -> None:
        listening.measured((4 * RATE_HZ,), RATE_HZ)
        await listening.heard(0, 0, RATE_HZ, said("您好"))
        await goes_on.wait()
        await listening.heard(0, RATE_HZ, 4 * RATE_HZ, ())

    first, second = await note("web:a"), await note("web:b")
    transcribers = house.services.transcribers
    async with runs(listen):
        await until(lambda: any(one.heard_s for one in transcribers.progress.values()))
        view = await transcription(transcribers, house.services.clock.now())
        assert (view.waiting, view.done) == (2, 0)
        assert view.oldest_s >= 0
        [sound] = view.running
        assert (sound.instance, sound.heard_s, sound.total_s) == (ASR, 1.0, 4.0)
        [transcriber] = view.transcribers
        assert (transcriber.instance, transcriber.is_usable, transcriber.models) == (ASR, True, {"zh": "ear"})
        goes_on.set()
        for one in (first, second):
            await until_there(transcript_id=one.transcript_id, state="done")
    view = await transcription(transcribers, house.services.clock.now())
    assert (view.waiting, view.done, view.done_s) == (0, 2, 8.0)


async def test_failures_are_listed_with_their_reason(house: House, note, runs: Runs) -> None:
    async def listen(_: Listening) -> None:
        raise CannotHear("unsupported_format", "nobody knows this format")

    async with runs(listen):
        transcript = await note()
        await until_there(transcript_id=transcript.transcript_id, state="failed")
    view = await transcription(house.services.transcribers, house.services.clock.now())
    assert [(one.code, one.reason) for one in view.failed] == [("unsupported_format", "nobody knows this format")]


async def test_corrections_are_training_data(house: House, note, runs: Runs) -> None:
    async with runs(hello):
        transcript = await note()
        await until_there(transcript_id=transcript.transcript_id, state="done")
    [view] = await house.services.transcripts.of_conversation(BOSS, transcript.conversation_id)
    corrected = view.utterances[1]
    await house.services.transcripts.correct(BOSS, corrected.utterance_id, "请讲话")
    [one] = await corrections("", 10)
    assert (one.media_id, one.channel, one.start_ms, one.end_ms) == (transcript.media_id, 1, 500, 700)
    assert (one.recognized, one.corrected, one.model) == ("请讲", "请讲话", "ear")
    assert await corrections(one.utterance_id, 10) == []
    await house.services.transcripts.correct(BOSS, corrected.utterance_id, "请讲")
    assert await corrections("", 10) == []
