"""Words to sounds: recordings by staff first, then what was synthesised before, then a synthesizer."""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Iterable
from typing import Final, Protocol

from core.errors import LianxinError
from core.events import Attachment, Prompt
from core.ids import derived_id
from hub.calls.utterances import Piece
from hub.store.fields import NAME_LENGTH
from hub.store.models import PromptSound
from hub.units import Units

log = logging.getLogger(__name__)

CACHED: Final = 20_000
SYNTHESIS_S: Final = 10.0  # a caller does not wait longer for words; they are made all the same, for the next one


class Synthesizer(Protocol):
    """Makes speech."""

    def voice(self, language: str) -> str:
        """Return who speaks, by which version: what was made is kept under it; "" when nobody does."""
        ...

    async def synthesize(self, text: str, language: str) -> tuple[Attachment, float] | None:
        """Return the sound and its length in seconds, or None when this cannot be spoken."""
        ...


class Prompts:
    """Finds the sound for words; what cannot be had is left out, and the log says so."""

    def __init__(self, units: Units) -> None:
        self._units = units
        self._recorded: dict[str, str] = {}  # media id by sound id
        self._spoken: OrderedDict[str, str] = OrderedDict()  # the same, the newest last
        self._by_words: OrderedDict[str, str] = OrderedDict()  # media id by words, whoever speaks them
        self._making: dict[str, asyncio.Task[None]] = {}
        self.synthesizer: Synthesizer | None = None

    async def load(self) -> None:
        """Read which sounds there are."""
        self._recorded = {row.sound_id: row.media_id async for row in PromptSound.exclude(author_id=None)}
        self._spoken.clear()
        self._by_words.clear()
        for row in reversed(await PromptSound.filter(author_id=None).order_by("-created_at").limit(CACHED)):
            self._remember(row.sound_id, _words_id(row.text, row.language), row.media_id)

    def known(self, pieces: Iterable[Piece], *, is_final: bool = False) -> list[Prompt] | None:
        """Return the sounds of ``pieces``, or None when some have to be made first; ``is_final`` does without them.

        In place of a voice that cannot be had, now or at all, another one is heard if it spoke the words before.
        """
        found = []
        for piece in pieces:
            recording = self.recording(piece)
            media_id = None if recording is None else recording[1]
            if media_id is None and piece.text:
                voice = self._voice(piece.language)
                media_id = self._spoken.get(_spoken_id(piece, voice))
                if media_id is None and (is_final or not voice):
                    media_id = self._by_words.get(_words_id(piece.text, piece.language))
            if media_id is not None:
                found.append(Prompt(media_id=media_id))
            elif piece.text and not is_final:
                return None
        return found

    async def make(self, pieces: Iterable[Piece]) -> None:
        """Have the sounds made that do not exist, as far as that can be done in time."""
        making = [self.begin(piece) for piece in pieces if self.known([piece]) is None]
        if making:
            await asyncio.wait(making, timeout=SYNTHESIS_S)

    def begin(self, piece: Piece) -> asyncio.Task[None]:
        """Begin to make the sound of ``piece``, once for all who want it."""
        sound_id = _spoken_id(piece, self._voice(piece.language))
        task = self._making.get(sound_id)
        if task is None:
            task = self._making[sound_id] = asyncio.create_task(self._make(piece, sound_id))
            task.add_done_callback(lambda _: self._making.pop(sound_id, None))
        return task

    async def add_recording(self, piece: Piece, media_id: str, *, author_id: str) -> str:
        """Keep what staff recorded for ``piece`` and return the recording's id; it wins from now on."""
        sound_id = recorded_id(piece)
        async with self._units.open() as unit:
            await PromptSound.filter(sound_id=sound_id).delete()
            await PromptSound.create(
                sound_id=sound_id,
                name=piece.prompt,
                language=piece.language,
                text=piece.text,
                media_id=media_id,
                author_id=author_id,
                created_at=unit.now,
            )
        self._recorded[sound_id] = media_id
        return sound_id

    async def delete_recording(self, sound_id: str) -> bool:
        """Forget a recording, so that the words are synthesised again; False when there is none."""
        async with self._units.open():
            deleted = await PromptSound.filter(sound_id=sound_id).exclude(author_id=None).delete()
        self._recorded.pop(sound_id, None)
        return bool(deleted)

    def recording(self, piece: Piece) -> tuple[str, str] | None:
        """Return id and file of the recording that is played for ``piece``, or None."""
        for one in (piece, Piece(text=piece.text, language=piece.language)):
            if media_id := self._recorded.get(recorded_id(one)):
                return recorded_id(one), media_id
        return None

    async def _make(self, piece: Piece, sound_id: str) -> None:
        voice = self._voice(piece.language)
        try:
            made = await self.synthesizer.synthesize(piece.text, piece.language) if self.synthesizer else None
        except LianxinError as error:
            log.warning("a prompt could not be synthesised: %s (%s)", error.code, error)
            return
        except Exception:  # a call goes on without the words
            log.exception("a prompt could not be synthesised")
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
                    "voice": voice[:NAME_LENGTH],
                    "media_id": attachment.media_id,
                    "length_s": length_s,
                    "created_at": unit.now,
                },
                sound_id=sound_id,
            )
        self._remember(sound_id, _words_id(piece.text, piece.language), attachment.media_id)

    def _remember(self, sound_id: str, words_id: str, media_id: str) -> None:
        for kept, key in ((self._spoken, sound_id), (self._by_words, words_id)):
            kept[key] = media_id
            kept.move_to_end(key)
            while len(kept) > CACHED:
                kept.popitem(last=False)

    def _voice(self, language: str) -> str:
        return "" if self.synthesizer is None else self.synthesizer.voice(language)


def recorded_id(piece: Piece) -> str:
    """Return the id of the recording that staff made of a named prompt, or of these words."""
    if piece.prompt:
        return derived_id("recorded", piece.prompt, piece.language)
    return derived_id("recorded words", piece.text, piece.language)


def _spoken_id(piece: Piece, voice: str) -> str:
    return derived_id("spoken", piece.text, piece.language, voice)


def _words_id(text: str, language: str) -> str:
    return derived_id("words", text, language)
