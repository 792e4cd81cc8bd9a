"""Who else looks at a conversation, whom a note mentions, and what a search finds."""

from datetime import datetime
from typing import Any

from core.testing.clock import VirtualClock
from hub.store.models import AuditRecord
from tests.hub.conversing.conftest import Come
from tests.hub.support.channel import FakeChannel
from tests.hub.support.house import House, until
from tests.journeys.support.clients import Agent

WANG = "webchat:wang"


async def served(channel: FakeChannel, agent: Agent) -> str:
    await channel.write(WANG, "人工")
    return await agent.take_offer()


def company(agent: Agent) -> list[tuple[str, bool]]:
    """Return whom ``agent`` was last told to share a conversation with, and who types."""
    told: list[dict[str, Any]] = [one for one in agent.signals if one["name"] == "company"]
    return [(one["name"], one["is_typing"]) for one in told[-1]["people"]] if told else []


async def test_those_who_look_at_a_conversation_know_of_each_other(channel: FakeChannel, come: Come) -> None:
    zhou, li = await come("zhou"), await come("li")
    await li.call("PUT", "/me/state", state="busy")
    conversation_id = await served(channel, zhou)
    await zhou.look(conversation_id)
    await zhou.until(lambda: company(zhou) == [("周敏", False)])
    await li.look(conversation_id)
    await zhou.until(lambda: len(company(zhou)) == 2)
    await li.types(conversation_id, on=True)
    await zhou.until(lambda: [types for _, types in company(zhou)] == [False, True])
    await li.look("")
    await zhou.until(lambda: company(zhou) == [("周敏", False)])
    await li.look(conversation_id)
    await zhou.until(lambda: len(company(zhou)) == 2)
    await li.leave()
    await zhou.until(lambda: company(zhou) == [("周敏", False)])


async def test_who_is_mentioned_in_a_note_is_told(channel: FakeChannel, come: Come) -> None:
    zhou, li = await come("zhou"), await come("li")
    await li.call("PUT", "/me/state", state="busy")
    conversation_id = await served(channel, zhou)
    note = {"client_id": "n1", "text": "@李 请看", "mentions": [li.me["user_id"], zhou.me["user_id"]]}
    await zhou.call("POST", f"/conversations/{conversation_id}/notes", **note)
    await li.until(lambda: bool(li.tables["notifications"]))
    (told,) = li.tables["notifications"].values()
    assert (told["kind"], told["params"]["by"], told["conversation_id"]) == ("mention", "周敏", conversation_id)
    assert not zhou.tables["notifications"]


async def test_nobody_is_mentioned_who_may_not_read_it(channel: FakeChannel, come: Come) -> None:
    zhou = await come("zhou")
    conversation_id = await served(channel, zhou)
    note = {"client_id": "n1", "text": "看", "mentions": ["01999999-0000-7000-8000-000000000000"]}
    status, answer = await zhou.try_call("POST", f"/conversations/{conversation_id}/notes", **note)
    assert (status, answer["error"]["fields"]) == (422, {"mentions": "not_visible"})


async def test_one_search_finds_people_and_conversations(channel: FakeChannel, come: Come) -> None:
    zhou = await come("zhou")
    conversation_id = await served(channel, zhou)
    contact_id = zhou.conversation(conversation_id)["contact_id"]
    await zhou.call("PATCH", f"/contacts/{contact_id}", name="王秀英")
    found = await zhou.call("GET", "/search?q=%E7%8E%8B%E7%A7%80")
    assert [one["contact_id"] for one in found["contacts"]] == [contact_id]
    assert [one["conversation_id"] for one in found["conversations"]] == [conversation_id]
    assert (await zhou.call("GET", "/search?q=nobody-is-called-so"))["contacts"] == []


async def test_a_supervisor_views_an_agent_s_desktop_which_the_agent_sees(
    still_house: House, channel: FakeChannel, come: Come, clock: VirtualClock
) -> None:
    zhou, chen = await come("zhou"), await come("chen")
    await chen.call("PUT", "/me/state", state="busy")
    path = f"/agents/{zhou.me['user_id']}/screens"
    conversation_id = await served(channel, zhou)
    await zhou.tell("screen", page="desk", phone="ready", is_talking=True, is_muted=True)
    await zhou.look(conversation_id)
    await zhou.tell("typing", conversation_id=conversation_id, is_typing=True)
    desk = still_house.services.desk

    def writes() -> bool:
        return any(one.screen and one.screen.is_writing for one in desk.connections(zhou.me["user_id"]))

    await until(writes)
    since = clock.now()
    clock.advance(60)
    [screen] = (await chen.call("GET", path))["items"]
    assert (screen["page"], screen["phone"], screen["is_talking"], screen["is_muted"]) == ("desk", "ready", True, True)
    assert (screen["conversation_id"], screen["is_writing"]) == (conversation_id, True)
    assert datetime.fromisoformat(screen["since"]) == datetime.fromisoformat(screen["conversation_since"]) == since
    await zhou.until(lambda: [one["by"] for one in zhou.signals if one["name"] == "viewed"] == ["陈静"])
    await chen.call("GET", path)
    assert await AuditRecord.filter(action="agent.view_desktop", object_id=zhou.me["user_id"]).count() == 1
    await zhou.look("")
    await until(lambda: not writes())
    [screen] = (await chen.call("GET", path))["items"]
    assert (screen.get("has_conversation", False), screen.get("is_writing", False)) == (False, False)
    assert (await zhou.try_call("GET", path))[0] == 403
    assert (await chen.try_call("GET", "/agents/nobody/screens"))[0] == 404
