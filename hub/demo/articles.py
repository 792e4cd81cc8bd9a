"""Articles for the demonstration, written for it: what a newcomer finds and is suggested."""

from importlib import resources
from typing import TYPE_CHECKING, Any

import msgspec

from hub.accounts.identity import Identity
from hub.knowledge.categories import CategoryEdit
from hub.knowledge.synonyms import SynonymGroups
from hub.knowledge.views import ArticleContent

if TYPE_CHECKING:
    from hub.knowledge.knowledge import Knowledge

_FILE = "knowledge.json"


async def make_articles(knowledge: "Knowledge", identity: Identity) -> None:
    """Make the demonstration's categories, synonyms and published articles."""
    raw: dict[str, Any] = msgspec.json.decode(resources.files("hub.demo").joinpath(_FILE).read_bytes())
    for position, category in enumerate(raw["categories"]):
        edit = CategoryEdit(title=category["title"], parent_id=category.get("parent_id", ""), position=position)
        await knowledge.categories.save(identity, category["category_id"], edit, remote="")
    await knowledge.synonyms.save(identity, msgspec.convert({"groups": raw["synonyms"]}, SynonymGroups), remote="")
    for content in msgspec.convert(raw["articles"], list[ArticleContent]):
        made = await knowledge.articles.make(identity, content)
        await knowledge.articles.publish(identity, made.row.article_id)
