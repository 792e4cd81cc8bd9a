"""Finds articles: asks the search process, keeps what the user may read today, and orders it by what helped before."""

import logging
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import msgspec

from core.bus import Bus
from core.errors import BusUnavailable, RequestFailed
from core.subjects import ASK_HITS, ASK_REBUILD
from hub.accounts.identity import Identity
from hub.errors import ApiError
from hub.knowledge.articles import Articles, may_read
from hub.knowledge.files.keeping import ArticleFiles
from hub.knowledge.marks import Part, marked, snippet
from hub.knowledge.search.conversion import IN_ARTICLE
from hub.knowledge.search.documents import (
    Collection,
    Hit,
    RebuildAnswer,
    RebuildRequest,
    SearchAnswer,
    SearchQuery,
)
from hub.knowledge.search.passages import passage_of, passages
from hub.knowledge.search.plain import has_han, normalized
from hub.knowledge.synonyms import Synonyms
from hub.knowledge.views import ArticleContent, ArticleFile, ArticleRow
from hub.store.models import Article

log = logging.getLogger(__name__)

SEARCH_S: Final = 5.0
POOL: Final = 50  # hits that are read from the database and ordered
USE_WEIGHT: Final = 0.12  # what many good answers before add to a score whose best is 1
COVERED_BY_BODY: Final = 0.6  # of what the title's own words count

Reason = Literal["code", "key", "title", "text", "sound", "pinyin", "file"]


class FoundArticle(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A found article; ``reason`` says by what, ``confidence`` (0 to 1) how much of the question it covers.

    ``file`` is the one in which it was found, and from which ``snippet`` is then.
    """

    article: ArticleRow
    title: list[Part]
    snippet: list[Part]
    reason: Reason
    score: float
    confidence: float
    file: ArticleFile | None = None


class FoundArticles(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A page of found articles, best first; ``is_degraded``: without the index, only by titles and codes."""

    items: list[FoundArticle]
    facets: dict[str, dict[str, int]] = {}
    has_more: bool = False
    is_degraded: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What to look for; without ``text`` everything in the category, those that helped most first."""

    text: str
    kind: str = ""
    category_id: str = ""
    region: str = ""
    has_files: bool = False  # look in the articles' files, too
    offset: int = 0
    limit: int = 20


class Finder:
    """Searches for agents, suggestions and flows alike; ``is_up`` tells whether there is somebody to ask."""

    def __init__(self, bus: Bus, articles: Articles, files: ArticleFiles, synonyms: Synonyms) -> None:
        self._bus = bus
        self._articles = articles
        self._files = files
        self._synonyms = synonyms
        self.is_up = False

    async def ask(self, query: SearchQuery) -> SearchAnswer | None:
        """Return the search process's answer; None while it is away or builds its first index."""
        if not self.is_up:
            return None
        try:
            answer = await self._bus.request(ASK_HITS, query, reply=SearchAnswer, timeout_s=SEARCH_S)
        except (BusUnavailable, RequestFailed) as error:
            log.warning("the search did not answer: %s", error)
            return None
        return None if answer.is_building else answer

    async def rebuild(self, collection: Collection) -> None:
        """Have an index built anew; 409 ``search_away`` when there is nobody to do it."""
        if not self.is_up:
            raise ApiError(409, "search_away", "the search process is not there")
        request = RebuildRequest(collection=collection)
        try:
            await self._bus.request(ASK_REBUILD, request, reply=RebuildAnswer, timeout_s=SEARCH_S)
        except (BusUnavailable, RequestFailed) as error:
            raise ApiError(409, "search_away", str(error)) from error

    async def find(self, identity: Identity, wanted: Wanted, *, levels: tuple[str, ...] = ()) -> FoundArticles:
        """Return a page of articles that ``identity`` may read, of ``levels`` alone where these are given."""
        levels = levels or tuple(level for level in ("public", "internal", "restricted") if may_read(identity, level))
        chosen = {"kind": wanted.kind, "category": wanted.category_id, "region": wanted.region}
        filters: list[tuple[str, ...]] = [
            (f"{name}:{'_'.join(value.split())}",) for name, value in chosen.items() if value
        ]
        if not wanted.has_files:
            filters.append((IN_ARTICLE,))
        if len(levels) < 3:
            filters.append(tuple(f"level:{level}" for level in levels))
        if not wanted.text.strip():
            return await self._browse(wanted, levels)
        query = SearchQuery(
            collection="articles",
            text=wanted.text,
            synonyms=self._synonyms.of(wanted.text),
            filters=tuple(filters),
            facets=("kind", "category", "region"),
            limit=max(POOL, wanted.offset + wanted.limit + 1),
        )
        answer = await self.ask(query)
        if answer is None:
            return await self._look_at_titles(wanted, levels)
        contents = await self._articles.published([_article_id(hit) for hit in answer.hits])
        found = [
            (hit, _found(hit, *article, answer))
            for hit in answer.hits
            if (article := contents.get(_article_id(hit))) and article[0].level in levels
        ]
        found.sort(key=lambda pair: -pair[1].score)
        end = wanted.offset + wanted.limit
        items = await self._with_files(found[wanted.offset : end], answer.terms)
        return FoundArticles(items=items, facets=answer.facets, has_more=len(found) > end)

    async def _with_files(self, found: Sequence[tuple[Hit, FoundArticle]], terms: Sequence[str]) -> list[FoundArticle]:
        """Return what was found, each file's passages with the file they stand in; a file that is gone is left out."""
        places = {hit.document_id: place for hit, _ in found if (place := passage_of(hit.document_id))}
        rows = await self._files.texts({file_id for file_id, _ in places.values()}) if places else {}
        shown = []
        for hit, one in found:
            if (place := places.get(hit.document_id)) is None:
                shown.append(one)
            elif row := rows.get(place[0]):
                passage = passages(row.text)[place[1]]
                file = ArticleFile(media_id=row.media_id, name=row.name)
                shown.append(msgspec.structs.replace(one, file=file, reason="file", snippet=snippet(passage, terms)))
        return shown

    async def _browse(self, wanted: Wanted, levels: tuple[str, ...]) -> FoundArticles:
        ids = await self._articles.browse(
            levels,
            kind=wanted.kind,
            category_id=wanted.category_id,
            region=wanted.region,
            offset=wanted.offset,
            limit=wanted.limit + 1,
        )
        contents = await self._articles.published(ids)
        hits = [Hit(document_id=one, score=0.0, matched="title") for one in ids[: wanted.limit] if one in contents]
        found = [_found(hit, *contents[hit.document_id], SearchAnswer()) for hit in hits]
        return FoundArticles(items=found, has_more=len(ids) > wanted.limit)

    async def _look_at_titles(self, wanted: Wanted, levels: tuple[str, ...]) -> FoundArticles:
        """Look where a database finds something without an index: in titles and codes."""
        words = wanted.text.strip()
        readable = Article.filter(level__in=levels, published_version__not_isnull=True)
        coded = await readable.filter(code__iexact=words).limit(POOL)
        titled = await readable.filter(title__icontains=words).order_by("-accepted").limit(POOL)
        contents = await self._articles.published([row.article_id for row in (*coded, *titled)])
        answer = SearchAnswer(terms=(words,), weights={words: 1.0})
        hits = [Hit(document_id=article_id, score=1.0, matched="title") for article_id in contents]
        found = [_found(hit, *contents[hit.document_id], answer) for hit in hits]
        end = wanted.offset + wanted.limit
        return FoundArticles(items=found[wanted.offset : end], has_more=len(found) > end, is_degraded=True)


def covered(content: ArticleContent, weights: Mapping[str, float]) -> float:
    """Return the share of the question's telling words that stand in ``content``, rare ones counting more."""
    total = sum(weights.values())
    if total <= 0:
        return 0.0
    head = normalized(" ".join([content.title, content.code, *content.keywords, *content.synonyms]))
    body = normalized(content.body)
    held = sum(
        weight * (1.0 if word in head else COVERED_BY_BODY if word in body else 0.0) for word, weight in weights.items()
    )
    return held / total


def _article_id(hit: Hit) -> str:
    return hit.group or hit.document_id


def _found(hit: Hit, row: ArticleRow, content: ArticleContent, answer: SearchAnswer) -> FoundArticle:
    return FoundArticle(
        article=row,
        title=marked(row.title, answer.terms),
        snippet=snippet(content.body, answer.terms),
        reason=_reason(hit, content, answer.terms),
        score=round(hit.score + _usefulness(row), 4),
        confidence=round(1.0 if hit.matched == "code" else covered(content, answer.weights), 3),
    )


def _usefulness(row: ArticleRow) -> float:
    """Return what earlier uses say: between -USE_WEIGHT and +USE_WEIGHT, the more uses the surer."""
    good = row.accepted + 2 * row.helpful
    bad = 0.25 * row.ignored + 2 * row.unhelpful  # passing over a suggestion says little against it
    return USE_WEIGHT * math.tanh((good - bad) / 8)


def _reason(hit: Hit, content: ArticleContent, terms: Sequence[str]) -> Reason:
    match hit.matched:
        case "code" | "key" | "title" | "pinyin":
            return hit.matched
    body = normalized(content.body)
    if any(term in body for term in terms):
        return "text"
    return "sound" if any(has_han(term) for term in terms) else "pinyin"
