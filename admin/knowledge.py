"""The knowledge base as editors work on it."""

from typing import Annotated

import msgspec
from msgspec import Meta

from core.config import Settings
from hub.http.endpoints import Call, Endpoints, NoBody
from hub.knowledge.articles import ListView
from hub.knowledge.categories import CategoryEdit
from hub.knowledge.importing.importer import ImportedArticle, ImportRequest
from hub.knowledge.importing.starters import StarterName, make_categories, starter_articles
from hub.knowledge.links import linkable_templates
from hub.knowledge.search.documents import Collection
from hub.knowledge.synonyms import SynonymGroups
from hub.knowledge.views import (
    ArticleContent,
    ArticleFull,
    ArticlePage,
    ArticleRow,
    CategoryView,
    CommentView,
    LinkedTemplate,
    Slug,
    UnansweredView,
)
from hub.services import Services

api = Endpoints()

Note = Annotated[str, Meta(max_length=500)]


class ArticlesQuery(msgspec.Struct, frozen=True):
    """A page of articles."""

    view: ListView = "all"
    category_id: Slug = ""
    q: Annotated[str, Meta(max_length=100)] = ""
    offset: Annotated[int, Meta(ge=0, le=1_000_000)] = 0
    limit: Annotated[int, Meta(ge=1, le=200)] = 50


class StarterQuery(msgspec.Struct, frozen=True):
    """Which starter."""

    name: StarterName


class ChosenStarter(Settings, frozen=True, kw_only=True):
    """Which starter."""

    name: StarterName


class NewArticle(Settings, frozen=True, kw_only=True):
    """An article's first draft."""

    content: ArticleContent
    note: Note = ""


class NewArticleVersion(Settings, frozen=True, kw_only=True):
    """A later draft, made from version ``base``."""

    content: ArticleContent
    base: Annotated[int, Meta(ge=1, le=2**31 - 1)]
    note: Note = ""


class Refusal(Settings, frozen=True, kw_only=True):
    """Why a version is not published."""

    reason: Annotated[str, Meta(min_length=1, max_length=2_000)]


class OpenComments(msgspec.Struct, frozen=True):
    """What readers reported and nobody dealt with, newest first."""

    items: list[CommentView]


class UnansweredList(msgspec.Struct, frozen=True):
    """Open questions, those asked most first."""

    items: list[UnansweredView]


class LinkedTemplateList(msgspec.Struct, frozen=True):
    """By title."""

    items: list[LinkedTemplate]


class ImportPreview(msgspec.Struct, frozen=True):
    """What was read, in the order of the files."""

    items: list[ImportedArticle]


class Rebuild(Settings, frozen=True, kw_only=True):
    """Which index to build anew."""

    collection: Collection = "articles"


@api.add("GET", "/api/v1/knowledge/articles", "knowledge.edit", query=ArticlesQuery, answer=ArticlePage)
async def list_articles(services: Services, call: Call[NoBody]) -> ArticlePage:
    """List articles in any state."""
    query: ArticlesQuery = call.query
    return await services.knowledge.articles.page(
        call.identity,
        query.view,
        category_id=query.category_id,
        words=query.q,
        offset=query.offset,
        limit=query.limit,
    )


@api.add("GET", "/api/v1/knowledge/templates", "knowledge.edit", answer=LinkedTemplateList)
async def list_linkable_templates(_services: Services, _call: Call[NoBody]) -> LinkedTemplateList:
    """List the templates that articles can name."""
    return LinkedTemplateList(await linkable_templates())


@api.add("POST", "/api/v1/knowledge/articles", "knowledge.edit", body=NewArticle, answer=ArticleFull, status=201)
async def make_article(services: Services, call: Call[NewArticle]) -> ArticleFull:
    """Make an article; it is a draft until it is published."""
    body = call.body
    return await services.knowledge.articles.make(call.identity, body.content, note=body.note, remote=call.remote)


@api.add(
    "POST",
    "/api/v1/knowledge/articles/{article_id}/versions",
    "knowledge.edit",
    body=NewArticleVersion,
    answer=ArticleFull,
    status=201,
    problems=(409,),
)
async def save_article(services: Services, call: Call[NewArticleVersion]) -> ArticleFull:
    """Keep a new version; what is published stays until this one is."""
    body = call.body
    return await services.knowledge.articles.save(
        call.identity, call.path["article_id"], body.content, base=body.base, note=body.note, remote=call.remote
    )


@api.add("POST", "/api/v1/knowledge/articles/{article_id}/submit", "knowledge.edit", answer=ArticleRow, problems=(409,))
async def submit_article(services: Services, call: Call[NoBody]) -> ArticleRow:
    """Ask for the newest version to be checked."""
    return await services.knowledge.articles.submit(call.identity, call.path["article_id"], remote=call.remote)


@api.add(
    "POST",
    "/api/v1/knowledge/articles/{article_id}/return",
    "knowledge.publish",
    body=Refusal,
    answer=ArticleRow,
    problems=(409,),
)
async def return_article(services: Services, call: Call[Refusal]) -> ArticleRow:
    """Give a version back to its author with the reason."""
    return await services.knowledge.articles.give_back(
        call.identity, call.path["article_id"], call.body.reason, remote=call.remote
    )


@api.add("POST", "/api/v1/knowledge/articles/{article_id}/publish", "knowledge.publish", answer=ArticleFull)
async def publish_article(services: Services, call: Call[NoBody]) -> ArticleFull:
    """Answer from the newest version from now on."""
    return await services.knowledge.articles.publish(call.identity, call.path["article_id"], remote=call.remote)


@api.add("POST", "/api/v1/knowledge/articles/{article_id}/retire", "knowledge.publish", answer=ArticleRow)
async def retire_article(services: Services, call: Call[NoBody]) -> ArticleRow:
    """Answer from an article no more."""
    return await services.knowledge.articles.retire(call.identity, call.path["article_id"], remote=call.remote)


@api.add("PUT", "/api/v1/knowledge/categories/{category_id}", "knowledge.edit", body=CategoryEdit, answer=CategoryView)
async def save_category(services: Services, call: Call[CategoryEdit]) -> CategoryView:
    """Make or change a category."""
    return await services.knowledge.categories.save(
        call.identity, call.path["category_id"], call.body, remote=call.remote
    )


@api.add("DELETE", "/api/v1/knowledge/categories/{category_id}", "knowledge.edit", problems=(409,))
async def delete_category(services: Services, call: Call[NoBody]) -> None:
    """Take an empty category away."""
    await services.knowledge.categories.delete(call.identity, call.path["category_id"], remote=call.remote)


@api.add("GET", "/api/v1/knowledge/comments", "knowledge.edit", answer=OpenComments)
async def list_open_comments(services: Services, call: Call[NoBody]) -> OpenComments:
    """List what readers reported and nobody dealt with."""
    return OpenComments(await services.knowledge.feedback.comments())


@api.add("POST", "/api/v1/knowledge/comments/{comment_id}/resolve", "knowledge.edit", answer=CommentView)
async def resolve_comment(services: Services, call: Call[NoBody]) -> CommentView:
    """Say that a report was dealt with."""
    return await services.knowledge.feedback.resolve(call.identity, call.path["comment_id"])


@api.add("GET", "/api/v1/knowledge/unanswered", "knowledge.edit", answer=UnansweredList)
async def list_unanswered(services: Services, call: Call[NoBody]) -> UnansweredList:
    """List questions nothing was found for."""
    return UnansweredList(await services.knowledge.feedback.unanswered())


@api.add("POST", "/api/v1/knowledge/unanswered/{unanswered_id}/close", "knowledge.edit")
async def close_unanswered(services: Services, call: Call[NoBody]) -> None:
    """Say that there is an answer now, or need be none."""
    await services.knowledge.feedback.close_unanswered(call.identity, call.path["unanswered_id"])


@api.add("GET", "/api/v1/knowledge/synonyms", "knowledge.edit", answer=SynonymGroups)
async def list_synonyms(services: Services, call: Call[NoBody]) -> SynonymGroups:
    """List the groups of words that mean the same."""
    return services.knowledge.synonyms.all()


@api.add("PUT", "/api/v1/knowledge/synonyms", "knowledge.edit", body=SynonymGroups, answer=SynonymGroups)
async def save_synonyms(services: Services, call: Call[SynonymGroups]) -> SynonymGroups:
    """Replace the groups of words that mean the same."""
    return await services.knowledge.synonyms.save(call.identity, call.body, remote=call.remote)


@api.add(
    "POST",
    "/api/v1/knowledge/imports/preview",
    "knowledge.edit",
    body=ImportRequest,
    answer=ImportPreview,
    problems=(404, 408),
)
async def preview_import(services: Services, call: Call[ImportRequest]) -> ImportPreview:
    """Return what uploaded files would give; nothing is kept."""
    return ImportPreview(await services.knowledge.importer.preview(call.body))


@api.add("GET", "/api/v1/knowledge/imports/starter", "knowledge.edit", query=StarterQuery, answer=ImportPreview)
async def preview_starter(services: Services, call: Call[NoBody]) -> ImportPreview:
    """Return articles that a new service may begin with; nothing is kept."""
    return ImportPreview(starter_articles(call.query.name))


@api.add("POST", "/api/v1/knowledge/imports/starter/categories", "knowledge.edit", body=ChosenStarter)
async def make_starter_categories(services: Services, call: Call[ChosenStarter]) -> None:
    """Make the categories that a starter's articles stand in, where they are missing."""
    await make_categories(services.knowledge.categories, call.identity, call.body.name, remote=call.remote)


@api.add("POST", "/api/v1/knowledge/index", "admin.system", body=Rebuild, problems=(409,))
async def rebuild_index(services: Services, call: Call[Rebuild]) -> None:
    """Build an index anew beside the one that is served."""
    await services.knowledge.finder.rebuild(call.body.collection)
    await services.audit.note(call.identity, "index.rebuild", "index", call.body.collection, remote=call.remote)
