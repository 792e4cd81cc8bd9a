"""Rules are changed, tried and put back; what agents write is looked at before it is sent and once it is over."""

import asyncio
from typing import Any

from hub.accounts.identity import Identity
from hub.demo import PASSWORD
from hub.store.models import Conversation, Entry, RuleCheck, RuleFinding, Transcript, Utterance
from hub.transcripts.transcripts import forget_transcripts
from hub.units import Units
from tests.hub.support.house import House
from tests.journeys.support.clients import Agent

BOSS = Identity(user_id="boss", username="boss", permissions=frozenset({"queue.all", "transcript.numbers"}))
RUDE = "你急什么，打 13800138000 去"


async def checked(conversation_id: str) -> None:
    """Return when the conversation was checked."""
    async with asyncio.timeout(30):
        while not await RuleCheck.filter(conversation_id=conversation_id, due_at=None).exists():
            await asyncio.sleep(0.01)


async def serve(house: House, text: str) -> str:
    """Let an agent serve a chat with ``text``; return the conversation, wrapped up."""
    async with Agent(house.url, "zhou", PASSWORD) as zhou, house.channel() as channel:
        await zhou.sit_down()
        await channel.write("web:anna", "人工")
        conversation_id = await zhou.take_offer()
        await zhou.call("POST", f"/conversations/{conversation_id}/messages", client_id="m1", text=text)
        await zhou.call("POST", f"/conversations/{conversation_id}/end")
        await zhou.call("POST", f"/conversations/{conversation_id}/wrap-up", code="answered")
    await checked(conversation_id)
    return conversation_id


def rule_in(rules: list[dict[str, Any]], rule_id: str) -> dict[str, Any]:
    (found,) = [one for one in rules if one["rule_id"] == rule_id]
    return found


async def test_a_served_chat_is_checked_once_it_is_over(house: House, quality: Agent) -> None:
    conversation_id = await serve(house, RUDE)
    found = (await quality.call("GET", f"/conversations/{conversation_id}/findings"))["items"]
    [rude] = [one for one in found if one["rule_id"] == "whats-the-hurry"]
    assert (rude["quote"], rude["severity"], rude["speaker"]) == (RUDE, "minor", "agent")
    assert rude["title"]["zh"] == "嫌对方着急"
    async with Agent(house.url, "zhou", PASSWORD) as zhou:
        own = (await zhou.call("GET", f"/conversations/{conversation_id}/findings"))["items"]
        assert "13800138000" not in next(one["quote"] for one in own if one["rule_id"] == "whats-the-hurry")


async def test_what_was_said_is_checked_when_it_stands_written_and_again_when_it_is_corrected(house: House) -> None:
    conversation_id = await serve(house, "请稍等，再见")
    units, clock = Units(house.services.store, house.services.clock), house.services.clock
    conversation = await Conversation.get(conversation_id=conversation_id)
    entry = await Entry.filter(conversation_id=conversation_id).order_by("-entry_id").first()
    assert entry is not None
    async with units.open() as unit:
        row = Transcript(
            transcript_id="t1", conversation_id=conversation_id, entry_id=entry.entry_id, media_id="m1",
            kind="recording", state="done", user_id=conversation.agent_id, created_at=clock.now(), length_s=9.0,
        )  # fmt: skip
        unit.add(row)
        said = Utterance(utterance_id="u1", transcript_id="t1", channel=1, start_ms=500, end_ms=900, text="您好")
        unit.add(said)
    await house.services.transcripts.correct(BOSS, "u1", "别催了")
    await until_found(conversation_id, "whats-the-hurry", quote="别催了", offset_s=0.5)
    await house.services.transcripts.correct(BOSS, "u1", "您好")
    async with asyncio.timeout(30):
        while await RuleFinding.filter(rule_id="whats-the-hurry").exists():
            await asyncio.sleep(0.01)
    await house.services.transcripts.correct(BOSS, "u1", "别催了")
    await until_found(conversation_id, "whats-the-hurry", quote="别催了")
    async with units.open() as unit:
        await forget_transcripts(unit, "m1")
    [left] = await RuleFinding.filter(rule_id="whats-the-hurry")
    assert left.quote == "", "nobody reads in a finding what was deleted"


async def until_found(conversation_id: str, rule_id: str, **wanted: Any) -> None:
    async with asyncio.timeout(30):
        while not await RuleFinding.filter(conversation_id=conversation_id, rule_id=rule_id, **wanted).exists():
            await asyncio.sleep(0.01)


async def test_a_draft_is_looked_at_before_it_is_sent(house: House, quality: Agent) -> None:
    async with Agent(house.url, "zhou", PASSWORD) as zhou, house.channel() as channel:
        await zhou.sit_down()
        await channel.write("web:anna", "人工")
        at = f"/conversations/{await zhou.take_offer()}/hints"
        [hint] = (await zhou.call("POST", at, text="您好。你急什么！"))["items"]
        assert (hint["rule_id"], hint["quote"]) == ("whats-the-hurry", "你急什么")
        assert hint["hint"]["zh"]
        assert (await zhou.call("POST", at, text="请您稍等"))["items"] == []
        rules = (await quality.call("GET", "/service-rules"))["items"]
        body = {**rule_in(rules, "whats-the-hurry")["rule"], "queue_ids": ["housing"]}
        await quality.call("PUT", "/service-rules/whats-the-hurry", **body)
        assert (await zhou.call("POST", at, text="你急什么"))["items"] == [], "switched on in another queue"
        nowhere = "/conversations/01999999-0000-7000-8000-000000000000/hints"
        status, _ = await zhou.try_call("POST", nowhere, text="你急什么")
        assert status == 404


async def test_a_rule_is_changed_kept_in_every_version_and_put_back(house: House, quality: Agent) -> None:
    at = "/service-rules/whats-the-hurry"
    before = rule_in((await quality.call("GET", "/service-rules"))["items"], "whats-the-hurry")
    assert (before["version"], before["is_default"], before["has_default"]) == (0, True, True)
    changed = {**before["rule"], "phrases": ["慌什么"], "examples": ["你慌什么"]}
    saved = await quality.call("PUT", at, **changed)
    assert (saved["version"], saved["is_default"]) == (1, False)
    assert (await quality.call("PUT", at, **changed))["version"] == 1, "the same again is no version"
    status, answer = await quality.try_call("PUT", at, **{**changed, "phrases": ["(慌"], "queue_ids": []})
    assert (status, answer["error"]["fields"]) == (422, {"phrases[0]": "unbalanced"})
    status, answer = await quality.try_call("PUT", at, **{**changed, "queue_ids": ["zz"]})
    assert (status, answer["error"]["fields"]) == (422, {"queue_ids[0]": "unknown"})
    await house.restart()
    async with Agent(house.url, "judge", PASSWORD) as judge:
        assert rule_in((await judge.call("GET", "/service-rules"))["items"], "whats-the-hurry") == saved
        back = await judge.call("POST", f"{at}/restore")
        assert (back["version"], back["rule"]) == (2, before["rule"])
        versions = (await judge.call("GET", f"{at}/versions"))["items"]
        assert [(one["version"], one["author"]) for one in versions] == [(2, "judge"), (1, "judge")]
        status, _ = await judge.try_call("POST", "/service-rules/nothing/restore")
        assert status == 404


async def test_rules_are_tried_on_a_text(quality: Agent) -> None:
    hits = (
        await quality.call("POST", "/service-rule-trials", text="您好，3021号为您服务。你急什么", work_number="3021")
    )["items"]
    assert [(one["rule_id"], one["quote"]) for one in hits if not one["is_expected"]] == [
        ("whats-the-hurry", "你急什么")
    ]
    assert ("opening", "您好，3021号为您服务") in [(one["rule_id"], one["quote"]) for one in hits]
    unsaved = {"title": {"zh": "新"}, "measure": "forbidden_phrase", "phrases": ["为您"]}
    [hit] = (await quality.call("POST", "/service-rule-trials", text="为您服务。好", rule=unsaved))["items"]
    assert hit["quote"] == "为您服务"
