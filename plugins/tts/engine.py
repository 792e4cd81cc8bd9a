"""Kokoro-82M in ONNX Runtime: phonemes and a voice's style in, samples out."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnxruntime  # type: ignore[import-untyped]

from core.errors import ChannelNotReady
from plugins.tts.markup import Pause, parse
from plugins.tts.normalize import normalize
from plugins.tts.phonemes import phonemize, tokens
from plugins.tts.sound import Samples, resample, silence, trim

RATE_HZ: Final = 24_000
MAX_TOKENS: Final = 510
GOOD_TOKENS: Final = 200  # speech is best, and one run short, below that
PAUSES_S: Final = {".": 0.35, "!": 0.35, "?": 0.35, ";": 0.3, ":": 0.25, ",": 0.15}
EDGE_S: Final = 0.05

_SENTENCE: Final = re.compile(r"[^.!?;]*[.!?;]+[\s”)]*|[^.!?;]+")
_CLAUSE: Final = re.compile(r"[^,:]*[,:]+\s*|[^,:]+")
_WORD: Final = re.compile(r"\S*\s*")


class Kokoro:
    """A loaded model and its voices; ``speak`` computes for about a quarter of what it makes, on one core."""

    def __init__(self, model: Path, voices: Mapping[str, Path], *, threads: int) -> None:
        """ChannelNotReady when the files are not what they should be; takes seconds."""
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            self._session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
        except Exception as error:  # its exceptions have no common base
            raise ChannelNotReady(f"{model} cannot be loaded: {error}") from error
        self._styles = {name: np.fromfile(path, np.float32).reshape(MAX_TOKENS, 1, -1) for name, path in voices.items()}

    def speak(self, text: str, language: str, voice: str, *, speed: float, rate_hz: int, run: "Run") -> Samples:
        """Return ``text`` spoken; empty when there is nothing to be said."""
        parts: list[Samples] = []
        for item in parse(text):
            if isinstance(item, Pause):
                parts.append(silence(item.seconds, RATE_HZ))
                continue
            for chunk in chunks(phonemize(normalize(item, language))):
                parts += [
                    self._run(chunk, voice, speed, run),
                    silence(PAUSES_S.get(chunk.rstrip("”) ")[-1:], 0), RATE_HZ),
                ]
        if not any(part.any() for part in parts):
            return silence(0, rate_hz)
        edge = silence(EDGE_S, RATE_HZ)
        return resample(np.concatenate([edge, *parts, edge]), RATE_HZ, rate_hz)

    def _run(self, phonemes: str, voice: str, speed: float, run: "Run") -> Samples:
        ids = tokens(phonemes)[:MAX_TOKENS]
        inputs = {
            "tokens": np.array([[0, *ids, 0]], np.int64),
            "style": self._styles[voice][min(len(ids), MAX_TOKENS - 1)],
            "speed": np.array([speed], np.float32),
        }
        (samples,) = self._session.run(None, inputs, run.options)
        return trim(np.asarray(samples, np.float32).reshape(-1), RATE_HZ)


class Run:
    """One piece of work that can be given up from another thread."""

    def __init__(self) -> None:
        self.options: Any = onnxruntime.RunOptions()

    def give_up(self) -> None:
        """Let the computation fail soon."""
        self.options.terminate = True


def chunks(phonemes: str) -> Iterator[str]:
    """Yield pieces of at most ``MAX_TOKENS``, cut where a reader would pause."""
    held = ""
    for piece in _pieces(phonemes):
        if held and len(tokens(held + piece)) > GOOD_TOKENS:
            if _is_pronounced(held):
                yield held.strip()
            held = ""
        held += piece
    if _is_pronounced(held):
        yield held.strip()


def _is_pronounced(phonemes: str) -> bool:
    """Tell whether there is more than marks and what the model does not know."""
    return any(symbol.isalpha() and tokens(symbol) for symbol in phonemes)


def _pieces(phonemes: str) -> Iterator[str]:
    for sentence in _SENTENCE.findall(phonemes):
        if len(tokens(sentence)) <= GOOD_TOKENS:
            yield sentence
            continue
        for clause in _CLAUSE.findall(sentence):
            if len(tokens(clause)) <= MAX_TOKENS:
                yield clause
            else:
                yield from _WORD.findall(clause)
