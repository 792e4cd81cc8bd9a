"""Articles that a new service may begin with, in the same preview as what is read from files."""

from importlib import resources
from typing import Annotated, Literal

import msgspec

from core.ids import TOKEN
from hub.accounts.identity import Identity
from hub.knowledge.categories import Categories, CategoryEdit
from hub.knowledge.importing.importer import ImportedArticle
from hub.knowledge.views import ArticleContent
from hub.store.fields import SLUG_LENGTH

# kinds of callers and how to meet each; what to say when; departments and their numbers; everyday services
StarterName = Literal["callers", "phrases", "departments", "everyday"]

CategoryId = Annotated[str, msgspec.Meta(pattern=rf"^{TOKEN.pattern}\Z", max_length=SLUG_LENGTH)]


class StarterCategory(CategoryEdit, frozen=True, kw_only=True):
    """A category of a starter, after the one it stands below."""

    category_id: CategoryId


class Starter(msgspec.Struct, frozen=True):
    """What a starter holds."""

    categories: list[StarterCategory]
    articles: list[ArticleContent]


def starter_articles(name: StarterName) -> list[ImportedArticle]:
    """Return the articles of a starter."""
    return [ImportedArticle(source=name, content=content) for content in read_starter(name).articles]


async def make_categories(categories: Categories, identity: Identity, name: StarterName, *, remote: str) -> None:
    """Make the categories of a starter that are not there yet; others stay as they are."""
    known = {one.category_id for one in await categories.all()}
    for one in read_starter(name).categories:
        if one.category_id not in known:
            edit = CategoryEdit(title=one.title, parent_id=one.parent_id, position=one.position)
            await categories.save(identity, one.category_id, edit, remote=remote)


def read_starter(name: StarterName) -> Starter:
    """Return all of a starter."""
    return msgspec.json.decode(resources.files(__name__).joinpath(f"{name}.json").read_bytes(), type=Starter)
