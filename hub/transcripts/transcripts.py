"""Keeps what transcribers hear, once each, and what agents correct in it."""

import logging
from collections.abc import Sequence
from typing import Final

import msgspec

from core.events import TranscriptChanged, TranscriptionEnded, UtterancesRecognized
from core.ids import new_id
from hub.accounts.identity import Identity
from hub.audit import Audit
from hub.conversing.access import visible
from hub.errors import ApiError, not_found
from hub.service_rules.ordering import forget_quotes, order_check_again
from hub.store.models import Transcript, Utterance
from hub.texts import clean, clean_line
from hub.transcripts.reading import TranscriptView, UtteranceView, texts, views
from hub.units import Unit, Units

log = logging.getLogger(__name__)

MAX_CHANNELS: Final = 8
HIDDEN: Final = "**"
MAX_ATTEMPTS: Final = 5  # at one sound; after that an administrator has to look


class Transcripts:
    """The one writer of transcripts."""

    def __init__(self, units: Units, audit: Audit) -> None:
        self._units = units
        self._audit = audit

    async def take(self, unit: Unit, instance: str, event: UtterancesRecognized | TranscriptionEnded) -> None:
        """Keep what ``instance`` heard; what comes again, or from who does not work on it any more, changes nothing."""
        row = await _open(unit, event.transcript_id)
        # one that was let go while its instance was away, and that nobody else has yet, is still welcome
        is_let_go = row is not None and row.instance == "" and not getattr(event, "code", "")
        whose = "" if is_let_go else instance
        if row is None or (row.state, row.instance, row.attempt) != ("waiting", whose, event.attempt):
            log.info("%s reports on transcript %s, which it does not work on", instance, event.transcript_id)
            return
        unit.touch(row)
        if isinstance(event, UtterancesRecognized):
            _keep(unit, row, event)
        else:
            await self._end(unit, row, event)

    async def of_conversation(
        self, identity: Identity, conversation_id: str, *, media_id: str = ""
    ) -> list[TranscriptView]:
        """Return the conversation's transcripts, or that of one sound; 404 when the user may not read it."""
        async with self._units.open() as unit:
            await visible(unit, identity, conversation_id)
        rows = Transcript.filter(conversation_id=conversation_id)
        if media_id:
            rows = rows.filter(media_id=media_id)
        return await views(await rows.order_by("transcript_id"), identity)

    async def correct(self, identity: Identity, utterance_id: str, text: str) -> UtteranceView:
        """Put ``text`` in the place of what was recognised, which is kept beside it."""
        async with self._units.open() as unit:
            utterance = await Utterance.get_or_none(utterance_id=utterance_id)
            if utterance is None:
                raise not_found("utterance")
            row = await _open(unit, utterance.transcript_id)
            assert row is not None
            await visible(unit, identity, row.conversation_id)
            if row.state != "done":
                raise ApiError(409, "wrong_state", f"the transcript is {row.state}")
            if not identity.may("transcript.numbers") and HIDDEN in text:
                raise ApiError(422, "invalid", "numbers are hidden from you", fields={"text": "masked"})
            corrected = clean_line(text)
            utterance.corrected = None if corrected == utterance.text else corrected
            utterance.corrected_by = identity.user_id
            utterance.corrected_at = unit.now
            unit.touch(utterance)
            await unit.flush()
            await _tell(unit, row)
            [view] = [
                one
                for transcript in await views([row], identity)
                for one in transcript.utterances
                if one.utterance_id == utterance_id
            ]
            return view

    async def retry(self, identity: Identity, transcript_id: str, *, remote: str = "") -> None:
        """Have a sound that could not be written down tried again; 409 ``wrong_state`` unless it failed."""
        async with self._units.open() as unit:
            row = await _open(unit, transcript_id)
            if row is None:
                raise not_found("transcript")
            if row.state != "failed":
                raise ApiError(409, "wrong_state", f"the transcript is {row.state}")
            row.state, row.code, row.reason, row.instance = "waiting", "", "", ""
            row.attempt += 1
            row.ended_at = None
            unit.touch(row)
        await self._audit.note(identity, "transcript.retry", "transcript", transcript_id, remote=remote)

    async def _end(self, unit: Unit, row: Transcript, event: TranscriptionEnded) -> None:
        row.spent_s += event.spent_s
        if event.code:
            _fail(unit, row, event.code, event.reason)
        elif _padded(row.ends, len(event.ends)) != list(event.ends):
            log.warning("transcript %s is not whole: %s of %s frames", row.transcript_id, row.ends, event.ends)
            row.attempt += 1
            if row.attempt < MAX_ATTEMPTS:
                return
            _fail(unit, row, "incomplete", "")
        else:
            row.state = "done"
            row.ended_at = unit.now
            row.length_s = event.length_s
            row.language = event.language
            row.model = event.model
            await unit.flush()
            await _tell(unit, row)
        entry = await unit.find_entry(row.entry_id)
        if entry is not None:
            entry.params = {**entry.params, "transcript": row.state}
            unit.change_entry(entry, await unit.conversation(row.conversation_id))


async def move_transcripts(unit: Unit, entry_ids: Sequence[str], conversation_id: str) -> None:
    """Let the transcripts of entries that moved belong to ``conversation_id``, too."""
    for transcript_id in await Transcript.filter(entry_id__in=entry_ids).values_list("transcript_id", flat=True):
        row = await _open(unit, str(transcript_id))
        assert row is not None
        row.conversation_id = conversation_id
        unit.touch(row)
        if row.state == "done":
            await _tell(unit, row)


async def forget_transcripts(unit: Unit, media_id: str, *, entry_id: str = "") -> None:
    """Forget what was said in a sound that is deleted, or only as ``entry_id`` had it."""
    rows = Transcript.filter(media_id=media_id)
    for row in await (rows.filter(entry_id=entry_id) if entry_id else rows):
        await Utterance.filter(transcript_id=row.transcript_id).delete()
        await row.delete()
        unit.kept.pop(("transcript", row.transcript_id), None)
        await forget_quotes(row.entry_id)
        gone = TranscriptChanged(transcript_id=row.transcript_id, entry_id=row.entry_id, text="")
        unit.record(gone, row.conversation_id, conversation_id=row.conversation_id)


async def _open(unit: Unit, transcript_id: str) -> Transcript | None:
    """Return the transcript's one row in this unit."""
    kept = unit.kept.get(("transcript", transcript_id))
    if kept is None:
        kept = await Transcript.get_or_none(transcript_id=transcript_id)
        if kept is not None:
            unit.kept["transcript", transcript_id] = kept
    assert kept is None or isinstance(kept, Transcript)
    return kept


def _keep(unit: Unit, row: Transcript, event: UtterancesRecognized) -> None:
    if not 0 <= event.channel < MAX_CHANNELS:
        log.warning("transcript %s has no channel %d", row.transcript_id, event.channel)
        return
    ends = _padded(row.ends, event.channel + 1)
    if event.begin != ends[event.channel]:
        return  # heard before, by a transcriber that was killed after it had told us
    ends[event.channel] = max(event.end, event.begin)
    row.ends = ends
    for heard in event.utterances:
        utterance = Utterance(
            utterance_id=new_id(),
            transcript_id=row.transcript_id,
            channel=event.channel,
            start_ms=heard.start_ms,
            end_ms=heard.end_ms,
            text=clean(heard.text),
            words=msgspec.to_builtins(heard.words),
            confidence=heard.confidence,
            recognized=clean(heard.recognized),
        )
        unit.add(utterance)


def _padded(ends: list[int], channels: int) -> list[int]:
    return [*ends, *[0] * (channels - len(ends))]


def _fail(unit: Unit, row: Transcript, code: str, reason: str) -> None:
    log.warning("transcript %s failed: %s", row.transcript_id, code)
    row.state, row.code, row.reason = "failed", code, clean(reason)
    row.ended_at = unit.now


async def _tell(unit: Unit, row: Transcript) -> None:
    await order_check_again(unit, row.conversation_id)
    text = (await texts([row.transcript_id])).get(row.transcript_id, "")
    event = TranscriptChanged(transcript_id=row.transcript_id, entry_id=row.entry_id, text=text)
    unit.record(event, row.conversation_id, conversation_id=row.conversation_id)
