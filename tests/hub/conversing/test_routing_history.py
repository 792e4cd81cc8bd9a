"""Why was this one served first, and by this agent: what the desk can be asked about a conversation."""

from hub.accounts.identity import Identity
from hub.accounts.users import NewUser
from hub.dispatch.history import MAX_MOVES, remember
from hub.routing import WorkRelaxed
from hub.store.models import WorkItem
from tests.hub.conversing.conftest import Advance, Come
from tests.hub.support.channel import FakeChannel
from tests.hub.support.house import House
from tests.journeys.support.clients import Agent

WANG = "webchat:wang"
PASSWORD = "correct-horse-77"


async def steps(agent: Agent, conversation_id: str) -> list[dict[str, object]]:
    return (await agent.call("GET", f"/conversations/{conversation_id}/routing"))["items"]


async def test_each_decision_is_kept_with_its_reasons(channel: FakeChannel, come: Come, advance: Advance) -> None:
    zhou = await come("zhou")
    await channel.write(WANG, "人工")
    await zhou.until(lambda: bool(zhou.tables["offers"]))
    (offer_id,), (conversation_id,) = zhou.tables["offers"], zhou.tables["conversations"]
    await advance(7)
    await zhou.call("POST", f"/offers/{offer_id}/decline", reason="在处理急件")
    chen = await come("chen")
    await chen.take_offer()
    await chen.call("POST", f"/conversations/{conversation_id}/end")
    queued, asked, asked_next, taken, done = await steps(chen, conversation_id)
    assert (queued["step"], queued["queue_id"], queued["why"]["trigger"]) == ("enqueued", "general", "enqueued")
    assert (asked["step"], asked["agent_id"]) == ("offered", zhou.me["user_id"])
    assert (asked["outcome"], asked["reason"]) == ("declined", "在处理急件")
    assert asked["why"] | {"strategy": "", "rank": ""} == {
        "trigger": "work_came",
        "served": "first_in_order",
        "age_s": "0.0",
        "head_start_s": "0",
        "effective_age_s": "0.0",
        "agent": "strategy",
        "strategy": "",
        "rank": "",
    }
    assert (asked_next["agent_id"], asked_next["outcome"]) == (chen.me["user_id"], "accepted")
    assert (asked_next["why"]["agent"], asked_next["why"]["age_s"]) == ("became_free", "7.0")
    assert (taken["step"], taken["agent_id"], done["step"]) == ("accepted", chen.me["user_id"], "done")


async def test_who_took_somebody_out_of_turn_has_said_why(channel: FakeChannel, come: Come) -> None:
    chen = await come("chen")
    await channel.write(WANG, "人工")
    await chen.until(lambda: bool(chen.tables["offers"]))
    (offer_id,), (conversation_id,) = chen.tables["offers"], chen.tables["conversations"]
    await chen.call("POST", f"/offers/{offer_id}/decline", reason="later")
    await chen.call("POST", f"/conversations/{conversation_id}/pick", reason="行动不便的老人")
    picked = (await steps(chen, conversation_id))[-1]
    assert (picked["step"], picked["agent_id"], picked["why"]["reason"]) == (
        "picked",
        chen.me["user_id"],
        "行动不便的老人",
    )


async def test_a_foreign_queue_s_decisions_are_not_told(still_house: House, channel: FakeChannel, come: Come) -> None:
    zhou = await come("zhou")
    await channel.write(WANG, "人工")
    conversation_id = await zhou.take_offer()
    stranger = NewUser(username="stranger", display_name="外人", work_number="9001", queue_ids=("housing",))
    await still_house.services.users.make(Identity(username="operator"), stranger, password=PASSWORD)
    async with Agent(still_house.url, "stranger", PASSWORD) as other:
        status, _ = await other.try_call("GET", f"/conversations/{conversation_id}/routing")
    assert status == 404


def test_of_one_piece_of_work_the_newest_decisions_are_kept() -> None:
    work = WorkItem(work_id="w1", conversation_id="c1", queue_id="tax", channel_class="chat")
    for number in range(MAX_MOVES + 7):
        remember(work, WorkRelaxed(float(number), "w1", "tax", {"age_s": str(number)}))
    assert work.moves is not None
    assert [move["why"]["age_s"] for move in work.moves] == [str(number) for number in range(7, MAX_MOVES + 7)]
