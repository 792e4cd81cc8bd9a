"""Listens to one channel of a sound with Vosk, in a worker process; utterance by utterance."""

import json
import time
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from core.events import Utterance, Word
from plugins.asr.sounds import one_side
from plugins.asr.wire import Stretch
from plugins.asr.writing import joined, written

CHUNK_FRAMES: Final = 4_000  # as Vosk's own examples have it: the size decides where utterances end
PROGRESS_CHUNKS: Final = 20


def listen(recognizer: Any, path: Path, channel: int, begin: int, language: str) -> Iterator[Stretch]:
    """Yield what is said on ``channel`` of the WAV file at ``path`` from frame ``begin`` on, to its end."""
    with wave.open(str(path), "rb") as file:
        channels, rate_hz = file.getnchannels(), file.getframerate()
        file.setpos(begin)
        offset_ms = begin * 1_000 // rate_hz
        at, chunks = begin, 0
        clock = time.process_time()
        while data := file.readframes(CHUNK_FRAMES):
            at = file.tell()
            chunks += 1
            is_end = recognizer.AcceptWaveform(one_side(data, channel, channels))
            if not is_end and chunks % PROGRESS_CHUNKS:
                continue
            now = time.process_time()
            heard = utterance(recognizer.Result(), offset_ms, language) if is_end else None
            yield Stretch(end=at, utterance=heard, spent_s=now - clock, is_whole=bool(is_end))
            clock = now
        last = utterance(recognizer.FinalResult(), offset_ms, language)
        yield Stretch(end=at, utterance=last, spent_s=time.process_time() - clock)


def utterance(result: str, offset_ms: int, language: str) -> Utterance | None:
    """Return Vosk's ``result`` as an utterance; None when nothing was said."""
    found = [
        Word(
            one["word"],
            offset_ms + round(one["start"] * 1_000),
            offset_ms + round(one["end"] * 1_000),
            round(one["conf"], 3),
        )
        for one in json.loads(result).get("result", ())
    ]
    if not found:
        return None
    words = written(found, language)
    return Utterance(
        start_ms=found[0].start_ms,
        end_ms=found[-1].end_ms,
        text=joined(words, language),
        words=words,
        recognized=joined(found, language),
        confidence=round(sum(word.confidence for word in found) / len(found), 3),
    )
