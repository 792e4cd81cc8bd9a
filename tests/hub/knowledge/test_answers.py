"""Flows answer from the knowledge base when they are sure, and say so when they are not; agents get suggestions."""

from contextlib import AsyncExitStack

import pytest

from hub.demo import PASSWORD
from hub.store.models import Article, Conversation, Unanswered
from tests.hub.conversing.test_other_channels import reaches_anyone
from tests.hub.knowledge.conftest import eventually, find
from tests.hub.support.channel import FakeChannel
from tests.hub.support.house import House
from tests.journeys.support.clients import Agent

CITIZEN = "web:citizen"


@pytest.fixture
async def channel(library: House) -> object:  # type: ignore[misc]
    async def is_indexed() -> bool:
        return len((await find(library.services.knowledge, "高龄津贴")).items) > 0

    await eventually(is_indexed)
    async with library.channel() as channel:
        yield channel


async def test_a_question_at_the_menu_is_answered_when_sure(channel: FakeChannel) -> None:
    await channel.write(CITIZEN, "你好")
    await channel.hears(CITIZEN, "直接写下您的问题")
    await channel.write(CITIZEN, "八十岁老人的高龄津贴怎么申请")
    await channel.hears(CITIZEN, "年满八十周岁的老人")
    await channel.hears(CITIZEN, "解决您的问题了吗")
    assert (await Article.get(code="0601")).accepted == 1


async def test_when_not_sure_the_nearest_questions_are_offered_and_one_is_picked(channel: FakeChannel) -> None:
    await channel.write(CITIZEN, "你好")
    await channel.hears(CITIZEN, "直接写下您的问题")
    await channel.write(CITIZEN, "我家暖气不热，已经三天了，老人冻得不行")
    await channel.hears(CITIZEN, "您是不是想问")
    await channel.write(CITIZEN, "家里暖气不热怎么办")
    await channel.hears(CITIZEN, "先看阀门")
    await channel.hears(CITIZEN, "解决您的问题了吗")


async def test_what_nobody_knows_is_said_so_and_kept_for_the_editors(channel: FakeChannel) -> None:
    await channel.write(CITIZEN, "你好")
    await channel.hears(CITIZEN, "直接写下您的问题")
    await channel.write(CITIZEN, "月球基地的户口怎么落户")
    await channel.hears(CITIZEN, "没有找到确定的答案")
    assert (await Unanswered.get()).question == "月球基地的户口怎么落户"
    await channel.write(CITIZEN, "人工")
    await channel.hears(CITIZEN, "正在为您转接")


async def test_what_is_for_agents_only_is_never_told_to_citizens(channel: FakeChannel) -> None:
    await channel.write(CITIZEN, "你好")
    await channel.hears(CITIZEN, "直接写下您的问题")
    await channel.write(CITIZEN, "媒体来电处置口径")
    await channel.hears(CITIZEN, "没有找到确定的答案")


async def test_the_agent_sees_what_answers_the_citizen(library: House, channel: FakeChannel) -> None:
    await channel.write(CITIZEN, "人工")
    await channel.hears(CITIZEN, "正在为您转接")
    await channel.write(CITIZEN, "我家里暖气一直不热，能不能退费")
    conversation_id = ""

    async def is_stored() -> bool:
        nonlocal conversation_id
        conversation = await Conversation.get(address=CITIZEN)
        conversation_id = conversation.conversation_id
        return "退费" in conversation.last_text

    await eventually(is_stored)
    async with Agent(library.url, "zhou", PASSWORD) as zhou:
        suggested = await zhou.call("GET", f"/conversations/{conversation_id}/suggestions")
        first = suggested["items"][0]
        assert first["found"]["article"]["title"] == "家里暖气不热怎么办"
        assert first["found"]["reason"] in ("title", "key")
        assert first["text"].startswith("1. 先看阀门") or "阀门" in first["text"]
        library.services.knowledge.suggestions.spoken = lambda _: ("老人高龄津贴怎么申请", "喂")
        spoken = await zhou.call("GET", f"/conversations/{conversation_id}/suggestions")
        assert spoken["items"][0]["found"]["article"]["title"] == "八十岁以上老人高龄津贴申请"
        path = f"/knowledge/articles/{first['found']['article']['article_id']}/uses"
        await zhou.call("POST", path, action="sent", conversation_id=conversation_id)
    assert (await Article.get(code="0301")).accepted == 1


async def test_the_answer_is_the_same_on_every_channel(library: House, channel: FakeChannel) -> None:
    answers = set()
    async with AsyncExitStack() as stack:
        channels = [(channel, CITIZEN)]
        for name, sender in (("sms", "tel:+8613900000001"), ("wechat", "wechat:openid-1")):
            await reaches_anyone(library, f"{name}-main", sender.partition(":")[0])
            channels.append((await stack.enter_async_context(library.channel(f"{name}-main")), sender))
        for one, sender in channels:
            await one.write(sender, "你好")
            await one.hears(sender, "直接写下您的问题")
            await one.write(sender, "八十岁老人的高龄津贴怎么申请")
            answers.add((await one.hears(sender, "年满八十周岁的老人")).text)
            await one.hears(sender, "解决您的问题了吗")
            await one.write(sender, "月球基地的户口怎么落户")
            await one.hears(sender, "没有找到确定的答案")
            await one.write(sender, "人工")
            await one.hears(sender, "正在为您转接")
    assert len(answers) == 1
