"""What of an article can be sent to a citizen: its text, the templates it names, where it is read in public."""

from typing import Final

import msgspec

from core.events import ConversationView
from hub.accounts.identity import Identity
from hub.errors import not_found
from hub.knowledge.articles import Articles
from hub.knowledge.marks import plain_text
from hub.outreach.templates import CannedReply, Templates

PUBLIC_PAGE: Final = "/public/articles/"


class ArticleTexts(msgspec.Struct, frozen=True, kw_only=True):
    """What an agent can send; ``page`` is the article's public page: its address, or its path where none is set."""

    title: str
    text: str
    page: str
    templates: list[CannedReply]


class Sending:
    """Prepares articles to be sent."""

    def __init__(self, articles: Articles, templates: Templates, public_url: str) -> None:
        self._articles = articles
        self._templates = templates
        self._public_url = public_url.rstrip("/")

    async def texts(self, identity: Identity, conversation: ConversationView, article_id: str) -> ArticleTexts:
        """Return what of a public article that holds today can be sent in ``conversation``; 404 for any other."""
        found = await self._articles.published([article_id])
        if article_id not in found or found[article_id][0].level != "public":
            raise not_found("article")
        content = found[article_id][1]
        return ArticleTexts(
            title=content.title,
            text=plain_text(content.body),
            page=f"{self._public_url}{PUBLIC_PAGE}{article_id}",
            templates=await self._templates.replies(identity, conversation, content.template_ids),
        )
