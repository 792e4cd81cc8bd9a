"""Speech: words to sounds, asked of synthesizers; sounds to words, done by transcribers."""

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


class SpeechModel(msgspec.Struct, frozen=True, kw_only=True):
    """What a transcriber understands ``language`` with."""

    language: str
    name: str


class ModelsChanged(Event, frozen=True, kw_only=True):
    """A transcriber can listen: with which models, and to how many sounds at once."""

    type = "models.changed"
    models: tuple[SpeechModel, ...]
    slots: int


class TranscriptionJob(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A sound of the media store to be written down, each channel from its frame in ``begins`` on, else from 0.

    Another ``attempt`` at the same transcript begins anew. ``queue_id`` and ``dialled`` help to choose the model
    where nobody knows the ``language``.
    """

    transcript_id: str
    attempt: int
    media_id: str
    begins: tuple[int, ...] = ()
    language: str = ""
    queue_id: str = ""
    dialled: str = ""


class TranscriptionPlan(msgspec.Struct, frozen=True, kw_only=True):
    """Question: work on exactly these sounds, the first ones first; how far are they?"""

    jobs: tuple[TranscriptionJob, ...]


class TranscriptionProgress(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How much of a sound has been listened to: seconds over all its channels."""

    transcript_id: str
    heard_s: float = 0.0
    total_s: float = 0.0


class TranscriptionAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Answer: what is being worked on; what has ended is no longer in it."""

    progress: tuple[TranscriptionProgress, ...] = ()


class Word(msgspec.Struct, frozen=True, array_like=True):
    """A word as it was said: when, from the beginning of the sound, and how sure (0 to 1) the recogniser is."""

    text: str
    start_ms: int
    end_ms: int
    confidence: float = 1.0


class Utterance(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One stretch of speech: ``text`` as it is read, its ``words``; before figures and marks it was ``recognized``."""

    start_ms: int
    end_ms: int
    text: str
    words: tuple[Word, ...] = ()
    confidence: float = 1.0
    recognized: str = ""


class UtterancesRecognized(Event, frozen=True, kw_only=True):
    """What was said on one channel from frame ``begin`` up to frame ``end``, perhaps nothing.

    Stretches of a channel follow each other without gaps, so whoever keeps them knows one that comes again.
    """

    type = "transcript.recognized"
    transcript_id: str
    attempt: int
    channel: int
    begin: int
    end: int
    utterances: tuple[Utterance, ...] = ()


class TranscriptionEnded(Event, frozen=True, kw_only=True):
    """A sound was listened to up to frame ``ends`` of each channel, or, with a ``code``, cannot be.

    ``spent_s`` is the processor's time.
    """

    type = "transcript.ended"
    transcript_id: str
    attempt: int
    ends: tuple[int, ...] = ()
    length_s: float = 0.0
    spent_s: float = 0.0
    language: str = ""
    model: str = ""
    code: str = ""
    reason: str = ""


class TranscriptChanged(Event, frozen=True, kw_only=True):
    """What was said in a sound of a conversation stands written, or was corrected; ``text`` is all of it."""

    type = "transcript.changed"
    transcript_id: str
    entry_id: str
    text: str
