"""A demo hub with a search process of its own."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from core.testing.nats import NatsServer
from hub.accounts.identity import Identity
from hub.accounts.permissions import ROLES
from hub.knowledge.finding import FoundArticles, Wanted
from hub.knowledge.knowledge import Knowledge
from hub.knowledge.views import ArticleContent, ArticleFull
from hub.settings import SearchSettings
from tests.hub.support.house import House, until

EDITOR = Identity(user_id="e", username="editor", display_name="编辑", permissions=frozenset(ROLES["editor"][1]))
AGENT = Identity(user_id="a", username="agent", display_name="坐席", permissions=frozenset(ROLES["agent"][1]))
FOUND_S = 30.0

Holds = Callable[[], Awaitable[bool]]


@pytest.fixture
async def library(nats_server: NatsServer, data: Path) -> AsyncIterator[House]:
    """A demo hub whose search answers."""
    house = House(nats_server, data, search=SearchSettings())
    await house.start()
    await until(lambda: house.services.knowledge.finder.is_up, within_s=30)

    async def is_built() -> bool:
        return not (await find(house.services.knowledge, "0101")).is_degraded

    await eventually(is_built)
    yield house
    await house.stop()


@pytest.fixture
def knowledge(library: House) -> Knowledge:
    return library.services.knowledge


async def eventually(holds: Holds) -> None:
    """Wait until ``holds``, asking again after each answer."""
    async with asyncio.timeout(FOUND_S):
        while not await holds():
            await asyncio.sleep(0.01)


async def published(knowledge: Knowledge, title: str, body: str = "", **more: object) -> ArticleFull:
    """Make an article and let it out."""
    made = await knowledge.articles.make(EDITOR, ArticleContent(title=title, body=body, **more))  # type: ignore[arg-type]
    return await knowledge.articles.publish(EDITOR, made.row.article_id)


async def find(knowledge: Knowledge, text: str, identity: Identity = AGENT) -> FoundArticles:
    return await knowledge.finder.find(identity, Wanted(text=text))


def titles(found: FoundArticles) -> list[str]:
    return [one.article.title for one in found.items]
