"""The knowledge base as agents use it: search, read, compare, report, note what helped."""

from typing import Annotated

import msgspec
from msgspec import Meta

from core.config import Settings
from core.events.knowledge import ArticleKind
from hub.calls.spoken_articles import SpokenLines
from hub.http.endpoints import Call, Endpoints, NoBody
from hub.knowledge.differences import Difference, difference
from hub.knowledge.finding import FoundArticles, Wanted
from hub.knowledge.links import titles_of
from hub.knowledge.sending import ArticleTexts
from hub.knowledge.suggestions import SuggestionList
from hub.knowledge.views import (
    ArticleFull,
    CategoryView,
    CommentKind,
    CommentView,
    OptionalId,
    Slug,
    UseAction,
)
from hub.services import Services

api = Endpoints()


class FindQuery(msgspec.Struct, frozen=True):
    """What to look for, and where; without ``q`` everything there."""

    q: Annotated[str, Meta(max_length=300)] = ""
    kind: ArticleKind | None = None
    category_id: Slug = ""
    region: Annotated[str, Meta(max_length=60)] = ""
    offset: Annotated[int, Meta(ge=0, le=500)] = 0
    limit: Annotated[int, Meta(ge=1, le=50)] = 20


class VersionQuery(msgspec.Struct, frozen=True):
    """Which version; the published one when left out."""

    version: Annotated[int, Meta(ge=1, le=2**31 - 1)] | None = None


class CompareQuery(msgspec.Struct, frozen=True):
    """Two versions of an article, or the published ones of two articles."""

    before: Annotated[int, Meta(ge=1, le=2**31 - 1)] | None = None
    after: Annotated[int, Meta(ge=1, le=2**31 - 1)] | None = None
    other: OptionalId = ""


class NewComment(Settings, frozen=True, kw_only=True):
    """A remark, or that something is wrong."""

    text: Annotated[str, Meta(min_length=1, max_length=2_000)]
    is_error: bool = False


class NewUse(Settings, frozen=True, kw_only=True):
    """What was done with an article."""

    action: UseAction
    conversation_id: OptionalId = ""


class NewUnanswered(Settings, frozen=True, kw_only=True):
    """What nothing was found for."""

    question: Annotated[str, Meta(min_length=1, max_length=250)]


class CategoryList(msgspec.Struct, frozen=True):
    """The whole tree, parents before their children."""

    items: list[CategoryView]


class CommentList(msgspec.Struct, frozen=True):
    """Newest first."""

    items: list[CommentView]


@api.add("GET", "/api/v1/knowledge/search", "desk.use", query=FindQuery, answer=FoundArticles)
async def search_articles(services: Services, call: Call[NoBody]) -> FoundArticles:
    """Search articles by words, pinyin, first letters or short code, and what stands in their files."""
    query: FindQuery = call.query
    wanted = Wanted(
        text=query.q,
        kind=query.kind or "",
        category_id=query.category_id,
        region=query.region,
        has_files=True,
        offset=query.offset,
        limit=query.limit,
    )
    return await services.knowledge.finder.find(call.identity, wanted)


@api.add("GET", "/api/v1/conversations/{conversation_id}/suggestions", "desk.use", answer=SuggestionList)
async def suggest_articles(services: Services, call: Call[NoBody]) -> SuggestionList:
    """Suggest articles for what the citizen wrote last."""
    await services.conversations.open_for(call.identity, call.path["conversation_id"])
    return await services.knowledge.suggestions.of(call.identity, call.path["conversation_id"])


@api.add("GET", "/api/v1/conversations/{conversation_id}/articles/{article_id}", "desk.use", answer=ArticleTexts)
async def list_article_texts(services: Services, call: Call[NoBody]) -> ArticleTexts:
    """Return what of an article can be sent in a conversation."""
    conversation = await services.conversations.open_for(call.identity, call.path["conversation_id"])
    return await services.knowledge.sending.texts(call.identity, conversation, call.path["article_id"])


@api.add("GET", "/api/v1/knowledge/categories", "desk.use", answer=CategoryList)
async def list_categories(services: Services, call: Call[NoBody]) -> CategoryList:
    """List the tree of categories."""
    return CategoryList(await services.knowledge.categories.all())


@api.add("GET", "/api/v1/knowledge/articles/{article_id}", "desk.use", query=VersionQuery, answer=ArticleFull)
async def get_article(services: Services, call: Call[NoBody]) -> ArticleFull:
    """Return an article; only editors see versions that are not published."""
    query: VersionQuery = call.query
    return await services.knowledge.articles.read(call.identity, call.path["article_id"], query.version)


@api.add("GET", "/api/v1/knowledge/articles/{article_id}/lines", "desk.use", query=VersionQuery, answer=SpokenLines)
async def list_spoken_lines(services: Services, call: Call[NoBody]) -> SpokenLines:
    """List what is read aloud of an article, line by line."""
    query: VersionQuery = call.query
    return await services.spoken_articles.lines(call.identity, call.path["article_id"], query.version)


@api.add(
    "GET", "/api/v1/knowledge/articles/{article_id}/differences", "desk.use", query=CompareQuery, answer=Difference
)
async def compare_article(services: Services, call: Call[NoBody]) -> Difference:
    """Return what differs between two versions, or between an article and a variant of it."""
    query: CompareQuery = call.query
    read = services.knowledge.articles.read
    article_id = call.path["article_id"]
    before = await read(call.identity, article_id, query.before)
    after = await read(call.identity, query.other or article_id, query.after)
    both = (before.content, after.content)
    return difference(*both, await titles_of(call.identity, both))


@api.add("GET", "/api/v1/knowledge/articles/{article_id}/comments", "desk.use", answer=CommentList)
async def list_article_comments(services: Services, call: Call[NoBody]) -> CommentList:
    """List what readers said of an article."""
    article_id = call.path["article_id"]
    await services.knowledge.articles.read(call.identity, article_id)
    return CommentList(await services.knowledge.feedback.comments(article_id))


@api.add(
    "POST",
    "/api/v1/knowledge/articles/{article_id}/comments",
    "desk.use",
    body=NewComment,
    answer=CommentView,
    status=201,
)
async def comment_article(services: Services, call: Call[NewComment]) -> CommentView:
    """Say something of an article, or that it is wrong."""
    kind: CommentKind = "error" if call.body.is_error else "remark"
    return await services.knowledge.feedback.comment(call.identity, call.path["article_id"], kind, call.body.text)


@api.add("POST", "/api/v1/knowledge/articles/{article_id}/uses", "desk.use", body=NewUse)
async def use_article(services: Services, call: Call[NewUse]) -> None:
    """Note what was done with an article."""
    await services.knowledge.feedback.used(
        call.identity, call.path["article_id"], call.body.action, conversation_id=call.body.conversation_id
    )


@api.add("POST", "/api/v1/knowledge/unanswered", "desk.use", body=NewUnanswered)
async def report_unanswered(services: Services, call: Call[NewUnanswered]) -> None:
    """Tell the editors that there is no answer to this."""
    await services.knowledge.feedback.report_unanswered(call.body.question)
