"""Reads uploaded files into drafts for an editor to look at; nothing is kept before that."""

import asyncio
import logging
from pathlib import PurePosixPath
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from core.config import Settings
from hub.errors import ApiError
from hub.knowledge.importing.drafts import NotReadable, Problem, Reader
from hub.knowledge.importing.office import read_table, read_word
from hub.knowledge.importing.texts import read_html, read_markdown
from hub.knowledge.views import MAX_BODY_CHARS, ArticleContent, Slug
from hub.media import MediaStore
from hub.store.fields import ID_LENGTH

log = logging.getLogger(__name__)

MAX_FILES: Final = 500
READ_S: Final = 60.0  # for all files together
MAX_PREVIEWED: Final = 5_000

READERS: Final[dict[str, Reader]] = {
    ".docx": read_word,
    ".xlsx": read_table,
    ".xls": read_table,
    ".ods": read_table,
    ".html": read_html,
    ".htm": read_html,
    ".md": read_markdown,
    ".markdown": read_markdown,
    ".txt": read_markdown,
}


class ImportFile(Settings, frozen=True, kw_only=True):
    """An uploaded file and the path it had."""

    media_id: Annotated[str, Meta(min_length=1, max_length=ID_LENGTH)]
    path: Annotated[str, Meta(min_length=1, max_length=400)]


class ImportRequest(Settings, frozen=True, kw_only=True):
    """Files to read, and the category their articles are to stand in."""

    files: Annotated[tuple[ImportFile, ...], Meta(min_length=1, max_length=MAX_FILES)]
    category_id: Slug = ""


class ImportedArticle(msgspec.Struct, frozen=True, kw_only=True):
    """An article that was read from ``source``, or why there is none."""

    source: str
    content: ArticleContent | None = None
    problem: Problem | None = None


class Importer:
    """Reads in threads: parsers of office files take their time."""

    def __init__(self, media: MediaStore) -> None:
        self._media = media

    async def preview(self, request: ImportRequest) -> list[ImportedArticle]:
        """Return what each file gives; 408 ``too_slow`` when reading takes too long."""
        found: list[ImportedArticle] = []
        try:
            async with asyncio.timeout(READ_S):
                for file in request.files:
                    stored, _ = await self._media.find(file.media_id)
                    data = await asyncio.to_thread(stored.read_bytes)
                    found += await asyncio.to_thread(read_file, data, file.path)
        except TimeoutError as error:
            raise ApiError(408, "too_slow", f"the files were not read within {READ_S:g} s") from error
        return [_placed(one, request.category_id) for one in found[:MAX_PREVIEWED]]


def read_file(data: bytes, path: str) -> list[ImportedArticle]:
    """Return the articles in a file, by its ending."""
    place = PurePosixPath(path)
    reader = READERS.get(place.suffix.lower())
    if reader is None:
        return [ImportedArticle(source=path, problem="unsupported")]
    try:
        contents = reader(data, place.stem)
    except NotReadable as error:
        return [ImportedArticle(source=path, problem=error.problem)]
    if not contents:
        return [ImportedArticle(source=path, problem="empty")]
    return [
        ImportedArticle(source=path, problem="too_large")
        if len(content.body) > MAX_BODY_CHARS
        else ImportedArticle(source=path, content=content)
        for content in contents
    ]


def _placed(one: ImportedArticle, category_id: str) -> ImportedArticle:
    if one.content is None or not category_id:
        return one
    content = msgspec.structs.replace(one.content, category_id=category_id)
    return msgspec.structs.replace(one, content=content)
