"""Recordings are found, held and deleted, and go when their time is up."""

import io
import math
import wave
from array import array
from datetime import timedelta
from pathlib import Path
from typing import Literal

import pytest

from core.events import Attachment, TranscriptChanged
from hub.accounts.identity import Identity
from hub.calls.recording_copies import RecordingCopies
from hub.calls.recordings import RecordingQuery, RecordingRules, Recordings
from hub.errors import ApiError
from hub.knowledge.search.conversion import removed_documents
from hub.store.models import AuditRecord, Call, Media, Recording, Transcript, Utterance
from tests.hub.calls.conftest import VOICE
from tests.hub.support.engine import FakeEngine
from tests.hub.support.house import House
from tests.plugins.voice.support.audio import has_tone

SEES_ALL = Identity(
    username="chen", permissions=frozenset({"queue.all", "address.reveal", "recording.find", "recording.manage"})
)
SEES_OWN = Identity(username="zhou", queue_ids=frozenset({"elder"}), permissions=frozenset({"recording.find"}))
NUMBER = "tel:+8613900000001"


async def keep(
    engine: FakeEngine, house: House, recording_id: str, *, sound: bytes = b"", **values: object
) -> Attachment:
    """Keep a recording of a call that comes in; return its file."""
    call_id = await engine.arrive(NUMBER)
    call = await Call.get(call_id=call_id)
    file = await house.services.media.keep(
        sound or recording_id.encode(), mime="audio/wav", name="talk.wav", instance=VOICE
    )
    row = {"queue_id": "general", "number": NUMBER, "started_at": house.services.clock.now(), "length_s": 60.0}
    async with house.services.store.work():
        await Recording.create(
            recording_id=recording_id,
            call_id=call_id,
            conversation_id=call.conversation_id,
            media_id=file.media_id,
            **{**row, **values},
        )
    return file


async def found(house: House, identity: Identity = SEES_ALL, **query: object) -> list[str]:
    views = await house.services.recordings.find(identity, RecordingQuery(**query))  # type: ignore[arg-type]
    return [view.recording_id for view in views]


async def test_recordings_are_found_by_what_is_known_of_them(engine: FakeEngine, still_house: House) -> None:
    now = still_house.services.clock.now()
    await keep(engine, still_house, "short", length_s=5.0, started_at=now - timedelta(hours=2))
    await keep(engine, still_house, "long", length_s=500.0, queue_id="elder", user_id="agent-1")
    assert await found(still_house) == ["long", "short"]
    assert await found(still_house, limit=1, offset=1) == ["short"]
    assert await found(still_house, least_s=100.0) == ["long"]
    assert await found(still_house, most_s=100.0) == ["short"]
    assert await found(still_house, end=now - timedelta(hours=1)) == ["short"]
    assert await found(still_house, begin=now - timedelta(hours=1)) == ["long"]
    assert await found(still_house, user_id="agent-1") == ["long"]
    assert await found(still_house, queue_id="general") == ["short"]
    assert await found(still_house, number="3900000") == ["long", "short"]
    assert await found(still_house, number="3911111") == []
    assert await found(still_house, direction="in", dialled="1234", least_calls=2) == ["long", "short"]
    assert await found(still_house, direction="out") == await found(still_house, dialled="12333") == []
    assert await found(still_house, least_calls=3) == []


async def test_one_sees_the_recordings_of_one_s_queues_and_finds_out_no_numbers(
    engine: FakeEngine, still_house: House
) -> None:
    await keep(engine, still_house, "theirs")
    await keep(engine, still_house, "own", queue_id="elder")
    assert await found(still_house, SEES_OWN) == ["own"]
    assert await found(still_house, SEES_OWN, number="0001") == ["own"]
    assert await found(still_house, SEES_OWN, number="13900000001") == ["own"]
    assert await found(still_house, SEES_OWN, number="39000") == []  # or else digits could be tried one by one
    (view,) = await still_house.services.recordings.find(SEES_OWN, RecordingQuery())
    assert "****" in view.number
    with pytest.raises(ApiError, match="recording"):
        await still_house.services.recordings.delete(SEES_OWN, "theirs", reason="x", remote="")


async def test_a_recording_on_hold_outlasts_rules_and_wishes(engine: FakeEngine, still_house: House) -> None:
    old = still_house.services.clock.now() - timedelta(days=40)
    held, gone = [await keep(engine, still_house, name, started_at=old) for name in ("held", "gone")]
    await keep(engine, still_house, "new")
    recordings = still_house.services.recordings
    await recordings.hold(SEES_ALL, "held", is_held=True, reason="complaint 17", remote="")
    with pytest.raises(ApiError, match="on hold"):
        await recordings.delete(SEES_ALL, "held", reason="wish", remote="")
    assert await recordings.keep_rules() == 0  # for ever, until somebody says otherwise
    await recordings.rules.save(SEES_ALL, RecordingRules(keep_days=30), remote="")
    stored, _ = await still_house.services.media.find(gone.media_id)
    assert await recordings.keep_rules() == 1
    assert not stored.path.exists()
    assert await Media.filter(media_id=gone.media_id).count() == 0
    assert (await Recording.get(recording_id="gone")).deleted_at is not None
    stored, _ = await still_house.services.media.find(held.media_id)
    assert stored.path.exists()
    await recordings.hold(SEES_ALL, "held", is_held=False, reason="settled", remote="")
    assert await recordings.keep_rules() == 1


async def test_what_was_said_goes_with_its_recording(engine: FakeEngine, still_house: House) -> None:
    file = await keep(engine, still_house, "private")
    row = await Recording.get(recording_id="private")
    async with still_house.services.store.work():
        said = await Transcript.create(
            transcript_id="t-1",
            conversation_id=row.conversation_id,
            entry_id="e-1",
            media_id=file.media_id,
            kind="recording",
            state="done",
            created_at=still_house.services.clock.now(),
        )
        await Utterance.create(
            utterance_id="u-1", transcript_id=said.transcript_id, channel=0, start_ms=0, end_ms=900, text="我的病"
        )
    await still_house.services.recordings.delete(SEES_ALL, "private", reason="a wish", remote="")
    assert (await Transcript.all().count(), await Utterance.all().count()) == (0, 0)
    gone = TranscriptChanged(transcript_id="t-1", entry_id="e-1", text="")
    assert removed_documents(gone) == ("records", ["transcript-t-1"])


async def test_a_deletion_is_in_the_audit_log(engine: FakeEngine, still_house: House) -> None:
    await keep(engine, still_house, "wrong")
    await still_house.services.recordings.delete(SEES_ALL, "wrong", reason="a private talk", remote="")
    deed = await AuditRecord.get(action="recording.delete")
    assert (deed.object_id, deed.detail) == ("wrong", {"reason": "a private talk"})
    (view,) = await still_house.services.recordings.find(SEES_ALL, RecordingQuery())
    assert view.file is None


@pytest.mark.parametrize("kind", ["wav", "gsm"])
async def test_recordings_lie_in_a_set_folder_as_wav_or_gsm_until_they_are_deleted(
    engine: FakeEngine, still_house: House, tmp_path: Path, kind: Literal["wav", "gsm"]
) -> None:
    if kind == "gsm":
        pytest.importorskip("soundfile")
    folder = tmp_path / "server"
    copies = RecordingCopies(still_house.hub.router._units, still_house.services.media, str(folder), kind)
    recordings = Recordings(
        still_house.hub.router._units, still_house.services.audit, still_house.services.media, copies
    )
    sound = stereo(440.0, 620.0)
    folder.write_text("a file server that is away")
    await keep(engine, still_house, "talk", sound=sound)
    assert await copies.copy_some() == 0
    folder.unlink()
    assert await copies.copy_some() == 1
    assert await copies.copy_some() == 0  # once
    await keep(engine, still_house, "noise", sound=b"no sound")
    assert await copies.copy_some() == 1
    assert [one.read_bytes() for one in folder.rglob("*-noise.wav")] == [b"no sound"]
    (file,) = folder.rglob("*-talk.*")
    assert file.suffix == f".{kind}"
    if kind == "wav":
        assert file.read_bytes() == sound
    else:
        heard = gsm_samples(file)
        assert len(heard) / 8_000 == pytest.approx(1.0, abs=0.1)
        assert all(has_tone(heard[800:2_400], frequency_hz, least=0.3) for frequency_hz in (440.0, 620.0))
    for recording_id in ("talk", "noise"):
        await recordings.delete(SEES_ALL, recording_id, reason="", remote="")
    assert await copies.remove_some() == 2
    assert list(folder.rglob("*.*")) == []
    assert await copies.remove_some() == 0  # once


async def test_a_copy_goes_after_its_recording_although_the_server_was_away_and_the_copy_not_noted(
    engine: FakeEngine, still_house: House, tmp_path: Path
) -> None:
    folder = tmp_path / "server"
    units, media = still_house.hub.router._units, still_house.services.media
    copies = RecordingCopies(units, media, str(folder), "wav")
    recordings = Recordings(units, still_house.services.audit, media, copies)
    await keep(engine, still_house, "noted")
    await keep(engine, still_house, "unnoted")
    assert await copies.copy_some() == 2
    await Recording.filter(recording_id="unnoted").update(copied_at=None)  # as a kill after the writing leaves it
    for recording_id in ("noted", "unnoted"):
        await recordings.delete(SEES_ALL, recording_id, reason="", remote="")
    folder.rename(tmp_path / "away")
    folder.write_text("a file server that is away")
    assert await copies.remove_some() == 0
    folder.unlink()
    (tmp_path / "away").rename(folder)
    (day,) = folder.iterdir()
    (day / f".{next(day.iterdir()).name}.part").write_text("what a kill left")
    restarted = RecordingCopies(units, media, str(folder), "wav")
    assert await restarted.remove_some() == 2
    assert list(day.iterdir()) == []


async def test_a_recording_that_cannot_be_read_holds_up_no_other(
    engine: FakeEngine, still_house: House, tmp_path: Path
) -> None:
    folder = tmp_path / "server"
    copies = RecordingCopies(still_house.hub.router._units, still_house.services.media, str(folder), "wav")
    for recording_id in ("bad", "good"):
        file = await keep(engine, still_house, recording_id)
        if recording_id == "bad":
            stored, _ = await still_house.services.media.find(file.media_id)
            stored.path.unlink()
            stored.path.mkdir()
    assert await copies.copy_some() == 2
    assert [one.read_bytes() for one in folder.rglob("*.wav")] == [b"good"]
    assert await copies.copy_some() == 0  # the other is not tried again


def stereo(left_hz: float, right_hz: float) -> bytes:
    """Return a second of two tones at 8 kHz as a WAV file."""
    sides = [
        round(8_000 * math.sin(2 * math.pi * hz * at / 8_000)) for at in range(8_000) for hz in (left_hz, right_hz)
    ]
    made = io.BytesIO()
    with wave.open(made, "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(8_000)
        file.writeframes(array("h", sides).tobytes())
    return made.getvalue()


def gsm_samples(file: Path) -> "array[int]":
    """Return what a file of GSM frames sounds like."""
    import soundfile

    read, _ = soundfile.read(
        file, dtype="int16", samplerate=8_000, channels=1, format="RAW", subtype="GSM610", endian="FILE"
    )
    return array("h", read.tobytes())
