"""What might answer the citizen who writes or speaks now: the best articles with the reason, ready to be sent."""

from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from hub.accounts.identity import Identity
from hub.knowledge.articles import Articles
from hub.knowledge.finding import Finder, FoundArticle, Wanted
from hub.knowledge.marks import plain_text
from hub.knowledge.search.plain import squeezed
from hub.store.models import Entry

SHOWN: Final = 3
LEAST_CONFIDENCE: Final = 0.34  # a third of what was asked stands in it
SHORT_CHARS: Final = 6  # a shorter message belongs to the one before
LOOKED_AT: Final = 3  # messages


class Suggestion(msgspec.Struct, frozen=True, kw_only=True):
    """A found article and its ``text`` as it would be sent."""

    found: FoundArticle
    text: str


class SuggestionList(msgspec.Struct, frozen=True, kw_only=True):
    """Suggestions for ``question``, best first; ``entry_id`` is the message they are for, none when it is spoken."""

    entry_id: str = ""
    question: str = ""
    items: list[Suggestion] = []


class Suggestions:
    """Looks at what was said or written last."""

    def __init__(self, finder: Finder, articles: Articles) -> None:
        self._finder = finder
        self._articles = articles
        self.spoken: Callable[[str], Sequence[str]] = lambda _: ()  # what the citizen says on the phone, the last first

    async def of(self, identity: Identity, conversation_id: str) -> SuggestionList:
        """Return suggestions for the conversation; none when nothing fits well enough."""
        entry_id, question = "", _together(self.spoken(conversation_id)[:LOOKED_AT])
        if not question:
            entry_id, question = await _written(conversation_id)
        if not question:
            return SuggestionList()
        found = await self._finder.find(identity, Wanted(text=question, limit=SHOWN))
        good = [one for one in found.items if one.confidence >= LEAST_CONFIDENCE]
        contents = await self._articles.published([one.article.article_id for one in good])
        return SuggestionList(
            entry_id=entry_id,
            question=question,
            items=[
                Suggestion(found=one, text=plain_text(contents[one.article.article_id][1].body))
                for one in good
                if one.article.article_id in contents
            ],
        )


async def _written(conversation_id: str) -> tuple[str, str]:
    """Return the last message's id and what it asks."""
    written = Entry.filter(conversation_id=conversation_id, direction="in", kind="message").exclude(text="")
    rows = await written.order_by("-entry_id").limit(LOOKED_AT)
    return (rows[0].entry_id, _together([row.text for row in rows])) if rows else ("", "")


def _together(texts: Sequence[str]) -> str:
    """Return the first of ``texts``, after those that came before it while it is short."""
    question = ""
    for text in texts:
        question = f"{text} {question}".strip()
        if len(squeezed(question)) >= SHORT_CHARS:
            break
    return question
