"""Ends and transfers that can be taken back: held, done in time, undone, overtaken by a citizen who still writes."""

from hub.store.models import Conversation, Entry
from tests.hub.conversing.conftest import Advance, Come
from tests.hub.support.channel import FakeChannel
from tests.hub.support.house import House
from tests.journeys.support.clients import Agent

WANG = "webchat:wang"


async def served(channel: FakeChannel, agent: Agent) -> str:
    await channel.write(WANG, "人工")
    return await agent.take_offer()


async def hold(agent: Agent, conversation_id: str, **step: object) -> None:
    await agent.call("PUT", f"/conversations/{conversation_id}/held-step", **step)


async def test_a_held_end_is_done_in_time(
    still_house: House, channel: FakeChannel, come: Come, advance: Advance
) -> None:
    zhou = await come("zhou")
    conversation_id = await served(channel, zhou)
    await hold(zhou, conversation_id, step="end")
    await zhou.until(lambda: zhou.conversation(conversation_id).get("held", {}).get("step") == "end")
    assert zhou.conversation(conversation_id)["state"] == "active"
    await advance(4.9)
    assert zhou.conversation(conversation_id)["state"] == "active"
    await advance(0.2)
    await zhou.until(lambda: zhou.conversation(conversation_id)["state"] == "wrap_up")
    assert "held" not in zhou.conversation(conversation_id)
    await channel.hears(WANG, "评价")


async def test_of_an_undone_end_the_citizen_hears_nothing(
    still_house: House, channel: FakeChannel, come: Come, advance: Advance
) -> None:
    zhou = await come("zhou")
    conversation_id = await served(channel, zhou)
    said = await Entry.filter(conversation_id=conversation_id).count()
    await hold(zhou, conversation_id, step="end")
    await zhou.call("DELETE", f"/conversations/{conversation_id}/held-step")
    await advance(10)
    assert zhou.conversation(conversation_id)["state"] == "active"
    assert await Entry.filter(conversation_id=conversation_id).count() == said
    status, answer = await zhou.try_call("DELETE", f"/conversations/{conversation_id}/held-step")
    assert (status, answer["error"]["code"]) == (409, "too_late")


async def test_a_citizen_who_still_writes_is_not_sent_away(
    still_house: House, channel: FakeChannel, come: Come, advance: Advance
) -> None:
    zhou = await come("zhou")
    conversation_id = await served(channel, zhou)
    await hold(zhou, conversation_id, step="end")
    await channel.write(WANG, "等一下，还有一件事")
    await zhou.until(lambda: "等一下，还有一件事" in zhou.read("in"))
    await advance(10)
    assert zhou.conversation(conversation_id)["state"] == "active"


async def test_who_wraps_up_at_once_waits_for_nothing(
    still_house: House, channel: FakeChannel, come: Come, advance: Advance
) -> None:
    zhou = await come("zhou")
    conversation_id = await served(channel, zhou)
    answer = {"code": "answered", "summary": "", "tags": []}
    status, _ = await zhou.try_call("POST", f"/conversations/{conversation_id}/wrap-up", **answer)
    assert status == 409
    await hold(zhou, conversation_id, step="end")
    closed = await zhou.call("POST", f"/conversations/{conversation_id}/wrap-up", **answer)
    assert closed["state"] == "closed"
    await channel.hears(WANG, "评价")


async def test_a_held_transfer_is_done_or_undone(
    still_house: House, channel: FakeChannel, come: Come, advance: Advance
) -> None:
    zhou = await come("zhou")
    conversation_id = await served(channel, zhou)
    transfer = {"queue_id": "elder", "note": "请接手", "client_id": "t1"}
    await hold(zhou, conversation_id, step="transfer", transfer=transfer)
    await zhou.until(lambda: "held" in zhou.conversation(conversation_id))
    assert zhou.conversation(conversation_id)["held"]["to"]
    await zhou.call("DELETE", f"/conversations/{conversation_id}/held-step")
    await advance(6)
    assert zhou.conversation(conversation_id)["queue_id"] == "general"
    await hold(zhou, conversation_id, step="transfer", transfer=transfer)
    await advance(6)
    row = await Conversation.get(conversation_id=conversation_id)
    assert (row.queue_id, row.held) == ("elder", None)
    assert await Entry.filter(conversation_id=conversation_id, kind="note", text="请接手").count() == 1


async def test_a_transfer_that_cannot_be_done_any_more_is_said_to_whom_asked(
    still_house: House, channel: FakeChannel, come: Come, advance: Advance
) -> None:
    zhou, li = await come("zhou"), await come("li")
    await li.call("PUT", "/me/state", state="busy")
    conversation_id = await served(channel, zhou)
    await hold(zhou, conversation_id, step="transfer", transfer={"agent_id": li.me["user_id"], "note": ""})
    async with still_house.services.store.work() as work:
        await work.execute("UPDATE user_account SET is_active = ? WHERE username = ?", False, "li")
    await advance(6)
    await zhou.until(lambda: bool(zhou.tables["notifications"]))
    (told,) = zhou.tables["notifications"].values()
    assert (told["kind"], told["conversation_id"]) == ("not_done", conversation_id)
    assert zhou.conversation(conversation_id)["state"] == "active"
    await zhou.call("POST", f"/notifications/{told['notification_id']}/seen")
    await zhou.until(lambda: not zhou.tables["notifications"])
