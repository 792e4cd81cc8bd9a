"""Vosk listens to real speech in worker processes; a killed one costs no word."""

import os
import signal
import sys
import wave
from array import array
from pathlib import Path

import psutil
import pytest

from core.config import decode_settings
from core.errors import ChannelNotReady, ConfigInvalid
from core.host.load import load_plugin
from core.transcription import CannotHear
from plugins.asr.adapter import VoskTranscriber
from plugins.asr.config import AsrConfig
from tests.plugins.asr.conftest import Link, Listens, Sheet, data


def errors(reference: str, heard: str) -> float:
    """Return the character error rate: Levenshtein's distance by the reference's length."""
    row = list(range(len(heard) + 1))
    for i, expected in enumerate(reference, 1):
        before, row[0] = row[0], i
        for j, got in enumerate(heard, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (expected != got))
    return row[-1] / len(reference)


def samples(path: Path) -> tuple["array[int]", int]:
    with wave.open(str(path)) as file:
        return array("h", file.readframes(file.getnframes())), file.getframerate()


def stereo(target: Path, left: "array[int]", right: "array[int]", rate_hz: int) -> Path:
    both = array("h", bytes(4 * max(len(left), len(right))))
    both[0 : 2 * len(left) : 2] = left
    both[1 : 2 * len(right) : 2] = right
    with wave.open(str(target), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(rate_hz)
        file.writeframes(both.tobytes())
    return target


def workers() -> list[psutil.Process]:
    """Return the processes below this one that listen: a forge's children."""
    return [
        one
        for forge in psutil.Process().children()
        if "plugins.asr.forge" in forge.cmdline()
        for one in forge.children()
    ]


async def test_each_side_of_a_talk_is_heard_on_its_own(
    listens: Listens, model: Path, speech: Path, tmp_path: Path
) -> None:
    left, rate_hz = samples(speech / "p05.wav")
    right, _ = samples(speech / "p04.wav")
    sheet = Sheet(stereo(tmp_path / "talk.wav", left, right, rate_hz))
    async with listens(models=[{"language": "zh", "path": str(model)}]) as vosk:
        outcome = await vosk.transcribe(sheet)
    assert (outcome.language, outcome.model) == ("zh", "vosk-model-tiny-cn")
    frames = max(len(left), len(right))
    assert sheet.shape == ((frames, frames), rate_hz)
    assert errors("受台风影响今天下午两点起全市中小学停课", sheet.text(0)) < 0.4
    assert errors("当前坐席繁忙请耐心等待预计等待时间三分钟", sheet.text(1)) < 0.4
    words = [word for one in sheet.said[1] for word in one.words]
    assert [word.start_ms for word in words] == sorted(word.start_ms for word in words)
    length_ms = frames * 1_000 // rate_hz
    assert all(0 <= word.start_ms <= word.end_ms <= length_ms + 300 for word in words)


@pytest.mark.parametrize("is_broken", [False, True], ids=["by a network", "by pauses where the network cannot be read"])
async def test_marks_are_put_into_what_was_heard(
    listens: Listens, model: Path, speech: Path, tmp_path: Path, is_broken: bool
) -> None:
    pytest.importorskip("onnxruntime")
    marks = tmp_path if is_broken else data("models", "punc")
    places = [[{"language": "zh", "path": str(path)}] for path in (model, marks)]
    sheet = Sheet(speech / "p06.wav")
    async with listens(models=places[0], punctuation=places[1]) as vosk:
        await vosk.transcribe(sheet)
    read = "".join(one.text for one in sheet.said[0])
    assert read.endswith("。")
    assert is_broken or "，" in read
    assert errors("气象台发布暴雨红色预警请低洼地区居民立即转移", sheet.text()) < 0.4


async def test_a_killed_worker_costs_no_word_and_no_word_comes_twice(
    listens: Listens, model: Path, speech: Path, tmp_path: Path
) -> None:
    pause = array("h", bytes(2 * 24_000))
    talk, rate_hz = array("h"), 24_000
    for name in ("p01", "p04", "p05"):
        talk += samples(speech / f"{name}.wav")[0] + pause
    sound = stereo(tmp_path / "long.wav", talk, array("h"), rate_hz)
    whole, killed = Sheet(sound), Sheet(sound)
    async with listens(models=[{"language": "zh", "path": str(model)}], workers=1) as vosk:
        await vosk.transcribe(whole)
        keep = killed.heard
        kills = 0

        async def heard_and_shot(channel: int, begin: int, end: int, utterances: tuple) -> None:
            nonlocal kills
            await keep(channel, begin, end, utterances)
            if channel == 0 and utterances and kills < 2:  # at two moments, each time after something was heard
                kills += 1
                for one in workers():
                    os.kill(one.pid, signal.SIGKILL)

        killed.heard = heard_and_shot  # type: ignore[method-assign]
        await vosk.transcribe(killed)
    assert kills == 2
    for channel in (0, 1):
        ends = [0, *(end for one, _, end in killed.stretches if one == channel)]
        assert [begin for one, begin, _ in killed.stretches if one == channel] == ends[:-1]
        assert ends[-1] == len(talk)
    assert errors(whole.text(), killed.text()) < 0.15  # a recogniser that begins anew hears a little otherwise


async def test_the_whole_recogniser_is_killed_and_the_next_one_goes_on_without_losing_or_doubling_a_word(
    listens: Listens, model: Path, speech: Path, tmp_path: Path
) -> None:
    pause = array("h", bytes(2 * 24_000))
    talk = array("h")
    for name in ("p01", "p04", "p05"):
        talk += samples(speech / f"{name}.wav")[0] + pause
    sound = stereo(tmp_path / "long.wav", talk, array("h"), 24_000)
    settings = {"models": [{"language": "zh", "path": str(model)}], "workers": 1}
    whole, first = Sheet(sound), Sheet(sound)
    keep = first.heard

    async def heard_and_shot(channel: int, begin: int, end: int, utterances: tuple) -> None:
        await keep(channel, begin, end, utterances)
        if channel == 0 and utterances:
            for one in psutil.Process().children(recursive=True):
                if "plugins.asr.forge" in one.cmdline():
                    one.kill()

    first.heard = heard_and_shot  # type: ignore[method-assign]
    async with listens(**settings) as vosk:
        await vosk.transcribe(whole)
        with pytest.raises(ChannelNotReady):
            await vosk.transcribe(first)
    ends = [max((end for one, _, end in first.stretches if one == channel), default=0) for channel in (0, 1)]
    assert 0 < ends[0] < len(talk)
    rest = Sheet(sound, begins=tuple(ends))
    async with listens(**settings) as vosk:
        await vosk.transcribe(rest)
    for channel in (0, 1):
        parts = [(begin, end) for one, begin, end in [*first.stretches, *rest.stretches] if one == channel]
        assert [begin for begin, _ in parts] == [0, *(end for _, end in parts[:-1])]
        assert parts[-1][1] == len(talk)
    assert errors(whole.text(), first.text() + rest.text()) < 0.15


async def test_it_goes_on_from_where_it_is_told(listens: Listens, model: Path, speech: Path, tmp_path: Path) -> None:
    sound, rate_hz = samples(speech / "p05.wav")
    path = stereo(tmp_path / "rest.wav", sound, sound, rate_hz)
    begin = len(sound) // 2
    sheet = Sheet(path, begins=(len(sound), begin))
    async with listens(models=[{"language": "zh", "path": str(model)}]) as vosk:
        await vosk.transcribe(sheet)
    assert 0 not in sheet.said
    assert sheet.stretches[0] == (1, begin, len(sound))
    assert sheet.said[1][0].start_ms >= begin * 1_000 // rate_hz


async def test_what_is_no_sound_is_said_to_be_none(listens: Listens, model: Path, tmp_path: Path) -> None:
    path = tmp_path / "noise"
    path.write_bytes(b"this is no sound" * 100)
    async with listens(models=[{"language": "zh", "path": str(model)}]) as vosk:
        with pytest.raises(CannotHear) as refused:
            await vosk.transcribe(Sheet(path))
    assert refused.value.code == "unsupported_format"
    assert [one.name for one in tmp_path.iterdir() if one.is_file()] == ["noise"]


async def test_a_compressed_voice_note_is_heard(listens: Listens, model: Path, speech: Path, tmp_path: Path) -> None:
    soundfile = pytest.importorskip("soundfile", reason="needs the extra asr")
    path = tmp_path / "note.ogg"
    data, rate_hz = soundfile.read(str(speech / "p04.wav"))
    soundfile.write(str(path), data, rate_hz, format="OGG", subtype="OPUS")
    sheet = Sheet(path)
    async with listens(models=[{"language": "zh", "path": str(model)}]) as vosk:
        await vosk.transcribe(sheet)
    assert errors("当前坐席繁忙请耐心等待预计等待时间三分钟", sheet.text()) < 0.4


async def test_the_language_follows_number_and_queue_before_the_citizen(listens: Listens, model: Path) -> None:
    settings = {
        "models": [{"language": language, "path": str(model)} for language in ("zh", "en", "yue")],
        "language_of_queue": {"foreigners": "en"},
        "language_of_number": {"12346": "yue"},
    }
    async with listens(**settings, workers=1) as vosk:
        spoken = {
            vosk._language(Sheet(Path(), **job).job)
            for job in ({"dialled": "12346", "queue_id": "foreigners"}, {"dialled": "12346"})
        }
        assert spoken == {"yue"}
        assert vosk._language(Sheet(Path(), queue_id="foreigners", language="zh").job) == "en"
        assert vosk._language(Sheet(Path(), language="en-US").job) == "en"
        assert vosk._language(Sheet(Path(), language="fr").job) == "zh"


async def test_without_a_model_it_says_what_to_do(tmp_path: Path) -> None:
    await VoskTranscriber(AsrConfig(), Link(tmp_path)).probe()
    with pytest.raises(ChannelNotReady, match="lianxin model install"):
        await VoskTranscriber(AsrConfig(), Link(tmp_path)).run()
    settings = decode_settings(AsrConfig, {"models": [{"language": "zh", "path": str(tmp_path)}]})
    with pytest.raises(ChannelNotReady, match="no Vosk model at"):
        await VoskTranscriber(settings, Link(tmp_path)).probe()
    with pytest.raises(ConfigInvalid):
        decode_settings(AsrConfig, {"models": [{"language": "zh", "path": "a"}, {"language": "zh", "path": "b"}]})


def test_only_workers_load_vosk() -> None:
    cls, manifest = load_plugin("plugins.asr")
    assert (cls, manifest.kind) == (VoskTranscriber, "transcriber")
    assert "vosk" not in sys.modules
