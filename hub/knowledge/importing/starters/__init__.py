"""Articles that a new service may begin with, in the same preview as what is read from files."""

from importlib import resources
from typing import Literal

import msgspec

from hub.knowledge.importing.importer import ImportedArticle
from hub.knowledge.views import ArticleContent

StarterName = Literal["callers"]  # ten kinds of callers, and how to meet each


def starter_articles(name: StarterName) -> list[ImportedArticle]:
    """Return the articles of a starter."""
    raw = resources.files(__name__).joinpath(f"{name}.json").read_bytes()
    contents = msgspec.json.decode(raw, type=list[ArticleContent])
    return [ImportedArticle(source=name, content=content) for content in contents]
