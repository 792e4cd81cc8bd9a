"""Sounds as 16-bit samples: WAV files as they are, everything else turned into one."""

import shutil
import subprocess
import sys
import wave
from array import array
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

SAMPLE_BYTES: Final = 2
BLOCK_FRAMES: Final = 65_536
MAX_SECONDS: Final = 12 * 3_600  # of a compressed sound: a few bytes can claim years
MAX_BYTES: Final = 2 * 1024**3  # of what it is turned into
MAX_CHANNELS: Final = 8
CONVERT_S: Final = 600.0
RATES_HZ: Final = range(4_000, 192_001)


class Unreadable(Exception):
    """No sound that can be read here; ``code`` is stable."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


@dataclass(frozen=True, slots=True)
class Shape:
    """What a readable WAV file holds."""

    channels: int
    rate_hz: int
    frames: int


def shape(path: Path) -> Shape | None:
    """Return what the WAV file of 16-bit samples at ``path`` holds; None when it is none."""
    try:
        with wave.open(str(path), "rb") as file:
            if file.getsampwidth() != SAMPLE_BYTES or file.getframerate() not in RATES_HZ or not file.getnchannels():
                return None
            # a file that was cut off has fewer frames than its header says
            held = (path.stat().st_size - _HEADER_BYTES) // (SAMPLE_BYTES * file.getnchannels())
            return Shape(file.getnchannels(), file.getframerate(), max(0, min(file.getnframes(), held)))
    except (wave.Error, EOFError):
        return None


_HEADER_BYTES: Final = 44  # at least


def converted(path: Path) -> Path:
    """Return ``path`` as a WAV file of 16-bit samples, beside it; Unreadable when nothing here can read it."""
    target = path.with_name(path.name + ".wav")
    if not (_by_soundfile(path, target) or _by_ffmpeg(path, target)):
        target.unlink(missing_ok=True)
        raise Unreadable("unsupported_format", "neither libsndfile nor ffmpeg can read it")
    return target


def one_side(samples: bytes, channel: int, channels: int) -> bytes:
    """Return one channel of interleaved samples."""
    if channels == 1:
        return samples
    both = array("h", samples[: len(samples) // (SAMPLE_BYTES * channels) * SAMPLE_BYTES * channels])
    return both[channel::channels].tobytes()


def _by_soundfile(path: Path, target: Path) -> bool:
    """Convert with libsndfile: Ogg Opus and Vorbis, FLAC, MP3, A-law and µ-law WAV."""
    try:
        import soundfile  # type: ignore[import-untyped]  # noqa: PLC0415 - of the extra, and only here
    except (ImportError, OSError):
        return False
    with suppress(soundfile.LibsndfileError), soundfile.SoundFile(str(path)) as source:
        if source.samplerate not in RATES_HZ or not 1 <= source.channels <= MAX_CHANNELS:
            return False
        limit = min(source.samplerate * MAX_SECONDS, MAX_BYTES // (SAMPLE_BYTES * source.channels))
        with wave.open(str(target), "wb") as out:
            out.setnchannels(source.channels)
            out.setsampwidth(SAMPLE_BYTES)
            out.setframerate(source.samplerate)
            while limit > 0 and (block := bytes(source.buffer_read(min(BLOCK_FRAMES, limit), dtype="int16"))):
                out.writeframes(_little(block))
                limit -= BLOCK_FRAMES
        return True
    return False


def _by_ffmpeg(path: Path, target: Path) -> bool:
    """Convert with the system's ffmpeg, where there is one: AMR, AAC, WebM."""
    program = shutil.which("ffmpeg")
    if program is None:
        return False
    command = [program, "-nostdin", "-v", "error", "-y", "-protocol_whitelist", "file", "-i", str(path)]
    command += ["-map", "0:a:0", "-t", str(MAX_SECONDS), "-fs", str(MAX_BYTES)]
    command += ["-ar", "16000", "-c:a", "pcm_s16le", str(target)]
    with suppress(subprocess.TimeoutExpired):
        return subprocess.run(command, timeout=CONVERT_S, check=False, capture_output=True).returncode == 0  # noqa: S603
    return False


def _little(samples: bytes) -> bytes:
    if sys.byteorder == "little":
        return samples
    swapped = array("h", samples)
    swapped.byteswap()
    return swapped.tobytes()
