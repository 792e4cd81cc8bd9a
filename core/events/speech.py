"""Speech: words to sounds, asked of synthesizers."""

from typing import Annotated

import msgspec
from msgspec import Meta

from core.events.base import Event
from core.events.messages import Attachment

MAX_SPOKEN_CHARS = 4_000


class SpeechVoice(msgspec.Struct, frozen=True, kw_only=True):
    """One who speaks ``language``; sounds made under the same ``name`` and plugin version are alike."""

    language: str
    name: str


class VoicesChanged(Event, frozen=True, kw_only=True):
    """A synthesizer can speak: one voice for each language; ``version`` changes when the same words sound otherwise."""

    type = "voices.changed"
    voices: tuple[SpeechVoice, ...]
    version: str


class SpeechRequest(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Question: how does ``text`` sound? Who asks waits ``timeout_s``; what takes longer is given up."""

    text: Annotated[str, Meta(min_length=1, max_length=MAX_SPOKEN_CHARS)]
    language: str
    voice: str
    timeout_s: Annotated[float, Meta(gt=0, le=300)] = 60.0


class SpeechAnswer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Answer: the sound in the media store, and its length."""

    sound: Attachment
    length_s: float
