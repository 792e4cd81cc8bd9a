"""Settings of a Vosk instance."""

from typing import Annotated

from msgspec import Meta

from core.config import Settings
from core.speech import SpeechConfig

Language = Annotated[str, Meta(pattern=r"\A[a-z]{2,3}(-[A-Za-z0-9]{2,8})?\Z")]


class ModelPlace(Settings, frozen=True, kw_only=True):
    """A model that lies somewhere else than among the installed ones."""

    language: Language
    path: Annotated[str, Meta(min_length=1)]


class AsrConfig(SpeechConfig, frozen=True, kw_only=True):
    """What it understands, and how much of the machine it may take."""

    models: tuple[ModelPlace, ...] = ()  # the first one serves where no language is known; empty: the installed ones
    punctuates: bool = True  # by an installed model where there is one, else by pauses alone
    punctuation: tuple[ModelPlace, ...] = ()  # empty: the installed ones
    language_of_queue: dict[str, Language] = {}
    language_of_number: dict[str, Language] = {}  # by the number that was dialled
    workers: Annotated[int, Meta(ge=0, le=256)] = 0  # how many channels at once; 0: one for each core
    niceness: Annotated[int, Meta(ge=0, le=19)] = 10
    live_host: str = "127.0.0.1"  # this machine as the phone engine reaches it; empty: calls in progress are not heard
    live_taps: Annotated[int, Meta(ge=0, le=1_024)] = 0  # how many sides of calls at once; 0: four for each core
    live_lag_s: Annotated[float, Meta(ge=0.1, le=60.0)] = 5.0  # who is heard later than that is not listened to

    def __post_init__(self) -> None:
        for name in ("models", "punctuation"):
            languages = [model.language for model in getattr(self, name)]
            if len(set(languages)) < len(languages):
                raise ValueError(f"{name}: one for each language")
