"""Listens to one side of a call in progress with Vosk, in a worker process; five times a second."""

import json
from array import array
from collections.abc import Iterator
from typing import Any, BinaryIO, Final

from core.events import Utterance
from plugins.asr.phrases import UNKNOWN, grammar
from plugins.asr.punctuation import Punctuate
from plugins.asr.recognition import utterances
from plugins.asr.sounds import SAMPLE_BYTES
from plugins.asr.wire import Heard, Task
from plugins.asr.writing import is_unspaced

CHUNKS_PER_S: Final = 5
LEAST_PEAK: Final = 400  # of 32,768: a line on which nobody speaks stays below


def hear(model: Any, line: BinaryIO, task: Task, punctuate: Punctuate | None = None) -> Iterator[Heard]:
    """Yield what is said in the samples that come on ``line``, to its end."""
    recognizer = _recognizer(model, task)
    samples, begins, saying = 0, 0, ""
    peaks: list[int] = []  # of each chunk
    while data := line.read(task.rate_hz // CHUNKS_PER_S * SAMPLE_BYTES):
        before, samples = samples, samples + len(data) // SAMPLE_BYTES
        if task.phrases:
            peaks.append(max(map(abs, array("h", data))))
        if recognizer.AcceptWaveform(data):
            saying = ""
            yield Heard(samples=samples, utterances=_said(recognizer.Result(), peaks, task, punctuate))
            continue
        text = _partial(recognizer.PartialResult(), task.language)
        if not saying:
            begins = before
        is_news, saying = text not in ("", saying), text
        partial = Utterance(start_ms=_ms(begins, task), end_ms=_ms(samples, task), text=text)
        yield Heard(samples=samples, partial=partial if is_news else None)
    yield Heard(samples=samples, utterances=_said(recognizer.FinalResult(), peaks, task, punctuate))


def _said(result: str, peaks: list[int], task: Task, punctuate: Punctuate | None) -> tuple[Utterance, ...]:
    """Return what was said; at a menu only what was loud enough to be.

    A model whose vocabulary has no word for noise hears one of the menu's in silence.
    """
    heard = utterances(result, 0, task.language, punctuate)
    if not task.phrases:
        return heard
    return tuple(one for one in heard if _loudest(peaks, one) >= LEAST_PEAK)


def _loudest(peaks: list[int], one: Utterance) -> int:
    first, last = (ms * CHUNKS_PER_S // 1_000 for ms in (one.start_ms, one.end_ms))
    return max(peaks[first : last + 1], default=0)


def _recognizer(model: Any, task: Task) -> Any:
    import vosk  # type: ignore[import-untyped]  # noqa: PLC0415 - only in processes that listen

    phrases = grammar(task.phrases, lambda word: model.vosk_model_find_word(word) >= 0)
    more = (json.dumps(phrases, ensure_ascii=False),) if phrases else ()
    recognizer = vosk.KaldiRecognizer(model, task.rate_hz, *more)
    recognizer.SetWords(True)
    return recognizer


def _partial(result: str, language: str) -> str:
    words = [word for word in json.loads(result).get("partial", "").split() if word != UNKNOWN]
    return ("" if is_unspaced(language) else " ").join(words)


def _ms(samples: int, task: Task) -> int:
    return samples * 1_000 // task.rate_hz
