"""Has articles of the knowledge base spoken to whoever reads them at the desk, line by line, each line made once."""

import msgspec

from core.events import Attachment
from hub.accounts.identity import Identity
from hub.calls.prompts import Prompts
from hub.calls.utterances import Piece
from hub.errors import ApiError, not_found
from hub.knowledge.articles import Articles
from hub.knowledge.marks import plain_text, spoken_lines
from hub.knowledge.search.plain import has_han
from hub.media import MediaStore, StoredFile


class SpokenLines(msgspec.Struct, frozen=True, kw_only=True):
    """What is spoken one after another; nobody speaks it unless there ``is_voice``."""

    lines: list[str]
    is_voice: bool


class SpokenArticles:
    """Finds the sounds of articles, or has them made."""

    def __init__(self, articles: Articles, prompts: Prompts, media: MediaStore) -> None:
        self._articles = articles
        self._prompts = prompts
        self._media = media

    async def lines(self, identity: Identity, article_id: str, version: int | None) -> SpokenLines:
        """Return what is spoken of a version that the user may read."""
        lines = await self._lines(identity, article_id, version)
        voice = self._prompts.synthesizer
        return SpokenLines(lines=lines, is_voice=voice is not None and bool(voice.voice(_piece(lines[0]).language)))

    async def sound(
        self, identity: Identity, article_id: str, version: int | None, line: int
    ) -> tuple[StoredFile, Attachment]:
        """Return the sound of a line; 404 when there is none, 409 ``no_voice`` when nobody speaks it in time."""
        lines = await self._lines(identity, article_id, version)
        if not 0 <= line < len(lines):
            raise not_found("line")
        piece = _piece(lines[line])
        await self._prompts.make([piece])
        found = self._prompts.known([piece], is_final=True)
        if not found:
            raise ApiError(409, "no_voice", "nobody speaks these words now")
        return await self._media.find(found[0].media_id)

    async def _lines(self, identity: Identity, article_id: str, version: int | None) -> list[str]:
        content = (await self._articles.read(identity, article_id, version)).content
        return spoken_lines(content.title, plain_text(content.body))


def _piece(text: str) -> Piece:
    return Piece(text=text, language="zh" if has_han(text) else "en")
