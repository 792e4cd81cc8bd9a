"""What is recorded is written down once, whoever dies meanwhile, and shown to whoever may read the conversation."""

import asyncio

import pytest

from core.bus import Bus, BusSettings
from core.events import TranscriptionEnded, UtterancesRecognized
from core.host import transcription as hosting
from core.ids import new_id
from core.transcription import CannotHear, Listening
from hub.accounts.identity import Identity
from hub.errors import ApiError
from hub.store.models import Conversation, Entry, Transcript, Utterance
from tests.hub.support.house import House
from tests.hub.transcripts.conftest import ASR, RATE_HZ, Runs, said, until_there

BOSS = Identity(user_id="boss", username="boss", permissions=frozenset({"queue.all", "transcript.numbers"}))
AGENT = Identity(user_id="agent", username="agent", permissions=frozenset({"queue.all"}))
STRANGER = Identity(user_id="stranger", username="stranger", permissions=frozenset())


async def hello(listening: Listening) -> None:
    """Hear the sound itself, then a greeting on each of two channels."""
    assert (await asyncio.to_thread(listening.sound.read_bytes)).startswith(b"sound")
    listening.measured((RATE_HZ, RATE_HZ), RATE_HZ)
    await listening.heard(0, 0, RATE_HZ, said("您好"))
    await listening.heard(1, 0, RATE_HZ, said("请讲", at_ms=500))


async def test_a_voice_note_is_fetched_written_down_and_shown(house: House, note, runs: Runs) -> None:
    async with runs(hello):
        transcript = await note()
        await until_there(transcript_id=transcript.transcript_id, state="done")
    [view] = await house.services.transcripts.of_conversation(BOSS, transcript.conversation_id)
    assert (view.kind, view.language, view.model, view.length_s) == ("voice_note", "zh", "ear", 1.0)
    assert [(one.text, one.speaker) for one in view.utterances] == [("您好", "contact"), ("请讲", "contact")]
    assert view.utterances[0].words[1].start_ms == 100
    entry = await Entry.get(entry_id=transcript.entry_id)
    assert entry.params["transcript"] == "done"
    with pytest.raises(ApiError) as refused:
        await house.services.transcripts.of_conversation(STRANGER, transcript.conversation_id)
    assert refused.value.status == 404


async def test_what_was_recorded_before_anybody_listened_is_written_down_later(note, runs: Runs) -> None:
    transcript = await note()
    async with runs(hello):
        await until_there(transcript_id=transcript.transcript_id, state="done")


async def test_who_comes_after_a_killed_transcriber_goes_on_where_it_was(note, runs: Runs) -> None:
    told = asyncio.Event()

    async def half(listening: Listening) -> None:
        listening.measured((RATE_HZ,), RATE_HZ)
        for n in range(16):  # as many as are handed in together
            await listening.heard(0, n * 100, (n + 1) * 100, said(f"第{n}句"))
        await listening.heard(0, 1_600, 1_700, said("这一句没有交出去"))
        told.set()
        await asyncio.Event().wait()

    async def rest(listening: Listening) -> None:
        listening.measured((RATE_HZ,), RATE_HZ)
        await listening.heard(0, listening.job.begins[0], RATE_HZ, said("最后一句", at_ms=900))

    transcript = await note()
    async with runs(half):
        async with asyncio.timeout(30):
            await told.wait()
    async with runs(rest) as jobs:
        await until_there(transcript_id=transcript.transcript_id, state="done")
    assert [job.begins for job in jobs] == [(1_600,)]
    texts = [
        row.text for row in await Utterance.filter(transcript_id=transcript.transcript_id).order_by("utterance_id")
    ]
    assert texts == [*(f"第{n}句" for n in range(16)), "最后一句"]


async def test_what_is_reported_again_or_by_somebody_else_changes_nothing(house: House, note, runs: Runs) -> None:
    reported = asyncio.Event()

    async def twice(listening: Listening) -> None:
        job = listening.job
        async with await Bus.connect(BusSettings(url=house.nats.url), source=ASR) as bus:
            heard = UtterancesRecognized(
                transcript_id=job.transcript_id, attempt=0, channel=0, begin=0, end=400, utterances=said("一次")
            )
            late = UtterancesRecognized(
                transcript_id=job.transcript_id, attempt=0, channel=0, begin=200, end=800, utterances=said("两次")
            )
            for instance, event in ((ASR, heard), (ASR, heard), (ASR, late), ("asr-other", late)):
                await bus.publish(event, instance, msg_id=new_id())
            ended = TranscriptionEnded(transcript_id=job.transcript_id, attempt=0, ends=(1,))
            await bus.publish(ended, "asr-other", msg_id=new_id())
        reported.set()
        listening.measured((RATE_HZ,), RATE_HZ)
        await listening.heard(0, 400, RATE_HZ, ())

    async with runs(twice):
        transcript = await note()
        await until_there(transcript_id=transcript.transcript_id, state="done")
    assert [row.text for row in await Utterance.all()] == ["一次"]


async def test_a_sound_that_is_not_whole_is_asked_for_again_from_there(note, runs: Runs) -> None:
    async def hasty(listening: Listening) -> None:
        begin = listening.job.begins[0] if listening.job.begins else 0
        listening.measured((RATE_HZ,), RATE_HZ)
        await listening.heard(0, begin, begin + RATE_HZ // 2, said("半句"))

    transcript = await note()
    async with runs(hasty) as jobs:
        await until_there(transcript_id=transcript.transcript_id, state="done")
    assert [(job.attempt, job.begins) for job in jobs] == [(0, ()), (1, (RATE_HZ // 2,))]
    assert await Utterance.all().count() == 2


async def test_the_urgent_one_goes_first_and_those_left_to_be_answered_before_talks(note, runs: Runs) -> None:
    begun: list[str] = []

    async def listen(listening: Listening) -> None:
        begun.append(listening.job.media_id)
        listening.measured((0,), RATE_HZ)

    first, second, urgent, talk = [await note(f"web:n{n}") for n in range(4)]
    await Transcript.filter(transcript_id=urgent.transcript_id).update(priority=urgent.priority + 50)
    await Transcript.filter(transcript_id=talk.transcript_id).update(priority=0)
    async with runs(listen):
        await until_there(transcript_id=talk.transcript_id, state="done")
    assert begun == [one.media_id for one in (urgent, first, second, talk)]


async def test_what_cannot_be_heard_says_why_and_is_tried_again_on_demand(house: House, note, runs: Runs) -> None:
    is_mended = False

    async def listen(listening: Listening) -> None:
        if not is_mended:
            raise CannotHear("unsupported_format", "nobody knows this format")
        await hello(listening)

    async with runs(listen):
        transcript = await note()
        await until_there(transcript_id=transcript.transcript_id, state="failed", code="unsupported_format")
        assert (await Entry.get(entry_id=transcript.entry_id)).params["transcript"] == "failed"
        is_mended = True
        await house.services.transcripts.retry(BOSS, transcript.transcript_id)
        await until_there(transcript_id=transcript.transcript_id, state="done")
    with pytest.raises(ApiError) as refused:
        await house.services.transcripts.retry(BOSS, transcript.transcript_id)
    assert refused.value.code == "wrong_state"


async def test_a_correction_is_shown_and_what_was_recognised_is_kept_beside_it(house: House, note, runs: Runs) -> None:
    async with runs(hello):
        transcript = await note()
        await until_there(transcript_id=transcript.transcript_id, state="done")
    [view] = await house.services.transcripts.of_conversation(BOSS, transcript.conversation_id)
    utterance_id = view.utterances[0].utterance_id
    corrected = await house.services.transcripts.correct(BOSS, utterance_id, "你好啊")
    assert (corrected.text, corrected.is_corrected) == ("你好啊", True)
    row = await Utterance.get(utterance_id=utterance_id)
    assert (row.text, row.corrected, row.corrected_by) == ("您好", "你好啊", "boss")
    with pytest.raises(ApiError) as refused:
        await house.services.transcripts.correct(STRANGER, utterance_id, "x")
    assert refused.value.status == 404


async def test_long_numbers_are_hidden_from_who_may_not_see_them(house: House, note, runs: Runs) -> None:
    number = "我的电话是13800138000"

    async def listen(listening: Listening) -> None:
        listening.measured((RATE_HZ,), RATE_HZ)
        await listening.heard(0, 0, RATE_HZ, said(number))

    async with runs(listen):
        transcript = await note()
        await until_there(transcript_id=transcript.transcript_id, state="done")
    for identity, shown in ((BOSS, number), (AGENT, "我的电话是*********00")):
        [view] = await house.services.transcripts.of_conversation(identity, transcript.conversation_id)
        assert view.utterances[0].text == shown
        assert "".join(word.text for word in view.utterances[0].words) == shown
    with pytest.raises(ApiError) as refused:
        await house.services.transcripts.correct(AGENT, view.utterances[0].utterance_id, "我的电话是*********01")
    assert refused.value.fields == {"text": "masked"}


async def test_a_transcriber_fetches_only_what_it_is_to_write_down(house: House, note, runs: Runs) -> None:
    transcript = await note()
    assert not await house.services.media.is_for(transcript.media_id, ASR)
    async with runs(hello):
        await until_there(transcript_id=transcript.transcript_id, state="done")
    assert not await house.services.media.is_for(transcript.media_id, ASR)
    assert await Conversation.all().count() == 1


async def test_a_sound_that_breaks_the_plugin_again_and_again_is_given_up(
    note, runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hosting, "PAUSE_S", 0.0)

    async def broken(_: Listening) -> None:
        raise ZeroDivisionError

    async with runs(broken) as jobs:
        transcript = await note()
        await until_there(transcript_id=transcript.transcript_id, state="failed", code="crashed")
    assert len(jobs) == hosting.MAX_FAULTS
