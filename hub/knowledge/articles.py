"""Articles from draft to retirement: every version is kept, only published ones are answered from."""

from collections.abc import Collection
from datetime import timedelta
from typing import Any, Final, Literal

import msgspec
from tortoise.expressions import Q

from core.events import ArticleChanged, ArticleView
from core.ids import new_id
from hub.accounts.identity import Identity
from hub.audit import Audit
from hub.errors import ApiError, not_found
from hub.knowledge.categories import Categories
from hub.knowledge.files.keeping import ArticleFiles
from hub.knowledge.links import has_foreign_files, link_faults, templates_of, titles_of
from hub.knowledge.views import (
    ArticleContent,
    ArticleFull,
    ArticlePage,
    ArticleRow,
    VariantView,
    VersionView,
    article_row,
    content_of,
)
from hub.store.models import Article, ArticleComment, ArticleVersion
from hub.texts import clean, clean_line
from hub.units import Unit, Units

EXPIRING_DAYS: Final = 30

ListView = Literal["all", "draft", "in_review", "published", "retired", "expiring"]
_OWN_COLUMNS: Final = (
    "title", "kind", "category_id", "code", "region", "level", "owner", "valid_from", "valid_to",
)  # fmt: skip


class Articles:
    """Writes and reads articles; what is published goes out as an event in the same unit of work."""

    def __init__(self, units: Units, audit: Audit, categories: Categories, files: ArticleFiles) -> None:
        self._units = units
        self._audit = audit
        self._categories = categories
        self._files = files

    # reading

    async def read(self, identity: Identity, article_id: str, version: int | None = None) -> ArticleFull:
        """Return the published version, or the one asked for, which only editors see when it is not published."""
        row = await Article.get_or_none(article_id=article_id)
        if row is None or not may_read(identity, row.level):
            raise not_found("article")
        is_editor = identity.may("knowledge.edit")
        wanted = version or row.published_version or (row.newest_version if is_editor else None)
        stored = await ArticleVersion.get_or_none(article_id=article_id, version=wanted) if wanted else None
        is_out = row.published_version is not None and stored is not None and stored.published_at is not None
        if stored is None or not (is_out or is_editor):
            raise not_found("article")
        content = content_of(stored.content)
        if not may_read(identity, content.level):  # an old version may have been for fewer people than the new one
            raise not_found("article")
        versions = ArticleVersion.filter(article_id=article_id).order_by("-version")
        shown = versions if is_editor else versions.filter(published_at__not_isnull=True)
        return ArticleFull(
            row=article_row(row),
            version=stored.version,
            content=content,
            versions=[_version_view(one) for one in await shown.limit(100)],
            variants=await self._variants(identity, row),
            templates=await templates_of(content),
            variant_of_title=(await titles_of(identity, [content])).get(content.variant_of, ""),
            file_problems=await self._files.problems(article_id) if is_editor else {},
        )

    async def content(self, article_id: str, version: int) -> ArticleContent:
        """Return one version's content; 404 when there is none."""
        stored = await ArticleVersion.get_or_none(article_id=article_id, version=version)
        if stored is None:
            raise not_found("version")
        return content_of(stored.content)

    async def published(self, article_ids: Collection[str]) -> dict[str, tuple[ArticleRow, ArticleContent]]:
        """Return those of ``article_ids`` that are published and hold today."""
        today = self._units.now().date()
        rows = await Article.filter(
            Q(valid_from__isnull=True) | Q(valid_from__lte=today),
            Q(valid_to__isnull=True) | Q(valid_to__gte=today),
            article_id__in=list(article_ids),
            published_version__not_isnull=True,
        )
        numbers = {row.article_id: row.published_version for row in rows}
        stored = await ArticleVersion.filter(article_id__in=list(numbers), version__in=set(numbers.values()))
        contents = {one.article_id: one.content for one in stored if one.version == numbers[one.article_id]}
        return {
            row.article_id: (article_row(row), content_of(contents[row.article_id]))
            for row in rows
            if row.article_id in contents
        }

    async def browse(
        self, levels: Collection[str], *, kind: str, category_id: str, region: str, offset: int, limit: int
    ) -> list[str]:
        """Return the ids of published articles in a category and below it, those that helped most first."""
        rows = Article.filter(level__in=list(levels), published_version__not_isnull=True)
        if category_id:
            rows = rows.filter(category_id__in=await self._categories.below(category_id))
        chosen = {name: value for name, value in (("kind", kind), ("region", region)) if value}
        page = rows.filter(**chosen).order_by("-accepted", "title").offset(offset).limit(limit)
        return [row.article_id for row in await page]

    async def page(
        self, identity: Identity, view: ListView, *, category_id: str, words: str, offset: int, limit: int
    ) -> ArticlePage:
        """Return articles for editors, latest changed first; those that expire soon first where these are asked for."""
        rows = Article.all() if may_read(identity, "restricted") else Article.exclude(level="restricted")
        if view == "expiring":
            until = self._units.now().date() + timedelta(days=EXPIRING_DAYS)
            rows = rows.filter(valid_to__lte=until, published_version__not_isnull=True)
        elif view != "all":
            rows = rows.filter(state=view)
        if category_id:
            rows = rows.filter(category_id=category_id)
        if words:
            rows = rows.filter(Q(title__icontains=words) | Q(code__iexact=words) | Q(owner__icontains=words))
        order = "valid_to" if view == "expiring" else "-updated_at"
        found = await rows.order_by(order, "article_id").offset(offset).limit(limit + 1)
        return ArticlePage([article_row(row) for row in found[:limit]], len(found) > limit)

    # writing

    async def make(
        self, identity: Identity, content: ArticleContent, *, note: str = "", remote: str = ""
    ) -> ArticleFull:
        """Make an article with its first draft."""
        async with self._units.open() as unit:
            row = await self.add(unit, identity, content, note=note, remote=remote)
        return await self.read(identity, row.article_id, 1)

    async def add(
        self,
        unit: Unit,
        identity: Identity,
        content: ArticleContent,
        *,
        note: str = "",
        remote: str = "",
        state: Literal["draft", "in_review"] = "draft",
    ) -> Article:
        """Make an article inside the caller's unit of work."""
        article_id = new_id()
        content = await self._checked(content, article_id)
        await _check_files(identity, content, None)
        row = Article(
            article_id=article_id,
            state=state,
            newest_version=0,
            variant_of=content.variant_of or None,
            created_at=unit.now,
            updated_at=unit.now,
            **_columns(content),
        )
        await row.save()
        await self._add_version(unit, identity, row, content, note)
        await self._move(unit, row, state)
        await self._audit.record(identity, "article.make", "article", article_id, remote=remote)
        return row

    async def save(
        self, identity: Identity, article_id: str, content: ArticleContent, *, base: int, note: str, remote: str
    ) -> ArticleFull:
        """Keep a new version; 409 ``edited_meanwhile`` when somebody else saved one after ``base``."""
        async with self._units.open() as unit:
            row = await self._row(identity, article_id)
            if row.newest_version != base:
                raise ApiError(409, "edited_meanwhile", f"version {row.newest_version} was saved meanwhile")
            content = await self._checked(content, article_id)
            await _check_files(identity, content, await self.content(article_id, base))
            await self._add_version(unit, identity, row, content, note)
            await self._audit.record(
                identity, "article.save", "article", article_id, remote=remote, version=row.newest_version
            )
        return await self.read(identity, article_id, row.newest_version)

    async def submit(self, identity: Identity, article_id: str, *, remote: str) -> ArticleRow:
        """Ask for the newest version to be checked."""
        async with self._units.open() as unit:
            row = await self._row(identity, article_id, "draft", "retired")
            await self._move(unit, row, "in_review")
            await self._audit.record(identity, "article.submit", "article", article_id, remote=remote)
        return article_row(row)

    async def give_back(self, identity: Identity, article_id: str, reason: str, *, remote: str) -> ArticleRow:
        """Refuse a version that was to be checked; the reason stands among the article's comments."""
        async with self._units.open() as unit:
            row = await self._row(identity, article_id, "in_review")
            await self._move(unit, row, "draft")
            await ArticleComment.create(
                comment_id=new_id(),
                article_id=article_id,
                version=row.newest_version,
                kind="returned",
                text=clean(reason),
                author_name=identity.display_name,
                created_at=unit.now,
            )
            await self._audit.record(identity, "article.return", "article", article_id, remote=remote)
        return article_row(row)

    async def publish(self, identity: Identity, article_id: str, *, remote: str = "") -> ArticleFull:
        """Answer from the newest version from now on."""
        async with self._units.open() as unit:
            await self.let_out(unit, identity, article_id, remote=remote)
        return await self.read(identity, article_id)

    async def let_out(self, unit: Unit, identity: Identity, article_id: str, *, remote: str = "") -> None:
        """Publish inside the caller's unit."""
        row = await self._row(identity, article_id)
        stored = await ArticleVersion.get(article_id=article_id, version=row.newest_version)
        content = await self._checked(content_of(stored.content), article_id)
        row.published_version = stored.version
        before = _filtered_by(row)
        row.update_from_dict({**_columns(content), "variant_of": content.variant_of or None})
        await ArticleVersion.filter(article_version_id=stored.article_version_id).update(
            published_at=unit.now, publisher_name=identity.display_name or identity.username
        )
        await self._move(unit, row, "published")
        unit.record(ArticleChanged(article=await self._view(row, content)), article_id)
        await self._files.follow(unit, row, content.attachments, is_moved=_filtered_by(row) != before)
        await self._audit.record(
            identity, "article.publish", "article", article_id, remote=remote, version=stored.version
        )

    async def retire(self, identity: Identity, article_id: str, *, remote: str) -> ArticleRow:
        """Answer from it no more; it can be published again."""
        async with self._units.open() as unit:
            row = await self._row(identity, article_id)
            row.published_version = None
            await self._move(unit, row, "retired")
            unit.record(ArticleChanged(article=ArticleView(article_id=article_id)), article_id)
            await self._files.forget(unit, article_id)
            await self._audit.record(identity, "article.retire", "article", article_id, remote=remote)
        return article_row(row)

    async def views_after(self, article_id: str, limit: int) -> list[ArticleView]:
        """Return published articles as events carry them, in the order of their ids after ``article_id``."""
        rows = Article.filter(article_id__gt=article_id, published_version__not_isnull=True)
        views = []
        for row in await rows.order_by("article_id").limit(limit):
            stored = await ArticleVersion.get(article_id=row.article_id, version=row.published_version or 0)
            views.append(await self._view(row, content_of(stored.content)))
        return views

    async def _row(self, identity: Identity, article_id: str, *states: str) -> Article:
        row = await Article.get_or_none(article_id=article_id)
        if row is None or not may_read(identity, row.level):
            raise not_found("article")
        if states and row.state not in states:
            raise ApiError(409, "wrong_state", f"the article is {row.state}")
        return row

    async def _move(self, unit: Unit, row: Article, state: str) -> None:
        row.state = state
        row.updated_at = unit.now
        await row.save()

    async def _add_version(
        self, unit: Unit, identity: Identity, row: Article, content: ArticleContent, note: str
    ) -> None:
        row.newest_version += 1
        await ArticleVersion.create(
            article_version_id=new_id(),
            article_id=row.article_id,
            version=row.newest_version,
            content=msgspec.to_builtins(content),
            note=clean_line(note),
            author_name=identity.display_name or identity.username,
            created_at=unit.now,
        )
        if row.published_version is None:
            row.update_from_dict({**_columns(content), "variant_of": content.variant_of or None})
        await self._move(unit, row, "draft")

    async def _checked(self, content: ArticleContent, article_id: str) -> ArticleContent:
        """Return ``content`` cleaned; 422 names every field that cannot stand."""
        faults: dict[str, str] = {}
        if content.category_id and not await self._categories.path(content.category_id):
            faults["category_id"] = "unknown"
        taken = Article.filter(code=content.code).exclude(article_id=article_id).exclude(state="retired")
        if content.code and await taken.exists():
            faults["code"] = "taken"
        faults |= await link_faults(content, article_id)
        if content.valid_from and content.valid_to and content.valid_to < content.valid_from:
            faults["valid_to"] = "before_valid_from"
        if not clean_line(content.title):
            faults["title"] = "empty"
        if faults:
            raise ApiError(422, "invalid", "the article cannot be like this", fields=faults)
        return msgspec.structs.replace(
            content,
            title=clean_line(content.title),
            body=clean(content.body),
            keywords=_lines(content.keywords),
            synonyms=_lines(content.synonyms),
            region=clean_line(content.region),
            owner=clean_line(content.owner),
        )

    async def _view(self, row: Article, content: ArticleContent) -> ArticleView:
        names = (*_OWN_COLUMNS, "body", "keywords", "synonyms")
        values: dict[str, Any] = {name: getattr(content, name) for name in names if name != "category_id"}
        path = await self._categories.path(content.category_id)
        return ArticleView(
            article_id=row.article_id, version=row.published_version or 0, is_published=True, path=path, **values
        )

    async def _variants(self, identity: Identity, row: Article) -> list[VariantView]:
        base = row.variant_of or row.article_id
        others = Article.filter(Q(article_id=base) | Q(variant_of=base), published_version__not_isnull=True)
        return [
            msgspec.convert({name: getattr(other, name) for name in VariantView.__struct_fields__}, VariantView)
            for other in await others.exclude(article_id=row.article_id).order_by("region").limit(50)
            if may_read(identity, other.level)
        ]


def may_read(identity: Identity, level: str) -> bool:
    """Whether articles of ``level`` are this user's to read."""
    return level != "restricted" or identity.may("knowledge.restricted")


async def _check_files(identity: Identity, content: ArticleContent, before: ArticleContent | None) -> None:
    if await has_foreign_files(identity, content, before):
        raise ApiError(422, "invalid", "a file nobody gave you", fields={"attachments": "unknown"})


def _filtered_by(row: Article) -> tuple[str, ...]:
    return row.kind, row.category_id, row.region, row.level


def _columns(content: ArticleContent) -> dict[str, Any]:
    return {name: getattr(content, name) for name in _OWN_COLUMNS}


def _lines(texts: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(line for text in texts if (line := clean_line(text))))


def _version_view(row: ArticleVersion) -> VersionView:
    return msgspec.convert({name: getattr(row, name) for name in VersionView.__struct_fields__}, VersionView)
