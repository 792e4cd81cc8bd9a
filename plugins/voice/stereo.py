"""Puts the two sides of a talk together as one WAV file in stereo, with silence where nothing was recorded."""

import sys
import wave
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

BLOCK_BYTES: Final = 32_768  # Asterisk writes a file in such blocks
FORMAT: Final = "sln16"  # a block is a second at this rate, two at 8 kHz: that is what a killed engine loses
SOURCE_HZ: Final = 16_000
BLOCK: Final = SOURCE_HZ  # samples taken at once


@dataclass(slots=True)
class Stretch:
    """What was recorded without a break: two files of 16-bit samples at 16 kHz, either of which may be missing."""

    begun_ms: int
    left: Path
    right: Path


def join(stretches: Sequence[Stretch], target: Path, rate_hz: int) -> float:
    """Write ``stretches`` to ``target`` at 8,000 or 16,000 Hz, each at its time; return the length in seconds."""
    ordered = sorted(stretches, key=lambda stretch: stretch.begun_ms)
    written = 0
    with wave.open(str(target), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(rate_hz)
        for stretch in ordered:
            begins = (stretch.begun_ms - ordered[0].begun_ms) * rate_hz // 1_000
            while written < begins:
                count = min(rate_hz, begins - written)
                file.writeframes(bytes(4 * count))
                written += count
            written += _write(file, stretch, rate_hz)
    return written / rate_hz


def _write(file: wave.Wave_write, stretch: Stretch, rate_hz: int) -> int:
    written = 0
    with _open(stretch.left) as left, _open(stretch.right) as right:
        while True:
            sides = [_samples(side.read(2 * BLOCK), rate_hz) for side in (left, right)]
            count = max(map(len, sides))
            if not count:
                return written
            both = array("h", bytes(4 * count))
            for channel, samples in enumerate(sides):
                both[channel : 2 * len(samples) : 2] = samples
            if sys.byteorder == "big":
                both.byteswap()
            file.writeframes(both.tobytes())
            written += count


def _open(path: Path) -> BinaryIO:
    return path.open("rb") if path.exists() else Path("/dev/null").open("rb")


def _samples(data: bytes, rate_hz: int) -> "array[int]":
    data = data[: len(data) // 4 * 4]
    return array("h", data) if rate_hz == SOURCE_HZ else halved(data)


def halved(data: bytes) -> "array[int]":
    """Return the mean of each two samples, of all pairs at once: ``data`` is one long number.

    Made unsigned first, no sum reaches into its neighbour: two samples have 32 bits and need 17.
    """
    count = len(data) // 4
    first = int.from_bytes(b"\xff\xff\x00\x00" * count, "little")
    both = int.from_bytes(data, sys.byteorder) ^ int.from_bytes(b"\x00\x80" * (2 * count), "little")
    sums = (both & first) + (both >> 16 & first)
    means = (sums >> 1 & first) ^ int.from_bytes(b"\x00\x80\x00\x00" * count, "little")
    return array("h", means.to_bytes(len(data), sys.byteorder))[sys.byteorder == "big" :: 2]
