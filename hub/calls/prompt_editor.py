"""What staff see and change of the sounds of flows: what is recorded, what is synthesised, what is missing."""

import asyncio
import io
import wave
from typing import Final, Literal

import msgspec

from hub.accounts.identity import Identity
from hub.audit import Audit
from hub.calls.flow_words import spoken_texts
from hub.calls.prompts import Prompts
from hub.calls.rehearsal import Progress, Rehearsal
from hub.calls.utterances import Piece
from hub.errors import ApiError, not_found
from hub.flows.library import FlowLibrary
from hub.media import MediaStore, StoredFile

MAX_RECORDING_S: Final = 300.0

Source = Literal["recorded", "synthesized", "missing"]


class SoundView(msgspec.Struct, frozen=True, kw_only=True):
    """One sound: its words, where it comes from, and the file to hear; ``recording_id`` when staff recorded it."""

    text: str
    prompt: str
    source: Source
    media_id: str = ""
    recording_id: str = ""


class PromptView(msgspec.Struct, frozen=True, kw_only=True):
    """One text of a flow; values are put into one that is not fixed, so it is only partly known ahead."""

    flow_id: str
    node_id: str
    field: str
    language: str
    text: str
    is_fixed: bool
    sounds: tuple[SoundView, ...]


class PromptList(msgspec.Struct, frozen=True, kw_only=True):
    """Every text of the published flows, and how many of their sounds have been made ahead."""

    items: list[PromptView]
    progress: Progress


class PromptEditor:
    """Lists, records and deletes."""

    def __init__(
        self, prompts: Prompts, rehearsal: Rehearsal, library: FlowLibrary, media: MediaStore, audit: Audit
    ) -> None:
        self._prompts = prompts
        self._rehearsal = rehearsal
        self._library = library
        self._media = media
        self._audit = audit

    def all(self) -> PromptList:
        """Return every text that published flows say."""
        items = [
            PromptView(
                flow_id=flow_id,
                node_id=spoken.node_id,
                field=spoken.field,
                language=spoken.language,
                text=spoken.text,
                is_fixed=spoken.is_fixed,
                sounds=tuple(self._sound(piece) for piece in spoken.pieces),
            )
            for flow_id, flow in self._library.all_published().items()
            for spoken in spoken_texts(flow)
        ]
        return PromptList(items=items, progress=self._rehearsal.progress())

    async def record(self, identity: Identity, piece: Piece, media_id: str, *, remote: str = "") -> SoundView:
        """Play the file in place of ``piece`` from now on; 422 when it is no WAV file of speech."""
        file, attachment = await self._media.find(media_id)
        if fault := await asyncio.to_thread(_fault, file):
            raise ApiError(422, "invalid", fault, fields={"media_id": "not_playable"})
        recording_id = await self._prompts.add_recording(piece, attachment.media_id, author_id=identity.user_id)
        await self._audit.record(
            identity, "prompt.record", "prompt", recording_id, remote=remote, language=piece.language
        )
        return self._sound(piece)

    async def speak(self, piece: Piece) -> SoundView:
        """Have words spoken to be heard; the sound is ``missing`` when no voice speaks them in time."""
        await self._prompts.make([piece])
        return self._sound(piece)

    async def delete(self, identity: Identity, recording_id: str, *, remote: str = "") -> None:
        """Have the words synthesised again; 404 when there is no such recording."""
        if not await self._prompts.delete_recording(recording_id):
            raise not_found("recording")
        await self._audit.record(identity, "prompt.delete", "prompt", recording_id, remote=remote)

    def _sound(self, piece: Piece) -> SoundView:
        if recording := self._prompts.recording(piece):
            recording_id, media_id = recording
            return SoundView(
                text=piece.text, prompt=piece.prompt, source="recorded", media_id=media_id, recording_id=recording_id
            )
        found = self._prompts.known([piece], is_final=True)
        if found:
            return SoundView(text=piece.text, prompt=piece.prompt, source="synthesized", media_id=found[0].media_id)
        return SoundView(text=piece.text, prompt=piece.prompt, source="missing")


def _fault(stored: StoredFile) -> str:
    """Return why a file cannot be played to callers, "" when it can."""
    try:
        with wave.open(io.BytesIO(stored.read_bytes())) as file:
            channels, width, rate_hz, frames = file.getparams()[:4]
    except (wave.Error, EOFError):
        return "not a WAV file"
    if width != 2 or channels not in (1, 2) or not 8_000 <= rate_hz <= 96_000:
        return f"{8 * width} bits, {channels} channels, {rate_hz} Hz; wanted are 16 bits at 8,000 to 96,000 Hz"
    if not 0 < frames / rate_hz <= MAX_RECORDING_S:
        return f"{frames / rate_hz:.0f} s long; at most {MAX_RECORDING_S:.0f} s are played"
    return ""
