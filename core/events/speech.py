"""Speech: words to sounds, asked of synthesizers; sounds to words, done by transcribers."""

from datetime import datetime
from typing import Annotated, Literal

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
    """A transcriber can listen: with which models, and to how many sounds at once.

    ``live_at`` is the ``host:port`` where it takes taps of calls in progress as AudioSockets, empty when it does not.
    """

    type = "models.changed"
    models: tuple[SpeechModel, ...]
    slots: int
    live_at: str = ""


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


class LiveJob(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One side of a call in progress, which comes as a tap; where it has ``phrases``, nothing else is expected."""

    tap_id: str
    phrases: tuple[str, ...] = ()
    language: str = ""
    queue_id: str = ""
    dialled: str = ""


class TranscriptionPlan(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Question: work on exactly these sounds, the first ones first, and listen to exactly these taps; how far is it?"""

    jobs: tuple[TranscriptionJob, ...]
    live: tuple[LiveJob, ...] = ()


class TranscriptionProgress(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How much of a sound has been listened to: seconds over all its channels."""

    transcript_id: str
    heard_s: float = 0.0
    total_s: float = 0.0


class TranscriptionAnswer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Answer: what is being worked on; what has ended is no longer in it. It listens to ``live_slots`` taps at most."""

    progress: tuple[TranscriptionProgress, ...] = ()
    live_slots: int = 0


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


class TapRecognized(Event, frozen=True, kw_only=True):
    """What is being said on a tap, as far as it is heard, and in the end finally; ``n`` rises with each utterance.

    Its times are from ``begun_at``, when the tap's first sound came.
    """

    type = "tap.recognized"
    tap_id: str
    n: int
    is_final: bool
    begun_at: datetime
    utterance: Utterance


class SpeechRecognized(Event, frozen=True, kw_only=True):
    """What somebody says in a call in progress; the last word on the call's ``n``-th utterance counts.

    Times are from the arrival of the call: ``start_s`` and ``end_s`` of the utterance, milliseconds of its ``words``.
    What is not final has no words, and its text is as recognised. ``user_id`` is the agent who speaks.
    """

    type = "speech.recognized"
    conversation_id: str
    call_id: str
    speaker: Literal["contact", "agent"]
    n: int
    is_final: bool
    start_s: float
    end_s: float
    text: str
    words: tuple[Word, ...] = ()
    user_id: str = ""


class TranscriptChanged(Event, frozen=True, kw_only=True):
    """What was said in a sound of a conversation stands written, or was corrected; ``text`` is all of it."""

    type = "transcript.changed"
    transcript_id: str
    entry_id: str
    text: str
