"""Answers a flow's question from the knowledge base: only public articles, and only when the answer is sure."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final

from core.flow import KnowledgeFound, SearchKnowledge
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
CLEAR_LEAD: Final = 0.05  # of the best one's score before the next
QUESTION_CHARS: Final = 4  # a shorter text is no question that editors could answer
MAX_ANSWER_CHARS: Final = 1_200
MAX_RUNNING: Final = 100
NOBODY: Final = Identity()

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
        found = await self._finder.find(NOBODY, Wanted(text=search.question, limit=5), levels=("public",))
        best = _sure(found.items)
        contents = await self._articles.published([best.article.article_id]) if best else {}
        async with self._units.open() as unit:
            if best is None or best.article.article_id not in contents:
                if len(squeezed(search.question)) >= QUESTION_CHARS:
                    await self._feedback.note_unanswered(unit.now, search.question, "flow")
                return KnowledgeFound(turn=search.turn, status="unsure")
            row, content = contents[best.article.article_id]
            await self._feedback.note_use(unit.now, row.article_id, "answered", conversation_id=conversation_id)
        text = plain_text(content.body)[:MAX_ANSWER_CHARS]
        return KnowledgeFound(turn=search.turn, status="found", title=row.title, text=f"{row.title}\n{text}")


def _sure(items: list[FoundArticle]) -> FoundArticle | None:
    """Return the one article that certainly answers; None when it says too little of what was asked, or two compete."""
    if not items or items[0].confidence < SURE:
        return None
    best, others = items[0], items[1:]
    rivals = [one for one in others if one.score > best.score * (1 - CLEAR_LEAD) and one.confidence >= best.confidence]
    return None if rivals else best
