"""Finds the models: those the settings name, or those in use among the installed ones."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from core.errors import ChannelNotReady
from core.models import models_in_use
from plugins.asr.config import AsrConfig, ModelPlace

_MARKS: Final = ("am/final.mdl", "final.mdl")  # newer and older models; Vosk itself says nothing of what is missing


def find_models(places: Sequence[ModelPlace], folder: Path) -> dict[str, Path]:
    """Return the models by language, the usual one first; ChannelNotReady when there is none, or one is no model."""
    models = {place.language: Path(place.path) for place in places}
    if not models:
        models = {language: folder / name for language, name in models_in_use(folder, "vosk").items()}
    if not models:
        raise ChannelNotReady("no model is installed: lianxin model install")
    for path in models.values():
        if not any((path / mark).is_file() for mark in _MARKS):
            raise ChannelNotReady(f"there is no Vosk model at {path}")
    return models


def find_punctuation(config: AsrConfig, folder: Path) -> dict[str, Path]:
    """Return the models that put marks, by language; none where none is installed or wanted."""
    if not config.punctuates:
        return {}
    places = {place.language: Path(place.path) for place in config.punctuation}
    return places or {language: folder / name for language, name in models_in_use(folder, "punctuation").items()}
