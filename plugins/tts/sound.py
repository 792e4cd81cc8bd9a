"""Samples: cut to the speech, joined with pauses, at the rate that is wanted."""

from functools import lru_cache
from math import gcd
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

Samples: TypeAlias = NDArray[np.float32]

SILENT: Final = 0.01  # amplitude; the model's own silence stays below a tenth of it
KEPT_S: Final = 0.03  # around the speech, so that no consonant is cut
_HALF_CROSSINGS: Final = 16


def trim(samples: Samples, rate_hz: int) -> Samples:
    """Return the part between the first and the last sound."""
    loud = np.flatnonzero(np.abs(samples) > SILENT)
    if not loud.size:
        return samples[:0]
    kept = int(KEPT_S * rate_hz)
    return samples[max(loud[0] - kept, 0) : loud[-1] + kept + 1]


def silence(seconds: float, rate_hz: int) -> Samples:
    """Return nothing to be heard."""
    return np.zeros(int(seconds * rate_hz), np.float32)


def resample(samples: Samples, from_hz: int, to_hz: int) -> Samples:
    """Return ``samples`` at another rate, by a windowed sinc (Smith, "Digital Audio Resampling", 2002)."""
    if from_hz == to_hz or not samples.size:
        return samples
    common = gcd(from_hz, to_hz)
    up, down = to_hz // common, from_hz // common
    kernel = _kernel(up, down)
    spread = np.zeros(samples.size * up, np.float32)
    spread[::up] = samples
    middle = kernel.size // 2
    return np.convolve(spread, kernel)[middle : middle + spread.size : down].astype(np.float32)


def pcm(samples: Samples) -> bytes:
    """Return 16-bit little-endian samples."""
    return (np.clip(samples, -1.0, 1.0) * 32_767).astype("<i2").tobytes()


@lru_cache(maxsize=8)
def _kernel(up: int, down: int) -> Samples:
    widest = max(up, down)
    at = np.arange(-_HALF_CROSSINGS * widest, _HALF_CROSSINGS * widest + 1)
    cutoff = 0.95 / widest
    kernel: Samples = (up * cutoff * np.sinc(cutoff * at) * np.kaiser(at.size, 8.0)).astype(np.float32)
    return kernel
