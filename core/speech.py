"""A synthesizer: what a plugin implements to turn words into sounds."""

import io
import wave
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Final, Generic, Protocol, TypeVar

from core.config import Settings
from core.errors import LianxinError
from core.events import ChannelState, SpeechRequest, SpeechVoice

SAMPLE_BYTES: Final = 2


class SpeechConfig(Settings, frozen=True, kw_only=True):
    """Base of a speech plugin's settings; every field becomes a field of the admin form."""


SpeechConfigT = TypeVar("SpeechConfigT", bound=SpeechConfig)


class CannotSpeak(LianxinError):
    """These words cannot be spoken, now or later."""

    code = "cannot_speak"


@dataclass(frozen=True, slots=True)
class Sound:
    """Speech as signed 16-bit little-endian mono samples."""

    pcm: bytes
    rate_hz: int

    @property
    def length_s(self) -> float:
        return len(self.pcm) / SAMPLE_BYTES / self.rate_hz

    def wav(self) -> bytes:
        """Return it as a WAV file."""
        file = io.BytesIO()
        with wave.open(file, "wb") as out:
            out.setnchannels(1)
            out.setsampwidth(SAMPLE_BYTES)
            out.setframerate(self.rate_hz)
            out.writeframes(self.pcm)
        return file.getvalue()


class SpeechLink(Protocol):
    """What the host gives a speech plugin."""

    instance: str
    data_dir: Path

    async def emit(self, event: ChannelState) -> None:
        """Say whether the plugin can work."""
        ...


class Synthesizer(ABC, Generic[SpeechConfigT]):
    """One configured engine: ``run`` keeps it loaded while ``synthesize`` speaks."""

    config_type: ClassVar[type[SpeechConfig]]
    version: ClassVar[str]  # another one when the same words sound otherwise: what was kept is then made anew
    concurrency: ClassVar[int] = 1  # how many texts may be spoken at once; others wait in line

    def __init__(self, config: SpeechConfigT, link: SpeechLink) -> None:
        self.config = config
        self.link = link

    @abstractmethod
    async def run(self) -> None:
        """Load what it takes, emit ``ready``, and keep it until cancelled; ChannelNotReady when it cannot be had."""

    @abstractmethod
    def voices(self) -> tuple[SpeechVoice, ...]:
        """Return who speaks, one voice for each language; asked once ``run`` is ready."""

    @abstractmethod
    async def synthesize(self, request: SpeechRequest) -> Sound:
        """Return ``request``'s text as sound; CannotSpeak when that is beyond this engine."""

    async def probe(self) -> None:
        """Try the settings without keeping anything; raise what ``run`` would raise."""
