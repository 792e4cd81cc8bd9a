"""What editors write and readers see of the knowledge base."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from core.config import Settings
from core.events.knowledge import ArticleKind, ArticleLevel
from core.ids import TOKEN
from hub.store.fields import ID_LENGTH, SLUG_LENGTH

ArticleState = Literal["draft", "in_review", "published", "retired"]
CommentKind = Literal["remark", "error", "returned"]
UseAction = Literal["opened", "inserted", "sent", "ignored", "helpful", "unhelpful", "answered"]

MAX_BODY_CHARS: Final = 50_000
MAX_KEYS: Final = 30

Key = Annotated[str, Meta(min_length=1, max_length=60)]
Keys = Annotated[tuple[Key, ...], Meta(max_length=MAX_KEYS)]
Short = Annotated[str, Meta(max_length=100)]
Id = Annotated[str, Meta(min_length=1, max_length=ID_LENGTH)]
OptionalId = Annotated[str, Meta(max_length=ID_LENGTH)]
Slug = Annotated[str, Meta(pattern=rf"^({TOKEN.pattern})?\Z", max_length=SLUG_LENGTH)]


class ArticleFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file that belongs to an article."""

    media_id: Id
    name: Annotated[str, Meta(max_length=120)] = ""


class ArticleContent(Settings, frozen=True, kw_only=True):
    """Everything an editor writes; each version keeps a whole one.

    ``body`` is Markdown. ``code`` is a short code that agents type. ``variant_of`` is the article this one differs
    from for its ``region`` or ``level``. ``template_ids`` are templates whose words tell the same in short.
    """

    title: Annotated[str, Meta(min_length=1, max_length=200)]
    body: Annotated[str, Meta(max_length=MAX_BODY_CHARS)] = ""
    kind: ArticleKind = "faq"
    category_id: Slug = ""
    code: Annotated[str, Meta(pattern=r"^[0-9A-Za-z_-]{0,20}\Z")] = ""
    keywords: Keys = ()
    synonyms: Keys = ()
    region: Annotated[str, Meta(max_length=60)] = ""
    level: ArticleLevel = "internal"
    owner: Short = ""
    valid_from: date | None = None
    valid_to: date | None = None
    variant_of: OptionalId = ""
    attachments: Annotated[tuple[ArticleFile, ...], Meta(max_length=20)] = ()
    template_ids: Annotated[tuple[Id, ...], Meta(max_length=10)] = ()


class VersionView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One version: who wrote it, who let it out."""

    version: int
    note: str = ""
    author_name: str = ""
    created_at: datetime
    publisher_name: str = ""
    published_at: datetime | None = None


class VariantView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A region's or level's own article on the same matter."""

    article_id: str
    title: str
    region: str = ""
    level: ArticleLevel


class LinkedTemplate(msgspec.Struct, frozen=True, kw_only=True):
    """A template that an article names, its variables not filled in."""

    template_id: str
    title: str
    text: str


class ArticleRow(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An article in a list."""

    article_id: str
    title: str
    state: ArticleState
    kind: ArticleKind
    level: ArticleLevel
    newest_version: int
    published_version: int | None = None
    category_id: str = ""
    code: str = ""
    region: str = ""
    owner: str = ""
    valid_from: date | None = None
    valid_to: date | None = None
    opened: int = 0
    accepted: int = 0
    ignored: int = 0
    helpful: int = 0
    unhelpful: int = 0
    updated_at: datetime


class ArticlePage(msgspec.Struct, frozen=True):
    """Articles, latest changed first."""

    items: list[ArticleRow]
    has_more: bool


class ArticleFull(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An article to be read: one version's content, and what stands around it.

    ``file_problems`` tells editors why nothing is found in some of the published files, by ``media_id``.
    """

    row: ArticleRow
    version: int
    content: ArticleContent
    versions: list[VersionView] = []
    variants: list[VariantView] = []
    templates: list[LinkedTemplate] = []
    variant_of_title: str = ""
    file_problems: dict[str, str] = {}


class CommentView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A remark or an error report."""

    comment_id: str
    article_id: str
    title: str = ""
    version: int
    kind: CommentKind
    text: str
    author_name: str = ""
    created_at: datetime
    resolved_by: str = ""
    resolved_at: datetime | None = None


class CategoryView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A place in the tree; ``articles`` counts what is published there and below."""

    category_id: str
    title: dict[str, str]
    parent_id: str | None = None
    position: int = 0
    articles: int = 0


class UnansweredView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A question nothing was found for."""

    unanswered_id: str
    question: str
    source: str
    asked: int
    first_at: datetime
    last_at: datetime


def article_row(row: object) -> ArticleRow:
    """Return a row of ``article`` as it stands in lists."""
    return msgspec.convert({name: getattr(row, name) for name in ArticleRow.__struct_fields__}, ArticleRow)


def content_of(stored: Mapping[str, Any]) -> ArticleContent:
    """Return a version's stored content; fields that an earlier program knew are left out."""
    known = {name: value for name, value in stored.items() if name in ArticleContent.__struct_fields__}
    return msgspec.convert(known, ArticleContent)
