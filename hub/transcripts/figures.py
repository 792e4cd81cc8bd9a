"""How the writing down goes: who listens, what is in work, what waits and for how long, what failed; corrections."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec

from hub.store.models import Transcript, Utterance
from hub.transcripts.transcribers import Transcribers

RECENT: Final = timedelta(days=1)
MAX_LISTED: Final = 50


class TranscriberView(msgspec.Struct, frozen=True, kw_only=True):
    """One transcriber; ``models`` by language."""

    instance: str
    is_usable: bool
    slots: int
    models: dict[str, str]


class SoundView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A sound in work, or one that cannot be written down and why."""

    transcript_id: str
    conversation_id: str
    kind: str
    instance: str = ""
    heard_s: float = 0.0
    total_s: float = 0.0
    code: str = ""
    reason: str = ""
    ended_at: datetime | None = None


class TranscriptionView(msgspec.Struct, frozen=True, kw_only=True):
    """The state of it all; lengths and the processor's time are of the last 24 hours."""

    transcribers: list[TranscriberView]
    running: list[SoundView]
    failed: list[SoundView]
    waiting: int
    oldest_s: float
    done: int
    done_s: float
    spent_s: float


class CorrectionView(msgspec.Struct, frozen=True, kw_only=True):
    """What was recognised in a stretch of a sound, and what was really said: training data."""

    utterance_id: str
    media_id: str
    channel: int
    start_ms: int
    end_ms: int
    language: str
    model: str
    recognized: str
    corrected: str


async def transcription(transcribers: Transcribers, now: datetime) -> TranscriptionView:
    """Return the state of it all."""
    waiting = Transcript.filter(state="waiting")
    oldest = await waiting.order_by("created_at").first()
    ended = Transcript.filter(ended_at__gte=now - RECENT)
    done = await ended.filter(state="done").values_list("length_s", "spent_s")
    failed = await Transcript.filter(state="failed").order_by("-ended_at").limit(MAX_LISTED)
    running = await waiting.exclude(instance="").order_by("-priority", "transcript_id").limit(MAX_LISTED)
    return TranscriptionView(
        transcribers=[
            TranscriberView(
                instance=instance,
                is_usable=transcribers.is_usable(instance),
                slots=event.slots,
                models={model.language: model.name for model in event.models},
            )
            for instance, event in sorted(transcribers.models.items())
        ],
        running=[_sound(row, transcribers) for row in running],
        failed=[_sound(row, transcribers) for row in failed],
        waiting=await waiting.count(),
        oldest_s=0.0 if oldest is None else max(0.0, (now - oldest.created_at).total_seconds()),
        done=len(done),
        done_s=sum(length_s for length_s, _ in done),
        spent_s=sum(spent_s for _, spent_s in done),
    )


async def corrections(after: str, limit: int) -> list[CorrectionView]:
    """Return corrections in the order of their utterances, from the one after ``after`` on."""
    rows: Sequence[Utterance] = (
        await Utterance.filter(corrected__not_isnull=True, utterance_id__gt=after).order_by("utterance_id").limit(limit)
    )
    transcripts = {row.transcript_id: row for row in await Transcript.filter(transcript_id__in=_ids(rows))}
    return [
        CorrectionView(
            utterance_id=row.utterance_id,
            media_id=transcripts[row.transcript_id].media_id,
            channel=row.channel,
            start_ms=row.start_ms,
            end_ms=row.end_ms,
            language=transcripts[row.transcript_id].language,
            model=transcripts[row.transcript_id].model,
            recognized=row.recognized or row.text,
            corrected=row.corrected or "",
        )
        for row in rows
    ]


def _ids(rows: Sequence[Utterance]) -> set[str]:
    return {row.transcript_id for row in rows}


def _sound(row: Transcript, transcribers: Transcribers) -> SoundView:
    progress = transcribers.progress.get(row.transcript_id)
    return SoundView(
        transcript_id=row.transcript_id,
        conversation_id=row.conversation_id,
        kind=row.kind,
        instance=row.instance,
        heard_s=0.0 if progress is None else progress.heard_s,
        total_s=0.0 if progress is None else progress.total_s,
        code=row.code,
        reason=row.reason,
        ended_at=row.ended_at,
    )
