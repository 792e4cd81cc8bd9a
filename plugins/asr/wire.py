"""What goes over a worker's line, one JSON object a line; an empty line ends a task."""

from typing import Final

import msgspec

from core.events import Utterance

MAX_LINE_BYTES: Final = 1_048_576


class Load(msgspec.Struct, frozen=True, kw_only=True):
    """What the forge is told first: models by language, those that recognise and those that put marks."""

    models: dict[str, str]
    punctuation: dict[str, str] = {}
    niceness: int


class Loaded(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Its answer; ``fault`` says why it cannot work, ``lack`` what it goes without."""

    fault: str = ""
    lack: str = ""


class Task(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a worker is asked: the shape of a sound, or, with a ``language``, what is said on one of its channels.

    With a ``rate_hz`` the sound is not in a file: samples follow until the line is closed, and nothing else.
    """

    path: str = ""
    channel: int = 0
    begin: int = 0
    language: str = ""
    rate_hz: int = 0
    phrases: tuple[str, ...] = ()


class Measured(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A sound's shape, and where it lies as WAV; or why it cannot be read."""

    path: str = ""
    channels: int = 0
    rate_hz: int = 0
    frames: int = 0
    code: str = ""
    reason: str = ""


class Stretch(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was heard up to frame ``end``, perhaps nothing; ``spent_s`` is the processor's time for it."""

    end: int
    utterances: tuple[Utterance, ...] = ()
    spent_s: float = 0.0
    is_whole: bool = True  # else only a sign of life: there is no way to go on from here


class Heard(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How many samples have been listened to, what was said until then, and what is being said."""

    samples: int
    utterances: tuple[Utterance, ...] = ()
    partial: Utterance | None = None
