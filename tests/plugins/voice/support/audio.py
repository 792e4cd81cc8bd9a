"""Tones and how to hear them: G.711 and a Goertzel detector."""

import math
from array import array

RATE_HZ = 8_000
FRAME = 160  # samples in 20 ms
WINDOW = 1_600  # samples looked at at once: 200 ms tell 440 Hz from 450 Hz
LOUD = 200.0  # root mean square below which nothing counts as a tone
SHARE = 0.6  # of the power that one frequency must have


def encode(sample: int) -> int:
    """Return the mu-law byte of a 16-bit sample (ITU-T G.711)."""
    sign = 0x80 if sample < 0 else 0
    magnitude = min(abs(sample), 32_635) + 132
    exponent = magnitude.bit_length() - 8
    return ~(sign | exponent << 4 | magnitude >> exponent + 3 & 0x0F) & 0xFF


def decode(byte: int) -> int:
    byte = ~byte & 0xFF
    magnitude = (((byte & 0x0F) << 3) + 132 << (byte >> 4 & 7)) - 132
    return -magnitude if byte & 0x80 else magnitude


_ENCODED = bytes(encode(value if value < 32_768 else value - 65_536) for value in range(65_536))
_DECODED = [decode(byte) for byte in range(256)]
SILENCE = bytes([encode(0)]) * FRAME


def to_ulaw(samples: "array[int]") -> bytes:
    return bytes(_ENCODED[sample & 0xFFFF] for sample in samples)


def from_ulaw(data: bytes) -> "array[int]":
    return array("h", (_DECODED[byte] for byte in data))


def tone_frame(frequency_hz: float, index: int, level: float = 0.25) -> bytes:
    """Return the ``index``-th 20 ms of a tone that has no seams."""
    step = 2 * math.pi * frequency_hz / RATE_HZ
    start = index * FRAME
    return to_ulaw(array("h", (round(level * 32_767 * math.sin(step * (start + n))) for n in range(FRAME))))


def share(samples: "array[int]", frequency_hz: float) -> float:
    """Return which part of the power of ``samples`` lies at ``frequency_hz``: 1.0 for the pure tone."""
    energy = sum(sample * sample for sample in samples)
    if not samples or energy < LOUD * LOUD * len(samples):
        return 0.0
    coefficient = 2 * math.cos(2 * math.pi * frequency_hz / RATE_HZ)
    before, last = 0.0, 0.0
    for sample in samples:
        before, last = last, sample + coefficient * last - before
    power = before * before + last * last - coefficient * before * last
    return 2 * power / (len(samples) * energy)


def has_tone(samples: "array[int]", frequency_hz: float, least: float = SHARE) -> bool:
    """Tell whether ``frequency_hz`` is what ``samples`` are made of; two voices mixed have half each."""
    return share(samples, frequency_hz) >= least


def is_silent(samples: "array[int]") -> bool:
    return not samples or sum(sample * sample for sample in samples) < LOUD * LOUD * len(samples)
