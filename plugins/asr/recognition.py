"""Listens to one channel of a sound with Vosk, in a worker process; utterance by utterance."""

import json
import time
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from core.events import Utterance, Word
from plugins.asr.phrases import UNKNOWN
from plugins.asr.punctuation import Punctuate
from plugins.asr.sounds import one_side
from plugins.asr.wire import Stretch, Task
from plugins.asr.writing import joined, written

CHUNK_FRAMES: Final = 4_000  # as Vosk's own examples have it: the size decides where utterances end
PROGRESS_CHUNKS: Final = 20
ANSWER_MS: Final = 1_500


def listen(recognizer: Any, path: Path, task: Task, punctuate: Punctuate | None) -> Iterator[Stretch]:
    """Yield what is said on the task's channel of the WAV file at ``path``, from its beginning to the file's end."""
    with wave.open(str(path), "rb") as file:
        channels, rate_hz = file.getnchannels(), file.getframerate()
        file.setpos(task.begin)
        offset_ms = task.begin * 1_000 // rate_hz
        at, chunks = task.begin, 0
        clock = time.process_time()
        while data := file.readframes(CHUNK_FRAMES):
            at = file.tell()
            chunks += 1
            is_end = recognizer.AcceptWaveform(one_side(data, task.channel, channels))
            if not is_end and chunks % PROGRESS_CHUNKS:
                continue
            now = time.process_time()
            heard = utterances(recognizer.Result(), offset_ms, task.language, punctuate) if is_end else ()
            yield Stretch(end=at, utterances=heard, spent_s=now - clock, is_whole=bool(is_end))
            clock = now
        last = utterances(recognizer.FinalResult(), offset_ms, task.language, punctuate)
        yield Stretch(end=at, utterances=last, spent_s=time.process_time() - clock)


def utterances(result: str, offset_ms: int, language: str, punctuate: Punctuate | None = None) -> tuple[Utterance, ...]:
    """Return Vosk's ``result`` as utterances: one, or none when nothing was said.

    Where others had time to answer in between, several: Vosk does not always hear a pause as an end.
    """
    stretches: list[list[Word]] = []
    for one in json.loads(result).get("result", ()):
        if one["word"] == UNKNOWN:
            continue
        start_ms, end_ms = (offset_ms + round(one[edge] * 1_000) for edge in ("start", "end"))
        if not stretches or start_ms - stretches[-1][-1].end_ms >= ANSWER_MS:
            stretches.append([])
        stretches[-1].append(Word(one["word"], start_ms, end_ms, round(one["conf"], 3)))
    return tuple(_utterance(words, language, punctuate) for words in stretches)


def _utterance(heard: list[Word], language: str, punctuate: Punctuate | None) -> Utterance:
    words = written(heard, language, punctuate)
    return Utterance(
        start_ms=heard[0].start_ms,
        end_ms=heard[-1].end_ms,
        text=joined(words, language),
        words=words,
        recognized=joined(heard, language),
        confidence=round(sum(word.confidence for word in heard) / len(heard), 3),
    )
