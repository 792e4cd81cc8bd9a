"""Has the words of published flows spoken ahead, so that callers need not wait for them."""

import asyncio
import logging
from collections.abc import Iterator
from typing import Final

import msgspec

from hub.calls.flow_words import spoken_texts
from hub.calls.prompts import Prompts
from hub.calls.synthesizers import Synthesizers
from hub.calls.utterances import Piece
from hub.flows.library import FlowLibrary

log = logging.getLogger(__name__)

LOOK_S: Final = 5.0  # how soon a newly published flow is noticed
GIVE_UP_AFTER: Final = 3  # failures in a row: then the engine is left in peace for a while
PEACE_S: Final = 60.0


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """How many sounds the published flows need, and how many there are."""

    wanted: int = 0
    ready: int = 0


class Rehearsal:
    """Works through what is missing, one piece after the other: a caller's words wait for one piece at most."""

    def __init__(self, prompts: Prompts, synthesizers: Synthesizers, library: FlowLibrary) -> None:
        self._prompts = prompts
        self._synthesizers = synthesizers
        self._library = library

    async def run(self) -> None:
        """Keep what is published spoken, until cancelled."""
        while True:
            is_complete = await self.rehearse()
            await asyncio.sleep(LOOK_S if is_complete else PEACE_S)

    async def rehearse(self) -> bool:
        """Have everything spoken that is missing now; False when the engine failed."""
        failures = done = 0
        for piece in self._missing():
            await asyncio.wait({self._prompts.begin(piece)})
            if self._prompts.known([piece]) is None:
                failures += 1
                if failures == GIVE_UP_AFTER:
                    return False
            else:
                failures, done = 0, done + 1
        if done:
            log.info("%d sounds of published flows were made", done)
        return not failures

    def progress(self) -> Progress:
        """Return how far it is."""
        wanted = list(self._pieces())
        return Progress(wanted=len(wanted), ready=sum(self._prompts.known([piece]) is not None for piece in wanted))

    def _missing(self) -> list[Piece]:
        return [piece for piece in self._pieces() if self._prompts.known([piece]) is None]

    def _pieces(self) -> Iterator[Piece]:
        """Yield each piece that somebody can speak, once."""
        found = (
            piece
            for flow in self._library.all_published().values()
            for spoken in spoken_texts(flow)
            for piece in spoken.pieces
        )
        for piece in dict.fromkeys(found):
            if piece.text and self._synthesizers.voice(piece.language):
                yield piece
