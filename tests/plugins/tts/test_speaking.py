"""The real model where it is installed, and what is done to its samples everywhere."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pytest

from core.config import decode_settings
from core.errors import ChannelNotReady, ConfigInvalid
from core.events import ChannelState, SpeechRequest
from core.host.load import load_plugin
from core.speech import CannotSpeak
from plugins.tts.adapter import KokoroSynthesizer
from plugins.tts.config import TtsConfig
from plugins.tts.files import STYLE_BYTES, model_parts, voice_file, whole_model
from plugins.tts.sound import pcm, resample, silence, trim

LOAD_S = 60.0


class Link:
    instance = "tts-main"

    def __init__(self, folder: Path) -> None:
        self.data_dir = folder
        self.is_ready = asyncio.Event()

    async def emit(self, event: ChannelState) -> None:
        assert event.state == "ready"
        self.is_ready.set()


@asynccontextmanager
async def running(folder: Path, **settings) -> AsyncIterator[KokoroSynthesizer]:
    link = Link(folder)
    synthesizer = KokoroSynthesizer(decode_settings(TtsConfig, settings), link)
    task = asyncio.create_task(synthesizer.run())
    try:
        async with asyncio.timeout(LOAD_S):
            await link.is_ready.wait()
        yield synthesizer
    finally:
        task.cancel()
        await asyncio.wait({task})


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> Path:
    """Return a folder in which the model lies whole."""
    try:
        parts = model_parts("")
    except ChannelNotReady as error:
        pytest.skip(str(error))
    folder = tmp_path_factory.mktemp("kokoro")
    whole_model(parts, folder)
    return folder


def ask(text: str, language: str = "zh", voice: str = "zf_xiaobei") -> SpeechRequest:
    return SpeechRequest(text=text, language=language, voice=voice)


async def test_prompts_are_spoken_in_both_languages(model: Path) -> None:
    async with running(model, rate_hz=8000) as synthesizer:
        spoken = await synthesizer.synthesize(ask('您好，<break time="1s"/>请按1。'))
        assert spoken.rate_hz == 8000
        assert 1.8 < spoken.length_s < 6
        samples = np.frombuffer(spoken.pcm, "<i2")
        assert 2_000 < np.abs(samples).max() < 32_767  # heard, and not overdriven
        english = await synthesizer.synthesize(ask("Please hold the line.", "en", "af_heart"))
        assert 0.8 < english.length_s < 5
        with pytest.raises(CannotSpeak):
            await synthesizer.synthesize(ask("。。。"))
        with pytest.raises(CannotSpeak):
            await synthesizer.synthesize(ask("您好", voice="zm_nobody"))


async def test_a_text_nobody_waits_for_is_given_up(model: Path) -> None:
    async with running(model) as synthesizer:
        long = asyncio.create_task(synthesizer.synthesize(ask("我们会尽快给您回电话。" * 200)))
        await asyncio.sleep(0)
        long.cancel()
        await asyncio.wait({long})
        assert long.cancelled()
        assert (await synthesizer.synthesize(ask("好"))).length_s < 3


@pytest.mark.parametrize(
    "settings",
    [{"model_path": "/no/such/model.onnx"}, {"voices_dir": "/no/such/folder"}, {"voice_zh": "zf_missing"}],
)
async def test_missing_files_are_found_by_the_probe(settings: dict[str, str], tmp_path: Path) -> None:
    synthesizer = KokoroSynthesizer(decode_settings(TtsConfig, settings), Link(tmp_path))
    with pytest.raises(ChannelNotReady, match=r"there is no"):
        await synthesizer.probe()


async def test_a_file_that_is_no_model_is_told_apart_from_a_bug(tmp_path: Path) -> None:
    bad = tmp_path / "bad.onnx"
    bad.write_bytes(b"no model")
    synthesizer = KokoroSynthesizer(decode_settings(TtsConfig, {"model_path": str(bad)}), Link(tmp_path))
    with pytest.raises(ChannelNotReady, match="cannot be loaded"):
        await synthesizer.run()


def test_a_language_can_be_left_to_others() -> None:
    assert decode_settings(TtsConfig, {"voice_en": ""}).voice_zh == "zf_xiaobei"


def test_settings_without_any_voice_are_refused() -> None:
    with pytest.raises(ConfigInvalid):
        decode_settings(TtsConfig, {"voice_zh": "", "voice_en": ""})
    with pytest.raises(ConfigInvalid):
        decode_settings(TtsConfig, {"voice_zh": "../etc/passwd"})


def test_the_plugin_agrees_with_its_manifest_and_brings_its_voices() -> None:
    cls, manifest = load_plugin("plugins.tts")
    assert cls is KokoroSynthesizer
    assert (manifest.memory_mib or 0) > 512
    assert voice_file("zf_xiaobei", "").stat().st_size == STYLE_BYTES
    assert voice_file("af_heart", "").stat().st_size == STYLE_BYTES


def test_a_damaged_voice_is_refused(tmp_path: Path) -> None:
    (tmp_path / "zf_x.bin").write_bytes(b"short")
    with pytest.raises(ChannelNotReady, match="no Kokoro voice"):
        voice_file("zf_x", str(tmp_path))


@pytest.mark.parametrize("to_hz", [8000, 16_000])
def test_a_tone_stays_itself_at_another_rate(to_hz: int) -> None:
    tone = np.sin(2 * np.pi * 1_000 * np.arange(24_000) / 24_000).astype(np.float32)
    changed = resample(tone, 24_000, to_hz)
    assert changed.size == to_hz
    wanted = np.sin(2 * np.pi * 1_000 * np.arange(to_hz) / to_hz)
    inside = slice(200, -200)
    assert np.abs(changed[inside] - wanted[inside]).max() < 0.02


def test_what_a_lower_rate_cannot_carry_is_filtered_out() -> None:
    hiss = np.sin(2 * np.pi * 7_000 * np.arange(24_000) / 24_000).astype(np.float32)
    assert np.abs(resample(hiss, 24_000, 8_000)[100:-100]).max() < 0.01


def test_silence_around_speech_is_cut() -> None:
    speech = np.full(2_400, 0.5, np.float32)
    padded = np.concatenate([silence(1.0, 24_000), speech, silence(1.0, 24_000)])
    assert 2_400 < trim(padded, 24_000).size < 2_400 + 2 * 0.05 * 24_000
    assert trim(silence(1.0, 24_000), 24_000).size == 0


def test_samples_beyond_the_scale_are_limited() -> None:
    assert pcm(np.array([0.0, 2.0, -2.0], np.float32)) == b"\x00\x00\xff\x7f\x01\x80"
