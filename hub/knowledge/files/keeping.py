"""Keeps what stands in the files of published articles: read one after the other, forgotten with the file."""

import asyncio
import logging
from collections.abc import Collection, Sequence
from contextlib import suppress
from typing import Final

from core.events import ArticleFileChanged, ArticleFileView
from core.ids import new_id
from hub.errors import ApiError
from hub.knowledge.categories import Categories
from hub.knowledge.files.reader import Reading, read_text
from hub.knowledge.views import ArticleFile, content_of
from hub.media import MediaStore
from hub.store.models import Article, ArticleVersion, FileText
from hub.units import Unit, Units

log = logging.getLogger(__name__)

LOOK_S: Final = 60.0  # for what could not be read before: media_key was missing, for instance
BATCH: Final = 200


class ArticleFiles:
    """The texts of files; the table is the queue, so a killed hub goes on where it was."""

    def __init__(self, units: Units, media: MediaStore, categories: Categories) -> None:
        self._units = units
        self._media = media
        self._categories = categories
        self._wake = asyncio.Event()

    async def run(self) -> None:
        """Read what waits, until cancelled."""
        await self._follow_older()
        while True:
            self._wake.clear()
            await self._read_waiting()
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S):
                    await self._wake.wait()

    async def follow(self, unit: Unit, article: Article, files: Sequence[ArticleFile], *, is_moved: bool) -> None:
        """Have the files of an article that is being published found with it, and those it has no more forgotten.

        ``is_moved``: what the search filters by, the article's level for instance, is not what it was.
        """
        wanted = {file.media_id: file for file in files}
        known = {row.media_id: row for row in await FileText.filter(article_id=article.article_id)}
        for media_id in known.keys() - wanted.keys():
            await self._forget(unit, known.pop(media_id))
        for media_id, file in wanted.items():
            row = known.get(media_id)
            if row is None:
                await FileText.create(
                    file_id=new_id(),
                    article_id=article.article_id,
                    media_id=media_id,
                    name=file.name,
                    state="waiting",
                )
            elif row.state == "failed" or row.name != file.name or is_moved:
                row.name = file.name
                row.state = "waiting" if row.state == "failed" else row.state
                await row.save()
                if row.state == "read":
                    unit.record(ArticleFileChanged(file=await self._view(row, article)), row.file_id)
        unit.after(self._look)

    async def forget(self, unit: Unit, article_id: str) -> None:
        """Let nothing be found in the files of an article."""
        for row in await FileText.filter(article_id=article_id):
            await self._forget(unit, row)

    async def views_after(self, file_id: str, limit: int) -> list[ArticleFileView]:
        """Return what stands in files, as events carry it, in the order of their ids after ``file_id``."""
        rows = await FileText.filter(file_id__gt=file_id, state="read").order_by("file_id").limit(limit)
        articles = await Article.in_bulk({row.article_id for row in rows}, "article_id")
        return [await self._view(row, articles[row.article_id]) for row in rows]

    async def texts(self, file_ids: Collection[str]) -> dict[str, FileText]:
        """Return the texts of ``file_ids`` that are still searched."""
        return {row.file_id: row for row in await FileText.filter(file_id__in=list(file_ids), state="read")}

    async def problems(self, article_id: str) -> dict[str, str]:
        """Return why nothing of an article's files is found, by ``media_id``."""
        failed = FileText.filter(article_id=article_id, state="failed")
        return dict(await failed.values_list("media_id", "problem"))

    async def _look(self) -> None:
        self._wake.set()

    async def _follow_older(self) -> None:
        """Have the files found of articles that were published before the hub read files."""
        last = ""
        published = Article.filter(published_version__not_isnull=True).order_by("article_id")
        while articles := await published.filter(article_id__gt=last).limit(BATCH):
            last = articles[-1].article_id
            ids = [article.article_id for article in articles]
            known = dict(await FileText.filter(article_id__in=ids).values_list("article_id", "file_id"))
            versions = {(row.article_id, row.version): row for row in await ArticleVersion.filter(article_id__in=ids)}
            for article in articles:
                row = versions[article.article_id, article.published_version or 0]
                if article.article_id not in known and content_of(row.content).attachments:
                    await self._follow_published(article.article_id)

    async def _follow_published(self, article_id: str) -> None:
        async with self._units.open() as unit:
            article = await Article.get(article_id=article_id)
            if article.published_version is None:
                return
            stored = await ArticleVersion.get(article_id=article_id, version=article.published_version)
            if files := content_of(stored.content).attachments:
                await self.follow(unit, article, files, is_moved=False)

    async def _read_waiting(self) -> None:
        """Read each file that waits; one that cannot be read now holds up none of the others."""
        last, refusal = "", None
        waiting = FileText.filter(state="waiting").order_by("file_id")
        while row := await waiting.filter(file_id__gt=last).first():
            last = row.file_id
            try:
                await self._read(row)
            except ApiError as error:
                refusal = error
        if refusal is not None:
            log.warning("files of articles are not read yet: %s", refusal)

    async def _read(self, waiting: FileText) -> None:
        reading = await self._reading(waiting)
        if not reading.text and reading.problem is None:
            reading = Reading(problem="empty")
        async with self._units.open() as unit:
            row = await FileText.get_or_none(file_id=waiting.file_id)
            if row is None:  # the article has it no more
                return
            row.text, row.problem = reading.text, reading.problem or ""
            row.state = "failed" if reading.problem else "read"
            await row.save()
            if row.state == "read":
                article = await Article.get(article_id=row.article_id)
                unit.record(ArticleFileChanged(file=await self._view(row, article)), row.file_id)

    async def _reading(self, waiting: FileText) -> Reading:
        try:
            stored, attachment = await self._media.find(waiting.media_id)
            data = await asyncio.to_thread(stored.read_bytes)
        except ApiError as error:
            if error.status == 404:
                return Reading(problem="not_found")
            raise
        except OSError as error:
            log.warning("a file of an article is damaged: %s", type(error).__name__)
            return Reading(problem="unreadable")
        return await read_text(data, waiting.name or attachment.name)

    async def _forget(self, unit: Unit, row: FileText) -> None:
        await row.delete()
        if row.state == "read":
            gone = ArticleFileView(file_id=row.file_id, article_id=row.article_id, size_chars=len(row.text))
            unit.record(ArticleFileChanged(file=gone), row.file_id)

    async def _view(self, row: FileText, article: Article) -> ArticleFileView:
        return ArticleFileView(
            file_id=row.file_id,
            article_id=row.article_id,
            name=row.name,
            text=row.text,
            size_chars=len(row.text),
            kind=article.kind,  # type: ignore[arg-type]
            path=await self._categories.path(article.category_id),
            region=article.region,
            level=article.level,  # type: ignore[arg-type]
        )
