"""A Mandarin model and labelled speech, where the machine has them beside the checkout, and Vosk around them."""

import asyncio
import importlib.util
import os
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from core.config import decode_settings
from core.events import ChannelState, TranscriptionJob, Utterance
from plugins.asr.adapter import VoskTranscriber
from plugins.asr.config import AsrConfig

DATA = Path(os.environ.get("LIANXIN_TEST_DATA", Path(__file__).parents[4] / "shared"))
LOAD_S = 60.0

Listens = Callable[..., AbstractAsyncContextManager[VoskTranscriber]]


def data(*parts: str) -> Path:
    """Return test data from beside the checkout; skips the test where there is none."""
    path = DATA.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"needs {'/'.join(parts)} beside the checkout, or in the folder LIANXIN_TEST_DATA names")
    return path


@pytest.fixture
def model() -> Path:
    if importlib.util.find_spec("vosk") is None:  # not imported: only workers may
        pytest.skip("needs the extra asr")
    return data("models", "vosk-model-tiny-cn")


@pytest.fixture
def speech() -> Path:
    """Return hotline prompts, p01.wav to p12.wav."""
    return data("audio", "kokoro_zf_xiaobei")


class Link:
    instance = "asr-main"

    def __init__(self, folder: Path) -> None:
        self.data_dir = folder / "plugins" / self.instance
        self.is_ready = asyncio.Event()

    async def emit(self, event: ChannelState) -> None:
        assert event.state == "ready"
        self.is_ready.set()


class Sheet:
    """``core.transcription.Listening``, kept."""

    def __init__(self, sound: Path, begins: tuple[int, ...] = (), **job: str) -> None:
        self.job = TranscriptionJob(transcript_id="t", attempt=0, media_id="m", begins=begins, **job)
        self.sound = sound
        self.shape: tuple[tuple[int, ...], int] = ((), 0)
        self.stretches: list[tuple[int, int, int]] = []
        self.said: dict[int, list[Utterance]] = {}
        self.came = asyncio.Event()

    def measured(self, ends: tuple[int, ...], rate_hz: int) -> None:
        self.shape = ends, rate_hz

    async def heard(self, channel: int, begin: int, end: int, utterances: tuple[Utterance, ...]) -> None:
        self.stretches.append((channel, begin, end))
        self.said.setdefault(channel, []).extend(utterances)
        self.came.set()

    def text(self, channel: int = 0) -> str:
        return "".join(one.recognized for one in self.said.get(channel, ()))


@pytest.fixture
def listens(tmp_path: Path) -> Listens:
    """Return what runs Vosk with some settings."""

    @asynccontextmanager
    async def run(**settings: object) -> AsyncIterator[VoskTranscriber]:
        link = Link(tmp_path)
        transcriber = VoskTranscriber(decode_settings(AsrConfig, settings), link)
        running = asyncio.create_task(transcriber.run())
        ready = asyncio.create_task(link.is_ready.wait())
        try:
            await asyncio.wait({running, ready}, timeout=LOAD_S, return_when=asyncio.FIRST_COMPLETED)
            if running.done():
                await running
            assert ready.done(), "not ready in time"
            yield transcriber
        finally:
            ready.cancel()
            running.cancel()
            await asyncio.wait({running, ready})

    return run
