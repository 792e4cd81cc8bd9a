"""Answers a flow's question from the knowledge base: only public articles, only when the answer is sure or chosen."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final

from core.flow import KnowledgeFound, NearArticle, SearchKnowledge
from core.tasks import Tasks
from hub.accounts.identity import Identity
from hub.knowledge.articles import Articles
from hub.knowledge.feedback import Feedback
from hub.knowledge.finding import Finder, FoundArticle, Wanted
from hub.knowledge.marks import plain_text
from hub.knowledge.search.plain import squeezed
from hub.units import Units

log = logging.getLogger(__name__)

SURE: Final = 0.66  # of the question's telling words stand in the article
NEAR: Final = 0.25  # less of them, and nobody would see why the article is offered
MAX_NEAR: Final = 3
CLEAR_LEAD: Final = 0.05  # of the best one's score before the next
QUESTION_CHARS: Final = 4  # a shorter text is no question that editors could answer
MAX_ANSWER_CHARS: Final = 1_200
MAX_RUNNING: Final = 100
NOBODY: Final = Identity()
PUBLIC: Final = "public"

Answered = Callable[[str, KnowledgeFound], Awaitable[None]]


class Answering:
    """Looks for answers beside the conversation's own units of work."""

    def __init__(self, units: Units, finder: Finder, articles: Articles, feedback: Feedback) -> None:
        self._units = units
        self._finder = finder
        self._articles = articles
        self._feedback = feedback
        self._searches = Tasks()

    async def start(self, conversation_id: str, search: SearchKnowledge, answered: Answered) -> None:
        """Begin ``search``; what came of it goes to ``answered``."""
        self._searches.start(self._search(conversation_id, search, answered))

    async def close(self) -> None:
        """Give up what is under way; the conversations' timers say that it failed."""
        await self._searches.close()

    async def _search(self, conversation_id: str, search: SearchKnowledge, answered: Answered) -> None:
        answer = KnowledgeFound(turn=search.turn, status="failed")
        if len(self._searches) <= MAX_RUNNING:
            try:
                async with asyncio.timeout(search.timeout_s):
                    answer = await self._answer(conversation_id, search)
            except Exception:
                log.exception("no answer was looked for in conversation %s", conversation_id)
        try:
            await answered(conversation_id, answer)
        except Exception:
            log.exception("an answer was not taken by conversation %s", conversation_id)

    async def _answer(self, conversation_id: str, search: SearchKnowledge) -> KnowledgeFound:
        if search.article_id:
            return await self._tell(conversation_id, search, search.article_id)
        found = await self._finder.find(NOBODY, Wanted(text=search.question, limit=5), levels=(PUBLIC,))
        if best := _sure(found.items):
            return await self._tell(conversation_id, search, best.article.article_id)
        if len(squeezed(search.question)) >= QUESTION_CHARS:
            async with self._units.open() as unit:
                await self._feedback.note_unanswered(unit.now, search.question, "flow")
        near = [
            NearArticle(article_id=one.article.article_id, title=one.article.title)
            for one in found.items
            if one.confidence >= NEAR
        ]
        return KnowledgeFound(turn=search.turn, status="unsure", near=tuple(near[:MAX_NEAR]))

    async def _tell(self, conversation_id: str, search: SearchKnowledge, article_id: str) -> KnowledgeFound:
        contents = await self._articles.published([article_id])
        if article_id not in contents or contents[article_id][0].level != PUBLIC:  # withdrawn meanwhile
            return KnowledgeFound(turn=search.turn, status="unsure")
        row, content = contents[article_id]
        async with self._units.open() as unit:
            await self._feedback.note_use(unit.now, article_id, "answered", conversation_id=conversation_id)
        text = plain_text(content.body)[:MAX_ANSWER_CHARS]
        return KnowledgeFound(turn=search.turn, status="found", title=row.title, text=f"{row.title}\n{text}")


def _sure(items: list[FoundArticle]) -> FoundArticle | None:
    """Return the one article that certainly answers; None when it says too little of what was asked, or two compete."""
    if not items or items[0].confidence < SURE:
        return None
    best, others = items[0], items[1:]
    rivals = [one for one in others if one.score > best.score * (1 - CLEAR_LEAD) and one.confidence >= best.confidence]
    return None if rivals else best
