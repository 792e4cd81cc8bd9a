"""Vosk as a transcriber: each channel of a sound goes to a worker process and comes back as utterances."""

import asyncio
import logging
import os
from contextlib import aclosing
from pathlib import Path
from typing import Final

from core.errors import ChannelNotReady
from core.events import ChannelState, LiveJob, SpeechModel, TranscriptionJob
from core.transcription import CannotHear, HearsLive, Listening, LiveSound, Outcome, Transcriber
from plugins.asr.config import AsrConfig
from plugins.asr.models import find_models, find_punctuation
from plugins.asr.pool import Pool, Worker, WorkerDied
from plugins.asr.sounds import SAMPLE_BYTES
from plugins.asr.wire import Measured, Stretch, Task

log = logging.getLogger(__name__)

MAX_DEATHS: Final = 3  # of workers at the same place: then it is the sound's fault
MAX_CHANNELS: Final = 8
LOOK_S: Final = 5.0  # for other models
TAPS_A_CORE: Final = 4
REST_S: Final = 60.0  # without calls in progress, when the machine was short of time


class VoskTranscriber(Transcriber[AsrConfig], HearsLive):
    """Listens with the models that are installed."""

    config_type = AsrConfig
    _models: dict[str, Path]
    _pool: Pool
    _rests_until = 0.0

    async def run(self) -> None:
        found = await asyncio.to_thread(self._find)
        self._models, punctuation = found
        self._pool = Pool(self.config.workers or _cores())
        async with self._pool.forge(self._models, self.config.niceness, punctuation) as process:
            await self.link.emit(ChannelState(state="ready"))
            ended = asyncio.create_task(process.wait())
            try:
                while not ended.done():
                    await asyncio.wait({ended}, timeout=LOOK_S)
                    if await asyncio.to_thread(self._find) != found:
                        raise ChannelNotReady("other models are in use now")
            finally:
                ended.cancel()
            raise ChannelNotReady(f"the process that holds the models ended with status {ended.result()}")

    async def probe(self) -> None:
        if self.config.models:  # the installed ones are not to be seen from where settings are tried
            await asyncio.to_thread(find_models, self.config.models, self._models_dir)

    def models(self) -> tuple[SpeechModel, ...]:
        return tuple(SpeechModel(language=language, name=path.name) for language, path in self._models.items())

    @property
    def slots(self) -> int:
        return self._pool.size

    async def transcribe(self, listening: Listening) -> Outcome:
        language = self._language(listening.job)
        sound = await self._measure(listening.sound)
        if sound.code:
            raise CannotHear(sound.code, sound.reason)
        if not 1 <= sound.channels <= MAX_CHANNELS:
            raise CannotHear("unsupported_format", f"{sound.channels} channels")
        begins = listening.job.begins
        sides = [
            _Side(listening, sound, channel, begins[channel] if channel < len(begins) else 0)
            for channel in range(sound.channels)
        ]
        try:
            listening.measured((sound.frames,) * sound.channels, sound.rate_hz)
            async with asyncio.TaskGroup() as group:
                for side in sides:
                    group.create_task(self._listen(side, language))
        except ExceptionGroup as faults:
            raise _first(faults) from faults
        finally:
            if Path(sound.path) != listening.sound:
                await asyncio.to_thread(Path(sound.path).unlink, missing_ok=True)
        listening.measured(tuple(side.at for side in sides), sound.rate_hz)  # its header may promise more
        spent_s = sum(side.spent_s for side in sides)
        return Outcome(language=language, model=self._models[language].name, spent_s=spent_s)

    @property
    def live_host(self) -> str:
        return self.config.live_host

    @property
    def live_slots(self) -> int:
        if asyncio.get_running_loop().time() < self._rests_until:
            return 0
        return self.config.live_taps or TAPS_A_CORE * _cores()

    async def hear(self, sound: LiveSound) -> None:
        async with aclosing(sound.samples()) as samples, self._pool.ear() as worker:
            ear = _Ear(sound, worker, self._language(sound.job), self.config.live_lag_s)
            try:
                async with asyncio.TaskGroup() as group:
                    async for some, rate_hz in samples:
                        if ear.begin(rate_hz):
                            group.create_task(ear.listen())
                        await ear.pass_on(some)
                    worker.fall_silent()
            except* WorkerDied as died:
                raise CannotHear("crashed", str(_first(died))) from died
            except* _TooSlow:
                log.warning("recognition cannot keep up with calls in progress and lets them be for %g s", REST_S)
                self._rests_until = asyncio.get_running_loop().time() + REST_S

    async def _measure(self, sound: Path) -> Measured:
        deaths = 0
        while True:
            try:
                async with self._pool.worker() as worker:
                    return await worker.measure(sound)
            except WorkerDied as error:
                deaths = _counted(deaths + 1, error)

    async def _listen(self, side: "_Side", language: str) -> None:
        """Listen to one channel to its end; a killed worker costs what it heard of an utterance."""
        deaths = 0
        while side.at < side.sound.frames:
            begin = side.at
            task = Task(path=side.sound.path, channel=side.channel, begin=begin, language=language)
            try:
                async with self._pool.worker() as worker:
                    async for stretch in worker.listen(task):
                        await side.take(stretch)
                    return
            except WorkerDied as error:
                deaths = _counted(1 if side.at > begin else deaths + 1, error)

    def _language(self, job: TranscriptionJob | LiveJob) -> str:
        """Return what is spoken, as far as there is a model for it."""
        config = self.config
        wanted = (
            config.language_of_number.get(job.dialled, ""),
            config.language_of_queue.get(job.queue_id, ""),
            job.language,
            job.language.partition("-")[0],
        )
        return next((one for one in wanted if one in self._models), next(iter(self._models)))

    def _find(self) -> tuple[dict[str, Path], dict[str, Path]]:
        """Return the models that recognise and those that put marks, by language."""
        models = find_models(self.config.models, self._models_dir)
        return models, find_punctuation(self.config, self._models_dir)

    @property
    def _models_dir(self) -> Path:
        return self.link.data_dir.parent.parent / "models"


class _Side:
    """One channel and how far it is."""

    def __init__(self, listening: Listening, sound: Measured, channel: int, at: int) -> None:
        self.listening = listening
        self.sound = sound
        self.channel = channel
        self.at = at
        self.spent_s = 0.0

    async def take(self, stretch: Stretch) -> None:
        """Hand on what was heard."""
        self.spent_s += stretch.spent_s
        if stretch.is_whole:
            begin, self.at = self.at, stretch.end
            await self.listening.heard(self.channel, begin, stretch.end, stretch.utterances)


class _TooSlow(Exception):
    """What is said is understood too long after it was said."""


class _Ear:
    """One side of a call in progress, and how far behind it the worker is."""

    def __init__(self, sound: LiveSound, worker: Worker, language: str, max_lag_s: float) -> None:
        self._sound = sound
        self._worker = worker
        self._language = language
        self._max_lag_s = max_lag_s
        self._rate_hz = 0
        self._passed = 0  # samples
        self._heard = 0

    def begin(self, rate_hz: int) -> bool:
        """Let the worker begin with the first samples; False when it has."""
        if self._rate_hz:
            return False
        self._rate_hz = rate_hz
        self._worker.begin(Task(language=self._language, rate_hz=rate_hz, phrases=self._sound.job.phrases))
        return True

    async def listen(self) -> None:
        """Hand on what is heard, to the end."""
        async for heard in self._worker.hear():
            self._heard = heard.samples
            for utterance in heard.utterances:
                await self._sound.said(utterance, is_final=True)
            if heard.partial is not None:
                await self._sound.said(heard.partial, is_final=False)

    async def pass_on(self, samples: bytes) -> None:
        """Let the worker hear more; _TooSlow when it has not heard what was said long ago."""
        if self._passed - self._heard > self._max_lag_s * self._rate_hz:
            raise _TooSlow
        self._passed += len(samples) // SAMPLE_BYTES
        await self._worker.say(samples)


def _cores() -> int:
    return len(os.sched_getaffinity(0))


def _counted(deaths: int, error: WorkerDied) -> int:
    """Return how many workers have died at one place; CannotHear when it is the sound's fault."""
    log.warning("a worker died: %s", error)
    if deaths >= MAX_DEATHS:
        raise CannotHear("crashed", f"{deaths} workers died of it") from error
    return deaths


def _first(faults: ExceptionGroup[Exception]) -> Exception:
    first = faults.exceptions[0]
    return _first(first) if isinstance(first, ExceptionGroup) else first
