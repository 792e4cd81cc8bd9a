"""Music on hold of our own: a quiet piece for plucked strings, computed, so that nobody else has a right in it."""

import math
import wave
from array import array
from pathlib import Path
from typing import Final

RATE_HZ: Final = 8_000  # what telephones carry
BEAT_S: Final = 0.5
LEVEL: Final = 0.16  # of full scale at the loudest: 10 dB below an announcement
_HARMONICS: Final = ((1, 1.0), (2, 0.35), (3, 0.12))
_DECAY_S: Final = 0.7
_ATTACK_S: Final = 0.012

# two bars of eight beats for each chord: the bass note, then the strings plucked above it (semitones from A3)
_CHORDS: Final = ((-9, (3, 7, 10)), (-12, (0, 3, 7)), (-16, (-4, 0, 3)), (-14, (-2, 2, 5)))
_PATTERN: Final = (0, 1, 2, 1, 0, 2, 1, 2)
# the melody, one note for every two beats; None is a rest. Pentatonic: it fits each of the chords
_MELODY: Final = (
    (15, None, 12, 10), (12, None, 7, None), (15, 17, 19, None), (17, None, 15, 12),
    (10, None, 12, 15), (12, 10, 7, None), (7, 10, 12, None), (10, None, None, None),
    (19, None, 17, 15), (17, None, 12, None), (15, 12, 10, None), (12, None, 7, 10),
    (12, None, 15, 17), (15, None, 12, None), (10, 12, 7, None), (5, None, 3, None),
)  # fmt: skip


def write_music(path: Path) -> None:
    """Write the piece, 64 s that end where they begin, as a mono 16-bit WAV file."""
    samples = compose()
    draft = path.with_suffix(".new")
    with wave.open(str(draft), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes(samples.tobytes())
    draft.replace(path)


def compose() -> "array[int]":
    """Return the samples; some two seconds of computing."""
    bars = len(_MELODY)
    total = round(bars * 8 * BEAT_S * RATE_HZ)
    mix = array("d", bytes(8 * total))
    plucked: dict[int, array[float]] = {}

    def pluck(semitones: int, beat: float, strength: float) -> None:
        note = plucked.get(semitones)
        if note is None:
            note = plucked[semitones] = _note(220.0 * 2 ** (semitones / 12))
        at = round(beat * BEAT_S * RATE_HZ)
        for offset, value in enumerate(note):
            mix[(at + offset) % total] += strength * value  # the last notes ring on into the next round

    for bar, melody in enumerate(_MELODY):
        bass, strings = _CHORDS[bar % len(_CHORDS)]
        pluck(bass, bar * 8, 0.9)
        for beat, string in enumerate(_PATTERN):
            pluck(strings[string], bar * 8 + beat, 0.4)
        for step, semitones in enumerate(melody):
            if semitones is not None:
                pluck(semitones, bar * 8 + 2 * step, 0.8)
    scale = LEVEL * 32_767 / max(map(abs, mix))
    return array("h", (round(value * scale) for value in mix))


def _note(frequency_hz: float) -> "array[float]":
    def sample(index: int) -> float:
        time_s = index / RATE_HZ
        envelope = min(1.0, time_s / _ATTACK_S) * math.exp(-time_s / _DECAY_S)
        turn = 2 * math.pi * frequency_hz * time_s
        return envelope * sum(strength * math.sin(number * turn) for number, strength in _HARMONICS)

    return array("d", map(sample, range(round(4 * _DECAY_S * RATE_HZ))))
