"""What an article leads to: files, templates, a public page, variants; each for those who may."""

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import msgspec
import pytest

from core.events import Attachment
from hub.accounts.identity import Identity
from hub.demo import PASSWORD
from hub.knowledge.knowledge import Knowledge
from hub.knowledge.views import ArticleContent, ArticleFile
from hub.outreach.templates import KindView, NewTemplate, TemplateView
from hub.store.models import Conversation
from tests.hub.http.test_files import upload
from tests.hub.knowledge.conftest import AGENT, EDITOR, published
from tests.hub.knowledge.test_articles import code_of
from tests.hub.support.channel import FakeChannel
from tests.hub.support.house import House
from tests.journeys.support.clients import Agent

OPERATOR = Identity(username="operator")
FORM = b"%PDF-1.7 a form"


@pytest.fixture
def knowledge(house: House) -> Knowledge:
    return house.services.knowledge


@pytest.fixture
async def chen(house: House) -> AsyncIterator[Agent]:
    """A supervisor, who writes articles."""
    async with Agent(house.url, "chen", PASSWORD) as chen:
        yield chen


@pytest.fixture
async def zhou(house: House) -> AsyncIterator[Agent]:
    async with Agent(house.url, "zhou", PASSWORD) as zhou:
        yield zhou


async def written(house: House, chen: Agent, media_id: str, **more: Any) -> str:
    """Have chen write an article with a file, and an editor publish it."""
    content = {
        "title": "居住证申请",
        "body": "带上申请表",
        "attachments": [{"media_id": media_id, "name": "申请表.pdf"}],
    }
    made = await chen.call("POST", "/knowledge/articles", content=content | more)
    article_id: str = made["row"]["article_id"]
    await house.services.knowledge.articles.publish(EDITOR, article_id)
    return article_id


async def get(agent: Agent, path: str) -> tuple[int, bytes]:
    async with agent.http.get(f"{agent.url}/api/v1{path}") as answer:
        return answer.status, await answer.read()


async def test_the_files_of_an_article_are_for_who_may_read_it(house: House, chen: Agent, zhou: Agent) -> None:
    media_id = await upload(chen, FORM)
    article_id = await written(house, chen, media_id)
    at = f"/knowledge/articles/{article_id}/files/{media_id}"
    assert await get(zhou, at) == (200, FORM)
    assert (await get(zhou, f"/knowledge/articles/{article_id}/files/{article_id}"))[0] == 404
    restricted = await written(house, chen, await upload(chen, b"secret"), title="处置口径", level="restricted")
    full = await chen.call("GET", f"/knowledge/articles/{restricted}")
    secret = full["content"]["attachments"][0]["media_id"]
    assert (await get(zhou, f"/knowledge/articles/{restricted}/files/{secret}"))[0] == 404
    assert (await get(chen, f"/knowledge/articles/{restricted}/files/{secret}"))[0] == 200
    content = full["content"] | {"attachments": []}
    await chen.call("POST", f"/knowledge/articles/{restricted}/versions", content=content, base=1)
    await house.services.knowledge.articles.publish(EDITOR, restricted)
    assert (await get(chen, f"/knowledge/articles/{restricted}/files/{secret}"))[0] == 404
    assert (await get(chen, f"/knowledge/articles/{restricted}/files/{secret}?version=1"))[0] == 200
    await chen.call("POST", f"/knowledge/articles/{restricted}/versions", content=content | {"level": "public"}, base=2)
    await house.services.knowledge.articles.publish(EDITOR, restricted)
    assert (await get(zhou, f"/knowledge/articles/{restricted}"))[0] == 200
    assert (await get(zhou, f"/knowledge/articles/{restricted}/files/{secret}?version=1"))[0] == 404


async def test_a_file_of_a_draft_waits_until_it_is_published(house: House, chen: Agent, zhou: Agent) -> None:
    media_id = await upload(chen, FORM)
    content = {"title": "新表格", "attachments": [{"media_id": media_id}]}
    made = await chen.call("POST", "/knowledge/articles", content=content)
    article_id = made["row"]["article_id"]
    at = f"/knowledge/articles/{article_id}/files/{media_id}"
    assert [(await get(one, at))[0] for one in (zhou, chen)] == [404, 200]
    await house.services.knowledge.articles.publish(EDITOR, article_id)
    assert (await get(zhou, at))[0] == 200


async def test_nobody_publishes_a_file_that_is_not_theirs(
    house: House, channel: FakeChannel, chen: Agent, zhou: Agent
) -> None:
    theirs = await upload(zhou, b"a citizen's paper")
    content = {"title": "偷看", "attachments": [{"media_id": theirs}]}
    status, answer = await chen.try_call("POST", "/knowledge/articles", content=content)
    assert (status, answer["error"]["fields"]) == (422, {"attachments": "unknown"})
    article_id = await written(house, chen, await upload(chen, FORM))
    kept = (await chen.call("GET", f"/knowledge/articles/{article_id}"))["content"]
    saved = await house.services.knowledge.articles.save(
        EDITOR, article_id, ArticleContent(title="改标题", attachments=_files(kept)), base=1, note="", remote=""
    )
    assert len(saved.content.attachments) == 1, "what an earlier version had is another editor's to keep"
    both = ArticleContent(title="偷看", attachments=(*_files(kept), ArticleFile(media_id=theirs)))
    refused = house.services.knowledge.articles.save(EDITOR, article_id, both, base=2, note="", remote="")
    assert (await code_of(refused))[2] == {"attachments": "unknown"}


def _files(content: dict[str, Any]) -> tuple[ArticleFile, ...]:
    return msgspec.convert(content["attachments"], tuple[ArticleFile, ...])


async def template(house: House, title: str, text: str, *, needs_approval: bool = False) -> TemplateView:
    templates = house.services.templates
    kind = KindView(kind_id="sms-info", title={"zh": "知识短信"}, needs_approval=needs_approval)
    await templates.save_kind(OPERATOR, kind, remote="")
    return await templates.save(OPERATOR, NewTemplate(kind_id="sms-info", title=title, text=text), remote="")


async def test_the_templates_of_an_article_are_sent_filled_in(
    house: House, knowledge: Knowledge, channel: FakeChannel, zhou: Agent
) -> None:
    short = await template(house, "短信", "工号{work_number}：带身份证到大厅办理")
    article = await published(
        knowledge, "社保卡补办", "很长的**说明**", level="public", template_ids=(short.template_id,)
    )
    article_id = article.row.article_id
    assert [one.title for one in (await knowledge.articles.read(AGENT, article_id)).templates] == ["短信"]
    await channel.write("web:one", "人工")
    await channel.hears("web:one", "正在为您转接")
    conversation = await Conversation.get(address="web:one")
    at = f"/conversations/{conversation.conversation_id}/articles/"
    texts = await zhou.call("GET", at + article_id)
    assert (texts["text"], texts["page"]) == ("很长的说明", f"/public/articles/{article_id}")
    assert [one["text"] for one in texts["templates"]] == [f"工号{zhou.me['work_number']}：带身份证到大厅办理"]
    await template(house, "别的", "…", needs_approval=True)
    assert (await zhou.call("GET", at + article_id))["templates"] == [], "nobody has approved it"
    internal = await published(knowledge, "处理流程", level="internal")
    assert (await zhou.try_call("GET", at + internal.row.article_id))[0] == 404


async def test_a_template_that_is_none_is_named(knowledge: Knowledge) -> None:
    refused = knowledge.articles.make(EDITOR, ArticleContent(title="甲", template_ids=("nothing",)))
    assert (await code_of(refused))[2] == {"template_ids": "unknown"}


async def test_an_article_with_variants_is_no_variant_itself(knowledge: Knowledge) -> None:
    base = (await published(knowledge, "高温补贴")).row.article_id
    own = (await published(knowledge, "高温补贴", level="restricted", variant_of=base)).row.article_id
    other = (await published(knowledge, "补贴总则")).row.article_id
    refused = knowledge.articles.save(
        EDITOR, base, ArticleContent(title="高温补贴", variant_of=other), base=1, note="", remote=""
    )
    assert (await code_of(refused))[2] == {"variant_of": "unknown"}
    assert (await knowledge.articles.read(EDITOR, own)).variant_of_title == "高温补贴"
    assert (await knowledge.articles.read(AGENT, base)).variants == [], "it is not theirs to read"


async def test_what_differs_names_the_general_article(knowledge: Knowledge, zhou: Agent) -> None:
    base = (await published(knowledge, "高温补贴", "每月两百元")).row.article_id
    own = (await published(knowledge, "高温补贴", "每月三百元", region="新区", variant_of=base)).row.article_id
    shown = await zhou.call("GET", f"/knowledge/articles/{base}/differences?other={own}")
    assert {one["field"]: one["after"] for one in shown["fields"]} == {"region": "新区", "variant_of": "高温补贴"}


async def test_anybody_reads_the_page_of_a_public_article_and_takes_its_files(house: House, chen: Agent) -> None:
    media_id = await upload(chen, FORM)
    article_id = await written(house, chen, media_id, title="居住证<申请>", level="public")
    hidden = await written(house, chen, await upload(chen, FORM))
    page = f"{house.url}/public/articles/"
    async with aiohttp.ClientSession() as nobody:
        async with nobody.get(page + article_id) as answer:
            text = await answer.text()
            assert (answer.status, answer.content_type) == (200, "text/html")
            assert "居住证&lt;申请&gt;" in text
            assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        async with nobody.get(f"{page}{article_id}/files/{media_id}") as answer:
            assert (answer.status, await answer.read()) == (200, FORM)
        for path in (hidden, f"{hidden}/files/{media_id}", f"{article_id}/files/{article_id}", media_id):
            async with nobody.get(page + path) as answer:
                assert answer.status == 404
        await house.services.knowledge.articles.retire(EDITOR, article_id, remote="")
        async with nobody.get(page + article_id, headers={"Accept-Language": "en-GB"}) as answer:
            assert (answer.status, "not to be read" in await answer.text()) == (404, True)


class Voice:
    """A synthesizer that writes down what it spoke."""

    def __init__(self, house: House) -> None:
        self._media = house.services.media
        self.spoken: list[str] = []

    def voice(self, language: str) -> str:
        return "tester" if language == "zh" else ""

    async def synthesize(self, text: str, language: str) -> tuple[Attachment, float] | None:
        self.spoken.append(text)
        sound = await self._media.keep(f"RIFF {text}".encode(), mime="audio/wav", name="a.wav", instance="tts")
        return sound, 1.0


async def test_an_article_is_read_aloud_line_by_line_and_each_line_made_once(
    house: House, knowledge: Knowledge, zhou: Agent
) -> None:
    article = await published(knowledge, "图书馆", "## 时间\n- 周一**闭馆**\n\n其余九点开门。")
    at = f"/knowledge/articles/{article.row.article_id}"
    assert (await zhou.call("GET", f"{at}/lines"))["is_voice"] is False
    assert (await get(zhou, f"{at}/sounds/0"))[0] == 409
    voice = house.hub.prompts.synthesizer = Voice(house)
    lines = await zhou.call("GET", f"{at}/lines")
    assert lines == {"lines": ["图书馆", "时间", "• 周一闭馆", "其余九点开门。"], "is_voice": True}
    for _ in range(2):
        assert await get(zhou, f"{at}/sounds/3") == (200, "RIFF 其余九点开门。".encode())
    assert voice.spoken == ["其余九点开门。"]
    assert (await get(zhou, f"{at}/sounds/4"))[0] == 404
    restricted = await published(knowledge, "处置口径", level="restricted")
    assert (await get(zhou, f"/knowledge/articles/{restricted.row.article_id}/sounds/0"))[0] == 404
