"""What readers tell the editors: remarks, errors, questions without an answer, and what became of what they found."""

from datetime import datetime
from typing import Any, Final

import msgspec
from tortoise.expressions import F

from core.ids import new_id
from hub.accounts.identity import Identity
from hub.errors import not_found
from hub.knowledge.articles import may_read
from hub.knowledge.search.plain import squeezed
from hub.knowledge.views import CommentKind, CommentView, UnansweredView, UseAction
from hub.store.fields import NAME_LENGTH
from hub.store.models import Article, ArticleComment, ArticleUse, Unanswered
from hub.texts import clean, clean_line
from hub.units import Units

COUNTERS: Final[dict[UseAction, str]] = {
    "opened": "opened",
    "inserted": "accepted",
    "sent": "accepted",
    "answered": "accepted",
    "ignored": "ignored",
    "helpful": "helpful",
    "unhelpful": "unhelpful",
}


class Feedback:
    """Takes what readers say and do; editors work through it."""

    def __init__(self, units: Units) -> None:
        self._units = units

    async def comment(self, identity: Identity, article_id: str, kind: CommentKind, text: str) -> CommentView:
        """Keep a remark or an error report about an article."""
        async with self._units.open() as unit:
            article = await _article(identity, article_id)
            row = await ArticleComment.create(
                comment_id=new_id(),
                article_id=article_id,
                version=article.published_version or article.newest_version,
                kind=kind,
                text=clean(text),
                author_name=identity.display_name,
                created_at=unit.now,
            )
        return _comment_view(row, article.title)

    async def comments(self, article_id: str = "", *, limit: int = 200) -> list[CommentView]:
        """Return an article's comments, or every one that waits for an editor; newest first."""
        rows = ArticleComment.filter(article_id=article_id) if article_id else ArticleComment.filter(resolved_at=None)
        found = await rows.order_by("-comment_id").limit(limit)
        titles = dict(
            await Article.filter(article_id__in={row.article_id for row in found}).values_list("article_id", "title")
        )
        return [_comment_view(row, titles.get(row.article_id, "")) for row in found]

    async def resolve(self, identity: Identity, comment_id: str) -> CommentView:
        """Say that a comment was dealt with."""
        async with self._units.open() as unit:
            row = await ArticleComment.get_or_none(comment_id=comment_id)
            if row is None:
                raise not_found("comment")
            row.resolved_at = unit.now
            row.resolved_by = identity.display_name
            await row.save()
        return _comment_view(row)

    async def used(self, identity: Identity, article_id: str, action: UseAction, *, conversation_id: str = "") -> None:
        """Note what was done with an article; the ranking goes by it."""
        async with self._units.open() as unit:
            await _article(identity, article_id)
            await self.note_use(
                unit.now, article_id, action, conversation_id=conversation_id, agent_id=identity.user_id
            )

    async def note_use(
        self, now: datetime, article_id: str, action: UseAction, *, conversation_id: str = "", agent_id: str = ""
    ) -> None:
        """Note a use inside the caller's unit of work."""
        counter = COUNTERS[action]
        changed: Any = {counter: F(counter) + 1}
        await Article.filter(article_id=article_id).update(**changed)
        await ArticleUse.create(
            use_id=new_id(),
            article_id=article_id,
            action=action,
            conversation_id=conversation_id or None,
            agent_id=agent_id or None,
            at=now,
        )

    async def note_unanswered(self, now: datetime, question: str, source: str) -> None:
        """Count a question without an answer, inside the caller's unit of work; an answered one opens again."""
        text = clean_line(question)[:NAME_LENGTH]
        key = squeezed(text)[:NAME_LENGTH]
        if not key:
            return
        known = await Unanswered.get_or_none(squeezed=key)
        if known is None:
            await Unanswered.create(
                unanswered_id=new_id(), question=text, squeezed=key, source=source, first_at=now, last_at=now
            )
            return
        known.asked += 1
        known.last_at = now
        known.closed_at = None
        await known.save()

    async def report_unanswered(self, question: str) -> None:
        """An agent found nothing for this."""
        async with self._units.open() as unit:
            await self.note_unanswered(unit.now, question, "agent")

    async def unanswered(self, *, limit: int = 200) -> list[UnansweredView]:
        """Return the open questions, those asked most first."""
        rows = await Unanswered.filter(closed_at=None).order_by("-asked", "-last_at").limit(limit)
        names = UnansweredView.__struct_fields__
        return [msgspec.convert({name: getattr(row, name) for name in names}, UnansweredView) for row in rows]

    async def close_unanswered(self, identity: Identity, unanswered_id: str) -> None:
        """Say that there is an answer now, or that there need be none."""
        async with self._units.open() as unit:
            row = await Unanswered.get_or_none(unanswered_id=unanswered_id)
            if row is None:
                raise not_found("question")
            row.closed_at = unit.now
            row.closed_by = identity.display_name
            await row.save()


async def _article(identity: Identity, article_id: str) -> Article:
    row = await Article.get_or_none(article_id=article_id)
    if row is None or not may_read(identity, row.level):
        raise not_found("article")
    return row


def _comment_view(row: ArticleComment, title: str = "") -> CommentView:
    values = {name: getattr(row, name) for name in CommentView.__struct_fields__ if name != "title"}
    return msgspec.convert({**values, "title": title}, CommentView)
