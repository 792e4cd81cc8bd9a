"""A transcriber: what a plugin implements to turn sounds into words."""

from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Generic, Protocol

from core.errors import LianxinError
from core.events import LiveJob, SpeechModel, TranscriptionJob, Utterance
from core.speech import SpeechConfig, SpeechConfigT, SpeechLink


class CannotHear(LianxinError):
    """This sound cannot be written down, now or later; ``code`` says why in one stable word."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


@dataclass(frozen=True, slots=True)
class Outcome:
    """With what a sound was listened to, and how much of the processor's time it took."""

    language: str
    model: str
    spent_s: float


class Listening(Protocol):
    """One sound that is being listened to, and where to say what was heard."""

    job: TranscriptionJob
    sound: Path

    def measured(self, ends: tuple[int, ...], rate_hz: int) -> None:
        """Say how many frames each channel has, before anything is heard."""
        ...

    async def heard(self, channel: int, begin: int, end: int, utterances: tuple[Utterance, ...]) -> None:
        """Tell what was said on ``channel`` from frame ``begin`` up to ``end``, perhaps nothing."""
        ...


class Transcriber(ABC, Generic[SpeechConfigT]):
    """One configured engine: ``run`` keeps it ready while ``transcribe`` listens."""

    config_type: ClassVar[type[SpeechConfig]]

    def __init__(self, config: SpeechConfigT, link: SpeechLink) -> None:
        self.config = config
        self.link = link

    @abstractmethod
    async def run(self) -> None:
        """Load what it takes, emit ``ready``, and keep it until cancelled; ChannelNotReady when it cannot be had."""

    @abstractmethod
    def models(self) -> tuple[SpeechModel, ...]:
        """Return what it understands; asked once ``run`` is ready."""

    @property
    @abstractmethod
    def slots(self) -> int:
        """How many sounds it listens to at once; asked once ``run`` is ready."""

    @abstractmethod
    async def transcribe(self, listening: Listening) -> Outcome:
        """Listen to a sound, each channel from its frame in ``job.begins`` on, to its end.

        The stretches of a channel follow each other without gaps. CannotHear when it is beyond this engine; cancelled
        when nobody wants it any more.
        """

    async def probe(self) -> None:
        """Try the settings without keeping anything; raise what ``run`` would raise."""


class LiveSound(Protocol):
    """One side of a call in progress, and where to say what is heard."""

    job: LiveJob

    def samples(self) -> AsyncGenerator[tuple[bytes, int]]:
        """Yield 16-bit mono samples and their rate as they come, until nobody speaks there any more."""
        ...

    async def said(self, utterance: Utterance, *, is_final: bool) -> None:
        """Tell what is being said, or has been; times are from the first sample."""
        ...


class HearsLive(ABC):
    """Ability of a transcriber: it hears calls in progress."""

    @property
    @abstractmethod
    def live_host(self) -> str:
        """The address of this machine at which taps come in; empty: it hears none."""

    @property
    @abstractmethod
    def live_slots(self) -> int:
        """How many taps it listens to at most, now that other work is what it is; asked again and again."""

    @abstractmethod
    async def hear(self, sound: LiveSound) -> None:
        """Listen until the sound ends, or as long as it keeps up; cancelled when nobody wants it any more."""
