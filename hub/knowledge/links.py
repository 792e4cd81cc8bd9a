"""What an article leads to: the article it differs from, the templates that say it in short, its files."""

from collections.abc import Sequence

from hub.accounts.identity import Identity
from hub.knowledge.views import ArticleContent, LinkedTemplate
from hub.store.models import Article, Media, Template


async def link_faults(content: ArticleContent, article_id: str) -> dict[str, str]:
    """Return what is wrong with the links of ``content``, by field; a variant has no variants of its own."""
    faults: dict[str, str] = {}
    base = await Article.get_or_none(article_id=content.variant_of) if content.variant_of else None
    has_variants = bool(content.variant_of) and await Article.filter(variant_of=article_id).exists()
    if content.variant_of and (base is None or base.variant_of or base.article_id == article_id or has_variants):
        faults["variant_of"] = "unknown"
    wanted = set(content.template_ids)
    if wanted and await Template.filter(template_id__in=wanted).count() < len(wanted):
        faults["template_ids"] = "unknown"
    return faults


async def has_foreign_files(identity: Identity, content: ArticleContent, before: ArticleContent | None) -> bool:
    """Whether ``content`` has files that neither ``before`` had nor the writer uploaded."""
    known = {file.media_id for file in before.attachments} if before else set()
    new = {file.media_id for file in content.attachments} - known
    return bool(new) and await Media.filter(media_id__in=new, uploader_id=identity.user_id).count() < len(new)


async def templates_of(content: ArticleContent) -> list[LinkedTemplate]:
    """Return the templates in use that ``content`` names, in its order."""
    rows = {row.template_id: row for row in await Template.filter(template_id__in=content.template_ids, is_active=True)}
    return [_linked(rows[template_id]) for template_id in content.template_ids if template_id in rows]


async def linkable_templates() -> list[LinkedTemplate]:
    """Return the templates in use, by title."""
    return [_linked(row) for row in await Template.filter(is_active=True).order_by("title")]


async def titles_of(identity: Identity, contents: Sequence[ArticleContent]) -> dict[str, str]:
    """Return the titles of the articles and templates that ``contents`` name, by id; none the user may not read."""
    articles = {one.variant_of for one in contents if one.variant_of}
    templates = {template_id for one in contents for template_id in one.template_ids}
    named = Article.filter(article_id__in=articles)
    if not identity.may("knowledge.restricted"):
        named = named.exclude(level="restricted")
    found = dict(await named.values_list("article_id", "title"))
    return found | dict(await Template.filter(template_id__in=templates).values_list("template_id", "title"))


def _linked(row: Template) -> LinkedTemplate:
    return LinkedTemplate(template_id=row.template_id, title=row.title, text=row.text)
