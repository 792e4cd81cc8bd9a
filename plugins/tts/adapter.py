"""Kokoro as a synthesizer: one thread computes, gives way to everything else, and stops when nobody waits."""

import asyncio
import logging
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from core.errors import ChannelNotReady
from core.events import ChannelState, SpeechRequest, SpeechVoice
from core.speech import CannotSpeak, Sound, Synthesizer
from plugins.tts.config import TtsConfig
from plugins.tts.engine import Kokoro, Run
from plugins.tts.files import model_parts, voice_file, whole_model
from plugins.tts.sound import pcm

log = logging.getLogger(__name__)

VERSION: Final = "kokoro-82m-v1.0-int8.1"


class KokoroSynthesizer(Synthesizer[TtsConfig]):
    """Speaks Mandarin and English."""

    config_type = TtsConfig
    version = VERSION
    _engine: Kokoro | None = None
    _pool: ThreadPoolExecutor | None = None

    async def run(self) -> None:
        pool = self._pool = ThreadPoolExecutor(1, "kokoro", lambda: _give_way(self.config.niceness))
        try:
            self._engine = await asyncio.get_running_loop().run_in_executor(pool, self._load)
            await self.link.emit(ChannelState(state="ready"))
            await asyncio.Event().wait()
        finally:
            self._engine = None
            pool.shutdown(wait=False, cancel_futures=True)

    async def probe(self) -> None:
        for voice in self.voices():
            voice_file(voice.name, self.config.voices_dir)
        model_parts(self.config.model_path)

    def voices(self) -> tuple[SpeechVoice, ...]:
        names = {"zh": self.config.voice_zh, "en": self.config.voice_en}
        return tuple(SpeechVoice(language=language, name=name) for language, name in names.items() if name)

    async def synthesize(self, request: SpeechRequest) -> Sound:
        engine, pool = self._engine, self._pool
        if engine is None or pool is None:
            raise ChannelNotReady("the model is not loaded")
        if request.voice not in {voice.name for voice in self.voices()}:
            raise CannotSpeak(f"there is no voice {request.voice!r} here")
        run, rate_hz = Run(), self.config.rate_hz

        def speak() -> bytes:
            samples = engine.speak(
                request.text, request.language, request.voice, speed=self.config.speed, rate_hz=rate_hz, run=run
            )
            return pcm(samples)

        try:
            sound = Sound(await asyncio.get_running_loop().run_in_executor(pool, speak), rate_hz)
        finally:
            run.give_up()  # of no effect once it is done
        if not sound.pcm:
            raise CannotSpeak("there is nothing to be said")
        return sound

    def _load(self) -> Kokoro:
        voices = {voice.name: voice_file(voice.name, self.config.voices_dir) for voice in self.voices()}
        model = whole_model(model_parts(self.config.model_path), self.link.data_dir)
        return Kokoro(model, voices, threads=self.config.threads)


def _give_way(niceness: int) -> None:
    """Let this thread, and those it starts, compute only when nothing else wants to."""
    os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), niceness)
