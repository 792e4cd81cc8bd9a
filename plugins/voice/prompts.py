"""Sounds to be played: fetched from the hub once, brought to a form that the engine plays, kept by their media id."""

import asyncio
import logging
import math
import re
import sys
import wave
from array import array
from collections.abc import Sequence
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import Final

from core.channel import Link
from core.errors import RequestFailed, TryLater
from core.events.calls import Prompt
from core.ids import derived_id

log = logging.getLogger(__name__)

RATES: Final = {8_000: ".wav", 16_000: ".wav16"}  # what Asterisk's own file formats hold
BEST_HZ: Final = 16_000
FETCH_S: Final = 8.0
MAX_PAUSE_S: Final = 30.0
BUSY_HZ: Final = 450
BUSY_S: Final = 0.35  # on, and off
TONE_LEVEL: Final = 6_000  # -15 dB
_SAFE: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")


class SoundUnusable(ValueError):
    """A file is no sound that can be played; the text says why."""


class Prompts:
    """The folder of sounds; paths are handed out without their suffix, as the engine wants them."""

    def __init__(self, link: Link, folder: Path) -> None:
        self._link = link
        self._folder = folder
        self._known: dict[str, Path] = {}
        self._fetching: dict[str, asyncio.Task[Path | None]] = {}

    def ready(self, prompts: Sequence[Prompt]) -> list[Path] | None:
        """Return the sounds of ``prompts``, or None when some have to be fetched first."""
        found = [self._known.get(_name(prompt)) for prompt in prompts]
        return None if None in found else [path for path in found if path is not None]

    async def fetch(self, prompts: Sequence[Prompt]) -> list[Path]:
        """Return the sounds of ``prompts``, without those that cannot be had."""
        async with asyncio.TaskGroup() as tasks:
            making = [tasks.create_task(self._once(prompt)) for prompt in prompts]
        return [path for task in making if (path := task.result()) is not None]

    async def _once(self, prompt: Prompt) -> Path | None:
        name = _name(prompt)
        if name in self._known:
            return self._known[name]
        if name not in self._fetching:  # many callers hear the same greeting: one of them fetches it
            task = self._fetching[name] = asyncio.create_task(self._make(prompt, name))
            task.add_done_callback(lambda _: self._fetching.pop(name, None))
        path = await asyncio.shield(self._fetching[name])
        if path is not None:
            self._known[name] = path
        return path

    async def _make(self, prompt: Prompt, name: str) -> Path | None:
        path = self._folder / name
        if await asyncio.to_thread(_exists, path):
            return path
        try:
            if prompt.media_id:
                async with asyncio.timeout(FETCH_S):
                    data, _ = await self._link.get_media(prompt.media_id)
            else:
                data = busy_tone(prompt.pause_s) if prompt.tone == "busy" else silence(prompt.pause_s)
            await asyncio.to_thread(_write, path, data)
        except (TryLater, RequestFailed, TimeoutError, SoundUnusable, OSError) as error:
            log.warning("prompt %s cannot be played: %s", prompt.media_id, error)
            return None
        return path


def silence(seconds: float) -> bytes:
    """Return a WAV file of nothing."""
    return _wave(array("h", bytes(2 * _samples(seconds))), 8_000)


def busy_tone(seconds: float) -> bytes:
    """Return a WAV file of the tone that says that somebody cannot be had, as in China (ITU-T E.180 supplement 2)."""
    step = 2 * math.pi * BUSY_HZ / 8_000
    half = round(8_000 * BUSY_S)
    tone = (0 if n // half % 2 else round(TONE_LEVEL * math.sin(step * n)) for n in range(_samples(seconds)))
    return _wave(array("h", tone), 8_000)


def playable(data: bytes) -> tuple[bytes, int]:
    """Return a WAV file as mono with 16 bits at a rate of ``RATES``, and the rate; SoundUnusable when it is none."""
    try:
        with wave.open(BytesIO(data)) as file:
            channels, width, rate_hz = file.getnchannels(), file.getsampwidth(), file.getframerate()
            frames = file.readframes(file.getnframes())
    except (wave.Error, EOFError) as error:
        raise SoundUnusable(f"not a WAV file: {error}") from error
    if width != 2 or channels not in (1, 2) or not 4_000 <= rate_hz <= 192_000:
        raise SoundUnusable(f"{8 * width} bits, {channels} channels, {rate_hz} Hz; wanted are 16 bits")
    samples = array("h", frames[: len(frames) // (2 * channels) * 2 * channels])
    if sys.byteorder == "big":
        samples.byteswap()
    if channels == 2:
        samples = array("h", ((left + right) // 2 for left, right in zip(samples[::2], samples[1::2], strict=True)))
    if rate_hz not in RATES:
        samples, rate_hz = resampled(samples, rate_hz, BEST_HZ), BEST_HZ
    return _wave(samples, rate_hz), rate_hz


def resampled(samples: "array[int]", from_hz: int, to_hz: int) -> "array[int]":
    """Return ``samples`` at another rate: means over what falls together, straight lines between what does not."""
    if not samples:
        return samples
    if from_hz > to_hz:
        span = from_hz / to_hz
        edges = [round(index * span) for index in range(int(len(samples) / span) + 1)]
        pairs = pairwise(edges)
        return array("h", (sum(samples[first:last]) // (last - first) for first, last in pairs if last > first))
    made = array("h")
    last = len(samples) - 1
    for index in range(len(samples) * to_hz // from_hz):
        at, rest = divmod(index * from_hz, to_hz)
        here, there = samples[at], samples[min(at + 1, last)]
        made.append(here + (there - here) * rest // to_hz)
    return made


def _samples(seconds: float) -> int:
    return round(8_000 * min(max(seconds, 0.0), MAX_PAUSE_S))


def _wave(samples: "array[int]", rate_hz: int) -> bytes:
    made = BytesIO()
    with wave.open(made, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate_hz)
        file.writeframes(samples.tobytes())
    return made.getvalue()


def _name(prompt: Prompt) -> str:
    if not prompt.media_id:
        return f"{prompt.tone or 'pause'}-{round(prompt.pause_s * 1_000)}"
    return prompt.media_id if _SAFE.fullmatch(prompt.media_id) else derived_id(prompt.media_id)


def _exists(path: Path) -> bool:
    return any(path.with_name(path.name + suffix).exists() for suffix in RATES.values())


def _write(path: Path, data: bytes) -> None:
    made, rate_hz = playable(data)
    path.parent.mkdir(parents=True, exist_ok=True)
    suffix = RATES[rate_hz]
    draft = path.with_name(f".{path.name}{suffix}")
    draft.write_bytes(made)
    draft.replace(path.with_name(path.name + suffix))
