"""Two sides of a talk become one file."""

import wave
from array import array
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugins.voice.stereo import BLOCK, Stretch, halved, join

samples = st.lists(st.integers(-32_768, 32_767), max_size=50).map(lambda values: array("h", values * 2))


@given(samples)
def test_each_two_samples_become_their_mean(values: "array[int]") -> None:
    means = [(one + other) // 2 for one, other in zip(values[::2], values[1::2], strict=True)]
    assert list(halved(values.tobytes())) == means


@pytest.mark.parametrize("rate_hz", [8_000, 16_000])
def test_sides_of_different_length_begin_together_and_stretches_at_their_times(tmp_path: Path, rate_hz: int) -> None:
    left, right, later = (tmp_path / name for name in ("left", "right", "later"))
    left.write_bytes(array("h", [100] * (BLOCK + 8)).tobytes())
    right.write_bytes(array("h", [-300] * 16_000).tobytes())
    later.write_bytes(array("h", [500] * 1_600).tobytes() + b"x")  # cut within a sample
    nothing = tmp_path / "none"
    stretches = [Stretch(3_000, later, nothing), Stretch(1_000, left, right)]
    length_s = join(stretches, tmp_path / "whole.wav", rate_hz)
    assert length_s == pytest.approx(2.1)
    with wave.open(str(tmp_path / "whole.wav")) as file:
        assert (file.getnchannels(), file.getframerate()) == (2, rate_hz)
        both = array("h", file.readframes(file.getnframes()))
    sides = list(zip(both[::2], both[1::2], strict=True))
    assert sides[0] == sides[rate_hz - 1] == (100, -300)
    assert sides[rate_hz] == (100, 0)
    assert sides[rate_hz + 8] == sides[2 * rate_hz - 1] == (0, 0)
    assert sides[2 * rate_hz] == sides[-1] == (500, 0)
