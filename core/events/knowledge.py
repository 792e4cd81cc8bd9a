"""What changed in the knowledge base; the event carries the whole article, as it is answered from."""

from datetime import date
from typing import Literal

import msgspec

from core.events.base import Event

ArticleKind = Literal["policy", "law", "procedure", "faq", "guide", "referral", "form", "list"]
ArticleLevel = Literal["public", "internal", "restricted"]


class ArticleView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An article as it is published; ``is_published`` false: nobody is answered from it any more.

    ``path`` leads from the top category to its own. ``code`` is the short code agents type.
    """

    article_id: str
    version: int = 0
    is_published: bool = False
    title: str = ""
    body: str = ""
    kind: ArticleKind = "faq"
    path: tuple[str, ...] = ()
    code: str = ""
    keywords: tuple[str, ...] = ()
    synonyms: tuple[str, ...] = ()
    region: str = ""
    level: ArticleLevel = "internal"
    owner: str = ""
    valid_from: date | None = None
    valid_to: date | None = None


class ArticleFileView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What stands in a file of a published article; without ``text`` it is not searched any more.

    ``size_chars`` is how long the text is, or was. The rest is the article's own.
    """

    file_id: str
    article_id: str
    name: str = ""
    text: str = ""
    size_chars: int
    kind: ArticleKind = "faq"
    path: tuple[str, ...] = ()
    region: str = ""
    level: ArticleLevel = "internal"


class ArticleChanged(Event, frozen=True, kw_only=True):
    """An article was published, published anew, or taken back."""

    type = "article.changed"
    article: ArticleView


class ArticleFileChanged(Event, frozen=True, kw_only=True):
    """A file of a published article was read, or belongs to it no more."""

    type = "article_file.changed"
    file: ArticleFileView
