"""Reads transcripts: as a desk shows them beside the sound, and as plain text for the search."""

from collections.abc import Sequence
from typing import Literal

import msgspec

from core.events import Word
from hub.accounts.identity import Identity
from hub.store.models import Transcript, Utterance
from hub.transcripts.masking import masked

Speaker = Literal["contact", "agent"]


class UtteranceView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One stretch of speech; the ``words`` are as they were recognised, also when an agent corrected the ``text``."""

    utterance_id: str
    speaker: Speaker
    start_ms: int
    end_ms: int
    text: str
    words: tuple[Word, ...] = ()
    confidence: float = 1.0
    is_corrected: bool = False


class TranscriptView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was said in one sound, as far as it is written down; ``code`` says why it cannot be."""

    transcript_id: str
    entry_id: str
    media_id: str
    kind: str
    state: str
    language: str = ""
    model: str = ""
    length_s: float = 0.0
    code: str = ""
    utterances: list[UtteranceView] = []


async def views(rows: Sequence[Transcript], identity: Identity) -> list[TranscriptView]:
    """Return transcripts as ``identity`` may see them."""
    said: dict[str, list[UtteranceView]] = {row.transcript_id: [] for row in rows}
    kinds = {row.transcript_id: row.kind for row in rows}
    for utterance in await _utterances(list(said)):
        speaker: Speaker = "agent" if kinds[utterance.transcript_id] == "recording" and utterance.channel else "contact"
        said[utterance.transcript_id].append(masked(_utterance_view(utterance, speaker), identity))
    return [
        TranscriptView(
            transcript_id=row.transcript_id,
            entry_id=row.entry_id,
            media_id=row.media_id,
            kind=row.kind,
            state=row.state,
            language=row.language,
            model=row.model,
            length_s=row.length_s,
            code=row.code,
            utterances=said[row.transcript_id],
        )
        for row in rows
    ]


async def texts(transcript_ids: Sequence[str]) -> dict[str, str]:
    """Return all that was said in each transcript, one utterance a line."""
    lines: dict[str, list[str]] = {}
    for utterance in await _utterances(transcript_ids):
        lines.setdefault(utterance.transcript_id, []).append(text_of(utterance))
    return {transcript_id: "\n".join(said) for transcript_id, said in lines.items()}


def text_of(utterance: Utterance) -> str:
    """Return what was said, as an agent corrected it if one did."""
    return utterance.text if utterance.corrected is None else utterance.corrected


async def _utterances(transcript_ids: Sequence[str]) -> list[Utterance]:
    rows = Utterance.filter(transcript_id__in=list(transcript_ids))
    return await rows.order_by("start_ms", "utterance_id") if transcript_ids else []


def _utterance_view(row: Utterance, speaker: Speaker) -> UtteranceView:
    return UtteranceView(
        utterance_id=row.utterance_id,
        speaker=speaker,
        start_ms=row.start_ms,
        end_ms=row.end_ms,
        text=text_of(row),
        words=msgspec.convert(row.words, tuple[Word, ...]),
        confidence=row.confidence,
        is_corrected=row.corrected is not None,
    )
