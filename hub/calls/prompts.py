"""Words to sounds: recordings by staff first, then what was synthesised before, then a synthesizer."""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable
from typing import Final, Protocol

from core.events import Attachment, Prompt
from core.ids import derived_id
from hub.calls.utterances import Piece
from hub.store.models import PromptSound
from hub.units import Units

log = logging.getLogger(__name__)

CACHED: Final = 20_000
SYNTHESIS_S: Final = 10.0  # a caller does not wait longer for one sentence


class Synthesizer(Protocol):
    """Makes speech; ``voice`` names who speaks and which version, for what was made is kept by it."""

    voice: str

    async def synthesize(self, text: str, language: str) -> tuple[Attachment, float] | None:
        """Return the sound and its length in seconds, or None when this cannot be spoken."""
        ...


class Prompts:
    """Finds the sound for words; what cannot be had is left out, and the log says so."""

    def __init__(self, units: Units) -> None:
        self._units = units
        self._media: OrderedDict[str, str] = OrderedDict()  # media id by sound id
        self.synthesizer: Synthesizer | None = None

    async def load(self) -> None:
        """Read which sounds there are."""
        self._media.clear()
        async for row in PromptSound.all().order_by("-created_at").limit(CACHED):
            self._media.setdefault(row.sound_id, row.media_id)

    def known(self, pieces: Iterable[Piece], *, is_final: bool = False) -> list[Prompt] | None:
        """Return the sounds of ``pieces``, or None when some have to be made first; ``is_final`` does without them."""
        found = []
        for piece in pieces:
            media_id = self._media.get(recorded_id(piece.prompt, piece.language)) if piece.prompt else None
            if media_id is None and piece.text:
                media_id = self._media.get(self._spoken_id(piece))
            if media_id is not None:
                found.append(Prompt(media_id=media_id))
            elif piece.text and not is_final:
                return None
        return found

    async def make(self, pieces: Iterable[Piece], done: Callable[[], Awaitable[None]]) -> None:
        """Have the sounds made that do not exist, then call ``done`` whatever came of it."""
        for piece in pieces:
            if self.known([piece]) is None:
                await self._make(piece)
        await done()

    async def add_recording(self, name: str, language: str, media_id: str, *, text: str, author_id: str) -> None:
        """Keep what staff recorded for a prompt; it wins from now on."""
        sound_id = recorded_id(name, language)
        async with self._units.open() as unit:
            await PromptSound.filter(sound_id=sound_id).delete()
            await PromptSound.create(
                sound_id=sound_id,
                name=name,
                language=language,
                text=text,
                media_id=media_id,
                author_id=author_id,
                created_at=unit.now,
            )
        self._media[sound_id] = media_id

    async def _make(self, piece: Piece) -> None:
        sound_id = self._spoken_id(piece)
        made = None
        if self.synthesizer is not None:
            try:
                async with asyncio.timeout(SYNTHESIS_S):
                    made = await self.synthesizer.synthesize(piece.text, piece.language)
            except Exception as error:  # a call goes on without the words
                log.warning("a prompt could not be synthesised: %s", type(error).__name__)
                return
        if made is None:
            log.warning("nobody can speak a prompt of %d characters in %s", len(piece.text), piece.language)
            return
        attachment, length_s = made
        async with self._units.open() as unit:
            await PromptSound.get_or_create(
                {
                    "language": piece.language,
                    "text": piece.text,
                    "voice": self._voice,
                    "media_id": attachment.media_id,
                    "length_s": length_s,
                    "created_at": unit.now,
                },
                sound_id=sound_id,
            )
        self._media[sound_id] = attachment.media_id
        while len(self._media) > CACHED:
            self._media.popitem(last=False)

    @property
    def _voice(self) -> str:
        return "" if self.synthesizer is None else self.synthesizer.voice

    def _spoken_id(self, piece: Piece) -> str:
        return derived_id("spoken", piece.text, piece.language, self._voice)


def recorded_id(name: str, language: str) -> str:
    """Return the id of the recording that staff made of a prompt."""
    return derived_id("recorded", name, language)
