"""The search process at work beside a hub: what is published is found, whatever is killed meanwhile."""

import asyncio
import os
import signal
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from functools import partial
from pathlib import Path

import msgspec

from core.bus import Bus, BusSettings
from core.errors import LianxinError
from core.subjects import ASK_HITS
from core.testing.nats import NatsServer
from hub.demo import PASSWORD
from hub.knowledge.finding import Wanted
from hub.knowledge.knowledge import Knowledge
from hub.knowledge.marks import Part
from hub.knowledge.process import COMMAND
from hub.knowledge.search.documents import SearchAnswer, SearchQuery
from hub.knowledge.search.job import SearchJob
from hub.knowledge.views import ArticleFile
from hub.settings import SearchSettings
from hub.store.models import Conversation, Entry
from tests.hub.knowledge.conftest import AGENT, EDITOR, eventually, find, published, titles
from tests.hub.support.house import House, until
from tests.journeys.support.clients import Agent

TITLE = "宠物犬登记与年检"


async def test_a_published_article_is_found_and_a_retired_one_is_not(knowledge: Knowledge) -> None:
    article = await published(knowledge, TITLE, "携带免疫证明到派出所办理。", keywords=("养狗",))
    await eventually(lambda: _finds(knowledge, "yang gou"))
    (found,) = (await find(knowledge, "犬只登记")).items[:1]
    assert found.article.title == TITLE
    assert Part("登记", True) in found.title
    await knowledge.articles.retire(EDITOR, article.row.article_id, remote="")
    await eventually(lambda: _finds_not(knowledge, "yang gou"))


async def test_a_draft_changes_nothing_until_it_is_published(knowledge: Knowledge) -> None:
    article = await published(knowledge, TITLE, "每年春季年检。")
    await eventually(lambda: _finds(knowledge, "宠物犬"))
    content = type(article.content)(title="大型犬管理规定", body="禁养名录见附件。")
    await knowledge.articles.save(EDITOR, article.row.article_id, content, base=1, note="", remote="")
    assert titles(await find(knowledge, "宠物犬年检"))[:1] == [TITLE]
    await knowledge.articles.publish(EDITOR, article.row.article_id)
    await eventually(lambda: _finds(knowledge, "禁养名录", "大型犬管理规定"))


async def test_a_killed_search_comes_back_and_has_missed_nothing(library: House, knowledge: Knowledge) -> None:
    await published(knowledge, TITLE)
    await eventually(lambda: _finds(knowledge, "宠物犬"))
    for number in range(8):
        await published(knowledge, f"第{number}号便民服务站地址")
        if number % 3 == 0:
            os.kill(_search_pid(library), signal.SIGKILL)
            await until(lambda: not knowledge.finder.is_up)
            await until(lambda: knowledge.finder.is_up, within_s=30)
    for number in range(8):
        await eventually(
            lambda number=number: _finds(knowledge, f"第{number}号便民服务站", f"第{number}号便民服务站地址")
        )  # type: ignore[misc]
    found = [title for title in titles(await find(knowledge, "便民服务站地址")) if "便民服务站" in title]
    assert sorted(found) == [f"第{number}号便民服务站地址" for number in range(8)], "nothing is lost, nothing twice"


async def test_a_lost_index_is_built_again_from_the_database(nats_server: NatsServer, data: Path) -> None:
    house = House(nats_server, data)
    await house.start()
    for number in range(450):  # more than a page
        await published(house.services.knowledge, f"便民条目{number:03}", f"条目编号 k{number:03}")
    file = await house.services.media.keep(
        "水费滞纳金按日计收".encode(), mime="text/plain", name="细则.txt", instance="", uploader_id=EDITOR.user_id
    )
    attached = ArticleFile(media_id=file.media_id, name="细则.txt")
    await published(house.services.knowledge, "自来水收费", attachments=(attached,))
    await house.stop()
    house.settings = type(house.settings)(
        **{name: getattr(house.settings, name) for name in house.settings.__struct_fields__ if name != "search"},
        search=SearchSettings(engine="tantivy"),
    )
    await house.start()
    knowledge = house.services.knowledge
    await until(lambda: knowledge.finder.is_up, within_s=30)
    for number in (0, 200, 449):
        await eventually(partial(_finds, knowledge, f"k{number:03}", f"便民条目{number:03}"))

    async def finds_in_file() -> bool:
        found = await knowledge.finder.find(AGENT, Wanted(text="滞纳金", has_files=True))
        return [(one.article.title, one.file) for one in found.items] == [("自来水收费", attached)]

    await eventually(finds_in_file)
    await house.stop()


async def test_each_machine_has_a_copy_of_its_own_that_follows_every_change(house: House, tmp_path: Path) -> None:
    knowledge = house.services.knowledge
    one, other = tmp_path / "one", tmp_path / "other"
    async with await Bus.connect(BusSettings(url=house.nats.url), source="hub") as bus:

        async def holds(title: str) -> bool:
            query = SearchQuery(collection="articles", text=title)
            try:
                answer = await bus.request(ASK_HITS, query, reply=SearchAnswer, timeout_s=3)
            except LianxinError:  # one that was just killed had been asked
                return False
            found = await knowledge.articles.published([hit.document_id for hit in answer.hits])
            return title in {row.title for row, _ in found.values()}

        async with searching(house, one), searching(house, other):
            await published(knowledge, TITLE)
            for _ in range(8):  # whichever answers
                await eventually(partial(holds, TITLE))
        async with searching(house, one):
            await published(knowledge, "后来补充的便民条目")
            await eventually(partial(holds, "后来补充的便民条目"))
        async with searching(house, other):
            await eventually(partial(holds, "后来补充的便民条目"))
            await eventually(partial(holds, TITLE))


@asynccontextmanager
async def searching(house: House, folder: Path) -> AsyncIterator[None]:
    """Run the search process of a machine with its own ``folder``; at the end it is killed."""
    job = SearchJob(engine="whoosh", folder=str(folder), nats={"url": house.nats.url})
    process = await asyncio.create_subprocess_exec(*COMMAND, stdin=PIPE, stdout=PIPE, stderr=DEVNULL)
    try:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(msgspec.json.encode(job) + b"\n")
        async with asyncio.timeout(30):
            while b'"ready"' not in await process.stdout.readline():
                assert process.returncode is None
        yield
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.communicate()  # to the end of what it wrote


async def test_without_the_search_titles_and_codes_are_still_found(house: House) -> None:
    knowledge = house.services.knowledge
    await published(knowledge, TITLE, code="0707")
    found = await find(knowledge, "宠物犬")
    assert found.is_degraded
    assert titles(found) == [TITLE]
    assert titles(await find(knowledge, "0707")) == [TITLE]


async def test_nobody_finds_what_they_may_not_read(knowledge: Knowledge) -> None:
    await published(knowledge, "督办件流转口径", level="restricted")
    await published(knowledge, "督办件开放日参观预约")
    await eventually(lambda: _finds(knowledge, "督办件开放日", "督办件开放日参观预约"))
    seen = titles(await find(knowledge, "督办件流转"))
    assert "督办件开放日参观预约" in seen
    assert "督办件流转口径" not in seen
    assert "督办件流转口径" in titles(await find(knowledge, "督办件流转", EDITOR))


async def test_an_article_is_found_only_while_it_is_valid(library: House, knowledge: Knowledge) -> None:
    today = library.services.clock.now().date()
    await published(knowledge, "春节期间办事大厅安排", valid_to=today - timedelta(days=1))
    await published(knowledge, "国庆期间办事大厅安排", valid_from=today, valid_to=today)
    await eventually(lambda: _finds(knowledge, "办事大厅安排", "国庆期间办事大厅安排"))
    assert titles(await find(knowledge, "春节办事大厅安排")) == ["国庆期间办事大厅安排"]


async def test_a_category_is_looked_through_without_words(knowledge: Knowledge) -> None:
    browsed = await knowledge.finder.find(AGENT, Wanted(text=" ", category_id="social"))
    owners = {item.article.category_id for item in browsed.items}
    assert owners == {"housing-fund", "medical"}


async def test_what_helped_before_comes_first(knowledge: Knowledge) -> None:
    one = await published(knowledge, "广场舞扰民投诉")
    other = await published(knowledge, "广场舞扰民投诉")
    await eventually(lambda: _count(knowledge, "广场舞扰民", "广场舞扰民投诉", 2))
    for article, action in ((one, "ignored"), (other, "sent")):
        for _ in range(4):
            await knowledge.feedback.used(AGENT, article.row.article_id, action)  # type: ignore[arg-type]
    found = await find(knowledge, "广场舞扰民")
    assert [item.article.article_id for item in found.items[:2]] == [other.row.article_id, one.row.article_id]


async def test_synonyms_are_looked_for_as_well(knowledge: Knowledge) -> None:
    from hub.knowledge.synonyms import SynonymGroups

    await published(knowledge, "公交卡补办")
    await knowledge.synonyms.save(EDITOR, SynonymGroups(groups=(("坐车卡", "公交卡"),)), remote="")
    await eventually(lambda: _finds(knowledge, "坐车卡", "公交卡补办"))


async def test_what_was_said_is_found_by_whoever_may_see_it(library: House) -> None:
    async with (
        library.channel() as channel,
        Agent(library.url, "zhou", PASSWORD) as zhou,
        Agent(library.url, "li", PASSWORD) as li,
    ):
        await channel.write("web:one", "人工")
        await channel.hears("web:one", "正在为您转接")
        await channel.write("web:one", "电动车棚没有充电桩")
        conversation = await Conversation.get(address="web:one")

        async def listed(agent: Agent, words: str) -> list[str]:
            page = await agent.call("GET", f"/conversations?view=all&q={words}")
            return [item["conversation_id"] for item in page["items"]]

        async def is_found() -> bool:
            return await listed(zhou, "充电桩") == [conversation.conversation_id]

        await eventually(is_found)
        assert await listed(zhou, "cdz") == []
        assert await listed(zhou, "停车位") == []
        assert await listed(li, "充电桩") == [conversation.conversation_id]
        await Conversation.filter(conversation_id=conversation.conversation_id).update(queue_id="elder")
        assert await listed(li, "充电桩") == []


async def test_a_contact_is_found_by_the_letters_of_their_name_by_whoever_may_see_them(library: House) -> None:
    async with (
        library.channel() as channel,
        Agent(library.url, "zhou", PASSWORD) as zhou,
        Agent(library.url, "li", PASSWORD) as li,
    ):
        await channel.write("web:one", "人工")
        await channel.hears("web:one", "正在为您转接")
        conversation = await Conversation.get(address="web:one")
        await zhou.call("PATCH", f"/contacts/{conversation.contact_id}", name="欧阳秀英")

        async def names(agent: Agent, words: str) -> list[str]:
            return [one["name"] for one in (await agent.call("GET", f"/search?q={words}"))["contacts"]]

        async def is_found() -> bool:
            return await names(zhou, "oyxy") == ["欧阳秀英"]

        await eventually(is_found)
        assert await names(li, "欧阳") == ["欧阳秀英"]
        await Conversation.filter(conversation_id=conversation.conversation_id).update(queue_id="elder")
        assert await names(li, "欧阳") == []


async def test_a_work_order_is_found_by_its_words_and_letters_by_whoever_may_see_it(library: House) -> None:
    async with (
        library.channel() as channel,
        Agent(library.url, "zhou", PASSWORD) as zhou,
        Agent(library.url, "li", PASSWORD) as li,
    ):
        await channel.write("web:one", "人工")
        await channel.hears("web:one", "正在为您转接")
        conversation = await Conversation.get(address="web:one")
        order = {
            "kind": "help",
            "name": "欧阳秀英",
            "address": "城东",
            "contact_details": "邻居",
            "content": "没有充电桩",
        }
        about = {"conversation_id": conversation.conversation_id, "client_id": "o1"}
        number = (await zhou.call("POST", "/work-orders", **order, **about))["number"]

        async def found(agent: Agent, words: str) -> list[str]:
            return [one["number"] for one in (await agent.call("GET", f"/search?q={words}"))["orders"]]

        async def is_found() -> bool:
            return await found(zhou, "oyxy") == [number]

        await eventually(is_found)
        assert await found(li, "充电桩") == [number]
        await Conversation.filter(conversation_id=conversation.conversation_id).update(queue_id="elder")
        assert await found(li, "充电桩") == []


async def test_what_moves_to_another_conversation_is_found_there(library: House) -> None:
    async with library.channel() as channel, Agent(library.url, "zhou", PASSWORD) as zhou:
        await zhou.sit_down()
        await channel.write("web:one", "人工")
        await channel.hears("web:one", "正在为您转接")
        conversation_id = await zhou.take_offer()
        await channel.write("web:one", "另外路边的井盖松动了")

        async def listed() -> list[str]:
            page = await zhou.call("GET", "/conversations?view=all&q=井盖松动")
            return [item["conversation_id"] for item in page["items"]]

        async def is_found_in(wanted: str) -> bool:
            return await listed() == [wanted]

        await eventually(lambda: is_found_in(conversation_id))
        entry = await Entry.get(text="另外路边的井盖松动了")
        split = await zhou.call("POST", f"/conversations/{conversation_id}/split", entry_ids=[entry.entry_id])
        await eventually(lambda: is_found_in(split["conversation_id"]))
        await zhou.call("POST", f"/conversations/{conversation_id}/merge", other_id=split["conversation_id"])
        await eventually(lambda: is_found_in(conversation_id))


async def _finds(knowledge: Knowledge, text: str, title: str = TITLE) -> bool:
    return titles(await find(knowledge, text))[:1] == [title]


async def _finds_not(knowledge: Knowledge, text: str, title: str = TITLE) -> bool:
    return title not in titles(await find(knowledge, text))


async def _count(knowledge: Knowledge, text: str, title: str, count: int) -> bool:
    return titles(await find(knowledge, text)).count(title) == count


def _search_pid(library: House) -> int:
    pid = library.services.knowledge.search.keeper.status.pid
    assert pid is not None
    return pid
