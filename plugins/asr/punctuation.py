"""Puts marks into recognised Chinese with a small network, by the words alone (extra ``asr``; docs/speech.md).

A model is a folder with ``punc.onnx`` and its vocabularies ``lm_tokens_ch.txt`` and ``lm_tokens_bd.txt``, a token a
line, the first two for begin and end. It was trained on tokens that are numbered from 1 and classes that are not.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

MODEL: Final = "punc.onnx"
CHARACTERS: Final = "lm_tokens_ch.txt"
MARKS: Final = "lm_tokens_bd.txt"
LONGEST: Final = 500  # characters at once; the network was made for at most 1,024
POSITIONS: Final = 1_024
WIDTH: Final = 64

Punctuate = Callable[[str], Sequence[tuple[str, float]]]  # behind each character the likeliest mark, and how likely one

_WRITTEN: Final = dict(zip("，,。.｡？?！!、；：:", "，，。。。？？！！、；：：", strict=True))  # quotes are left out


class Punctuation:
    """The network in ``folder``; Exception of any kind when there is none that works.

    It runs on the calling thread and starts none, so a process that has loaded it may fork.
    """

    def __init__(self, folder: Path) -> None:
        import numpy as np  # noqa: PLC0415 - only where marks are put
        import onnxruntime  # type: ignore[import-untyped]  # noqa: PLC0415

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(str(folder / MODEL), options, providers=["CPUExecutionProvider"])
        self._names = [one.name for one in self._session.get_inputs()]
        characters = _lines(folder / CHARACTERS)
        self._begin, self._end = 1, 2
        self._numbers = {character: number for number, character in enumerate(characters, 1)}
        marks = {at: _WRITTEN[mark] for at, mark in enumerate(_lines(folder / MARKS)) if mark in _WRITTEN}
        self._classes, self._marks = list(marks), list(marks.values())
        self._positions = _positions(np)
        self._np = np
        self("您好")

    def __call__(self, text: str) -> list[tuple[str, float]]:
        return [place for at in range(0, len(text), LONGEST) for place in self._places(text[at : at + LONGEST])]

    def _places(self, text: str) -> list[tuple[str, float]]:
        np = self._np
        numbers = [self._numbers.get(character.upper(), 0) for character in text]
        tokens = np.array([[self._begin, *numbers, self._end]], np.int32)
        mask = np.zeros((1, 1, 1, tokens.shape[1]), np.float32)  # nothing is padding
        (shares,) = self._session.run(None, dict(zip(self._names, (tokens, mask, self._positions), strict=True)))
        of_marks = shares[0, 1:-1, self._classes].T
        return [
            (self._marks[best], float(share)) for best, share in zip(of_marks.argmax(-1), of_marks.sum(-1), strict=True)
        ]


def _positions(np: Any) -> Any:
    """Return the places' encoding (Vaswani et al. 2017, section 3.5)."""
    column = np.arange(WIDTH)[None, :]
    angles = np.arange(POSITIONS)[:, None] / np.power(10_000, 2 * (column // 2) / WIDTH)
    angles[:, 0::2], angles[:, 1::2] = np.sin(angles[:, 0::2]), np.cos(angles[:, 1::2])
    return angles[None].astype(np.float32)


def _lines(path: Path) -> list[str]:
    return path.read_text("utf-8").split("\n")
