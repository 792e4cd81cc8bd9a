"""The tree of categories."""

from typing import Annotated, Final

from msgspec import Meta

from core.config import Settings
from core.errors import ConfigInvalid
from core.ids import check_token
from hub.accounts.identity import Identity
from hub.audit import Audit
from hub.errors import ApiError, not_found
from hub.knowledge.views import CategoryView, Slug
from hub.store.models import Article, Category
from hub.units import Units

MAX_DEPTH: Final = 6
MAX_CATEGORIES: Final = 2_000


class CategoryEdit(Settings, frozen=True, kw_only=True):
    """A category's name by language and its place."""

    title: dict[str, Annotated[str, Meta(min_length=1, max_length=60)]]
    parent_id: Slug = ""
    position: Annotated[int, Meta(ge=0, le=10_000)] = 0


class Categories:
    """Reads and changes the tree; it is small enough to be read whole."""

    def __init__(self, units: Units, audit: Audit) -> None:
        self._units = units
        self._audit = audit

    async def all(self) -> list[CategoryView]:
        """Return every category, parents before their children."""
        rows = await Category.all().order_by("position", "category_id")
        placed = Article.filter(published_version__not_isnull=True)
        counts: dict[str, int] = {}
        for category_id in await placed.values_list("category_id", flat=True):
            counts[str(category_id)] = counts.get(str(category_id), 0) + 1
        children: dict[str, list[Category]] = {}
        for row in rows:
            children.setdefault(row.parent_id or "", []).append(row)
        found: list[CategoryView] = []

        def add(row: Category) -> int:
            at = len(found)
            found.append(_view(row))
            total = counts.get(row.category_id, 0) + sum(add(child) for child in children.get(row.category_id, ()))
            found[at] = _view(row, total)
            return total

        for row in children.get("", ()):
            add(row)
        return found

    async def path(self, category_id: str) -> tuple[str, ...]:
        """Return the ids from the top of the tree down to ``category_id``; empty when there is no such category."""
        parents = dict(await Category.all().values_list("category_id", "parent_id"))
        return _path(parents, category_id)

    async def below(self, category_id: str) -> set[str]:
        """Return ``category_id`` and everything below it."""
        parents = dict(await Category.all().values_list("category_id", "parent_id"))
        return {one for one in parents if category_id in _path(parents, one)}

    async def save(self, identity: Identity, category_id: str, edit: CategoryEdit, *, remote: str) -> CategoryView:
        """Make or change a category; 422 when it would stand below itself or too deep."""
        try:
            check_token(category_id)
        except ValueError as error:
            raise ConfigInvalid({"category_id": str(error)}) from error
        async with self._units.open():
            parents = dict(await Category.all().values_list("category_id", "parent_id"))
            if edit.parent_id and edit.parent_id not in parents:
                raise _refused("parent_id", "unknown")
            above = _path(parents, edit.parent_id)
            if category_id in above or len(above) >= MAX_DEPTH:
                raise _refused("parent_id", "below_itself" if category_id in above else "too_deep")
            if category_id not in parents and len(parents) >= MAX_CATEGORIES:
                raise _refused("category_id", "too_many")
            values = {"title": edit.title, "parent_id": edit.parent_id or None, "position": edit.position}
            row, _ = await Category.update_or_create(values, category_id=category_id)
            await self._audit.record(identity, "category.save", "category", category_id, remote=remote)
        return _view(row)

    async def delete(self, identity: Identity, category_id: str, *, remote: str) -> None:
        """Take an empty category away; 409 ``not_empty``."""
        async with self._units.open():
            if not await Category.filter(category_id=category_id).exists():
                raise not_found("category")
            is_parent = await Category.filter(parent_id=category_id).exists()
            if is_parent or await Article.filter(category_id=category_id).exists():
                raise ApiError(409, "not_empty", "the category has articles or categories below it")
            await Category.filter(category_id=category_id).delete()
            await self._audit.record(identity, "category.delete", "category", category_id, remote=remote)


def _path(parents: dict[str, str | None], category_id: str) -> tuple[str, ...]:
    found: list[str] = []
    at: str | None = category_id
    while at and at in parents and at not in found:
        found.append(at)
        at = parents[at]
    return tuple(reversed(found))


def _view(row: Category, articles: int = 0) -> CategoryView:
    return CategoryView(
        category_id=row.category_id, title=row.title, parent_id=row.parent_id, position=row.position, articles=articles
    )


def _refused(field: str, fault: str) -> ApiError:
    return ApiError(422, "invalid", "the category cannot be there", fields={field: fault})
