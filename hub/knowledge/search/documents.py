"""What is indexed and what is asked: the structs that cross from the hub to the search process and back."""

from typing import Final, Literal

import msgspec

Collection = Literal["articles", "records"]  # what the service answers with; what was said, and to whom
COLLECTIONS: Final[tuple[Collection, ...]] = ("articles", "records")


class SearchDocument(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing that can be found.

    ``tags`` are ``name:value`` words that a search filters and counts by; ``group`` is what hits are gathered under.
    """

    document_id: str
    collection: Collection
    title: str = ""
    code: str = ""
    keys: tuple[str, ...] = ()
    body: str = ""
    tags: tuple[str, ...] = ()
    group: str = ""


class SearchQuery(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A search: ``text`` as it was typed, ``synonyms`` that stand for parts of it.

    Of each group in ``filters`` a hit has at least one tag. ``facets`` are the tag names to count.
    """

    collection: Collection
    text: str
    synonyms: tuple[str, ...] = ()
    filters: tuple[tuple[str, ...], ...] = ()
    facets: tuple[str, ...] = ()
    limit: int = 20
    offset: int = 0


class Hit(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One found document; ``matched`` says by what: ``code``, ``key``, ``title``, ``text``, ``sound``, ``pinyin``."""

    document_id: str
    score: float
    matched: str
    group: str = ""


class SearchAnswer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The hits, best first; ``terms`` are the words to mark, ``weights`` how rare each of the query's words is.

    ``is_building``: the first index is not complete, so there may be more than was found.
    """

    hits: tuple[Hit, ...] = ()
    facets: dict[str, dict[str, int]] = {}
    terms: tuple[str, ...] = ()
    weights: dict[str, float] = {}
    has_more: bool = False
    is_building: bool = False


class Stored(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """What an index keeps of a document for the ranking; ``spelt`` is the pinyin of title and keys and its initials."""

    title: str
    code: str
    keys: tuple[str, ...]
    tags: tuple[str, ...]
    group: str
    spelt: tuple[str, ...]


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """A document that an engine proposes."""

    document_id: str
    score: float
    stored: Stored


class DocumentsRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A page of everything in a collection, in the order of its ids, after ``after``."""

    collection: Collection
    after: str = ""


class Documents(msgspec.Struct, frozen=True, kw_only=True):
    """A page; ``after`` leads to the next one, empty when this is the last."""

    documents: tuple[SearchDocument, ...]
    after: str = ""


class RebuildRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Build the index of a collection anew from the database."""

    collection: Collection


class RebuildAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a rebuild began; one that goes on already is left to it."""

    is_started: bool
