"""Offers and agents: who is asked, who is asked next, what happens to work when agents go."""

import asyncio

import pytest

from hub.accounts.identity import Identity
from hub.dispatch.queues import QueueSettings
from hub.store.models import AgentStatus, Conversation, Entry, Offer, Setting, WorkItem
from tests.hub.conversing.conftest import Advance, Come
from tests.hub.support.channel import FakeChannel
from tests.hub.support.house import House, eventually, until

WANG = "webchat:wang"
OPERATOR = Identity(username="operator")


async def test_an_expired_offer_goes_to_the_next_agent(channel: FakeChannel, come: Come, advance: Advance) -> None:
    zhou, li = await come("zhou"), await come("li")
    await channel.write(WANG, "人工")
    await until(lambda: bool(zhou.tables["offers"] or li.tables["offers"]))
    asked, other = (zhou, li) if zhou.tables["offers"] else (li, zhou)
    late = next(iter(asked.tables["offers"]))
    await advance(21)
    await other.take_offer()
    status, answer = await asked.try_call("POST", f"/offers/{late}/accept")
    assert (status, answer["error"]["code"]) == (409, "offer_gone")


async def test_a_declined_offer_does_not_come_back_at_once(channel: FakeChannel, come: Come, advance: Advance) -> None:
    zhou = await come("zhou")
    await channel.write(WANG, "人工")
    await zhou.until(lambda: bool(zhou.tables["offers"]))
    first = next(iter(zhou.tables["offers"]))
    await zhou.call("POST", f"/offers/{first}/decline", reason="忙")
    await zhou.call("POST", f"/offers/{first}/decline", reason="忙")  # a repeated call answers the same
    await zhou.until(lambda: not zhou.tables["offers"])
    await advance(10)
    assert await Offer.all().count() == 1
    await advance(21)
    await zhou.take_offer()


async def test_accepting_twice_answers_the_same(channel: FakeChannel, come: Come) -> None:
    zhou = await come("zhou")
    await channel.write(WANG, "人工")
    await zhou.until(lambda: bool(zhou.tables["offers"]))
    offer_id = next(iter(zhou.tables["offers"]))
    first = await zhou.call("POST", f"/offers/{offer_id}/accept")
    assert await zhou.call("POST", f"/offers/{offer_id}/accept") == first


async def test_nobody_accepts_for_a_colleague(channel: FakeChannel, come: Come) -> None:
    zhou = await come("zhou")
    await channel.write(WANG, "人工")
    await zhou.until(lambda: bool(zhou.tables["offers"]))
    li = await come("li")
    status, _ = await li.try_call("POST", f"/offers/{next(iter(zhou.tables['offers']))}/accept")
    assert status == 404


async def test_work_of_a_withdrawn_offer_can_be_picked(channel: FakeChannel, come: Come) -> None:
    zhou = await come("zhou")
    await channel.write(WANG, "人工")
    await zhou.until(lambda: bool(zhou.tables["offers"]))
    (conversation_id,) = zhou.tables["conversations"]
    await zhou.call("PUT", "/me/state", state="away", reason="meal")
    assert (await WorkItem.get()).state == "waiting"
    chen = await come("chen")
    await chen.until(lambda: bool(chen.tables["offers"]))
    await chen.call("PUT", "/me/state", state="busy")
    assert (await WorkItem.get()).state == "waiting"
    status, answer = await chen.try_call("POST", f"/conversations/{conversation_id}/pick", reason="老人")
    assert (status, answer["error"]["code"]) == (409, "work_gone"), "who is busy picks nothing"


async def test_waiting_work_is_picked_out_of_turn(channel: FakeChannel, come: Come) -> None:
    chen = await come("chen")
    await channel.write(WANG, "人工")
    await chen.until(lambda: bool(chen.tables["offers"]))
    (offer_id,) = chen.tables["offers"]
    (conversation_id,) = chen.tables["conversations"]
    await chen.call("POST", f"/offers/{offer_id}/decline", reason="later")
    picked = await chen.call("POST", f"/conversations/{conversation_id}/pick", reason="老人")
    assert (picked["state"], picked["agent_id"]) == ("active", chen.me["user_id"])
    assert await chen.call("POST", f"/conversations/{conversation_id}/pick", reason="老人") == picked
    assert (await WorkItem.get()).state == "assigned"


async def test_a_conversation_goes_to_a_named_agent_who_saw_it_declined(channel: FakeChannel, come: Come) -> None:
    zhou = await come("zhou")
    await channel.write(WANG, "人工")
    conversation_id = await zhou.take_offer()
    li = await come("li")
    await zhou.call("POST", f"/conversations/{conversation_id}/transfer", agent_id=li.me["user_id"], note="")
    assert await li.take_offer() == conversation_id
    status, _ = await zhou.try_call("POST", f"/conversations/{conversation_id}/messages", client_id="x", text="?")
    assert status == 403


@pytest.mark.parametrize(("username", "mode"), [("zhou", "outbound_only"), ("zhou", "off_shift"), ("chen", "leader")])
async def test_a_work_mode_is_chosen_without_changing_the_state(
    still_house: House, channel: FakeChannel, come: Come, username: str, mode: str
) -> None:
    agent = await come(username)
    me = await agent.call("PUT", "/me/state", work_mode=mode)
    assert (me["state"], me["work_mode"]) == ("available", mode)
    await channel.write(WANG, "人工")
    await channel.hears(WANG, "正在为您转接")
    await eventually(WorkItem.filter(state="waiting"))
    await still_house.services.dispatcher.tick()
    assert await Offer.all().count() == 0
    await agent.call("PUT", "/me/state", work_mode="normal")
    await agent.take_offer()


@pytest.mark.parametrize("is_away", [False, True])
async def test_a_contact_goes_to_the_agent_who_serves_them_always(
    channel: FakeChannel, come: Come, *, is_away: bool
) -> None:
    """Who is away is not waited for."""
    zhou, chen = await come("zhou"), await come("chen")
    await channel.write(WANG, "人工")
    contact_id = zhou.conversation(conversation_id := await zhou.take_offer())["contact_id"]
    await zhou.call("POST", f"/conversations/{conversation_id}/end")
    status, answer = await chen.try_call("PATCH", f"/contacts/{contact_id}", agent_id="nobody")
    assert (status, answer["error"]["fields"]) == (422, {"agent_id": "unknown"})
    await chen.call("PATCH", f"/contacts/{contact_id}", agent_id=chen.me["user_id"])
    await zhou.call("POST", f"/conversations/{conversation_id}/wrap-up", code="answered", summary="", tags=[])
    if is_away:
        await chen.call("PUT", "/me/state", state="away", reason="meal")
    await channel.write(WANG, "人工")
    await (zhou if is_away else chen).take_offer()
    assert await Offer.filter(agent_id=zhou.me["user_id"]).count() == (2 if is_away else 1)


async def test_a_lost_agents_work_returns_and_is_served_first(
    still_house: House, channel: FakeChannel, come: Come
) -> None:
    still_house.services.presence._grace_s = 0.05
    zhou = await come("zhou")
    await channel.write(WANG, "人工")
    conversation_id = await zhou.take_offer()
    await zhou.leave()
    await channel.hears(WANG, "暂时离线")
    assert (await AgentStatus.get(user_id=zhou.me["user_id"])).state == "unreachable"
    await channel.write("webchat:later", "人工")
    await channel.hears("webchat:later", "1 位")
    li = await come("li")
    assert await li.take_offer() == conversation_id


async def test_a_lost_agent_who_is_back_takes_work_again(still_house: House, channel: FakeChannel, come: Come) -> None:
    still_house.services.presence._grace_s = 0.05
    zhou = await come("zhou")
    await zhou.leave()
    agents = still_house.services.dispatcher.agents
    await until(lambda: agents[zhou.me["user_id"]].state == "unreachable")
    await zhou.open_desk()
    await until(lambda: agents[zhou.me["user_id"]].state == "available")


async def test_a_short_cut_takes_nothing_away(still_house: House, channel: FakeChannel, come: Come) -> None:
    zhou = await come("zhou")
    await channel.write(WANG, "人工")
    conversation_id = await zhou.take_offer()
    await zhou.leave()
    await zhou.open_desk()
    await channel.write(WANG, "还在吗")
    await zhou.until(lambda: "还在吗" in zhou.read("in"))
    assert zhou.conversation(conversation_id)["state"] == "active"


async def test_work_that_finds_its_queue_full_is_served_later(
    still_house: House, channel: FakeChannel, come: Come, advance: Advance
) -> None:
    services = still_house.services
    await Setting.filter(key="channels").update(value={"*": {"flow": "", "queue": "general"}})
    await services.flow_library.load()
    await services.queue_editor.save(OPERATOR, "general", {"zh": "综合"}, QueueSettings(max_waiting=1))
    await channel.write("webchat:first", "您好")
    await channel.hears("webchat:first", "下一位")
    await channel.write(WANG, "您好")
    await channel.hears(WANG, "咨询人数较多")
    zhou = await come("zhou")
    await zhou.take_offer()
    await advance(6)
    await zhou.take_offer()
    assert await Conversation.filter(state="active").count() == 2


async def test_a_wrap_up_lasts_as_long_as_its_queue_says(
    still_house: House, channel: FakeChannel, come: Come, advance: Advance
) -> None:
    zhou = await come("zhou")
    await channel.write(WANG, "人工")
    conversation_id = await zhou.take_offer()
    await zhou.call("POST", f"/conversations/{conversation_id}/end")
    agents = still_house.services.dispatcher.agents
    await advance(29)
    assert agents[zhou.me["user_id"]].state == "wrap_up"
    await advance(2)
    assert agents[zhou.me["user_id"]].state == "available"


async def test_renamed_agents_show_their_new_name_at_once(still_house: House, come: Come) -> None:
    zhou, li = await come("zhou"), await come("li")
    users = still_house.services.users
    from hub.accounts.users import UserEdit

    await users.edit(OPERATOR, zhou.me["user_id"], UserEdit(display_name="周小敏", queue_ids=("general",)))
    await li.until(lambda: li.tables["agents"][zhou.me["user_id"]]["display_name"] == "周小敏")
    assert li.tables["agents"][zhou.me["user_id"]]["queue_ids"] == ["general"]


async def test_logging_out_returns_everything(still_house: House, channel: FakeChannel, come: Come) -> None:
    zhou = await come("zhou")
    await channel.write(WANG, "人工")
    conversation_id = await zhou.take_offer()
    await zhou.call("DELETE", "/session")
    await channel.hears(WANG, "暂时离线")
    li = await come("li")
    assert await li.take_offer() == conversation_id
    await asyncio.sleep(0)


async def test_a_repeated_transfer_is_the_same_transfer(channel: FakeChannel, come: Come) -> None:
    zhou, li = await come("zhou"), await come("li")
    await channel.write(WANG, "人工")
    await until(lambda: bool(zhou.tables["offers"] or li.tables["offers"]))
    owner, other = (zhou, li) if zhou.tables["offers"] else (li, zhou)
    conversation_id = await owner.take_offer()
    for _ in range(2):
        await owner.call(
            "POST", f"/conversations/{conversation_id}/transfer", queue_id="elder", note="请接手", client_id="t-1"
        )
    status, _ = await other.try_call(
        "POST", f"/conversations/{conversation_id}/transfer", queue_id="elder", note="", client_id="t-1"
    )
    assert status in (403, 404)
    notes = await Entry.filter(conversation_id=conversation_id, code="transferred").count()
    assert (notes, await Entry.filter(conversation_id=conversation_id, kind="note").count()) == (1, 1)


async def test_an_offer_shows_what_it_is_about_rather_than_the_wish_for_a_person(
    channel: FakeChannel, come: Come
) -> None:
    await channel.write(WANG, "路灯坏了")
    await channel.write(WANG, "人工")
    zhou = await come("zhou")
    await zhou.until(lambda: bool(zhou.tables["offers"]))
    (row,) = zhou.tables["conversations"].values()
    assert (row["last_text"], row.get("last_author", "contact")) == ("路灯坏了", "contact")


async def test_a_timed_decision_that_fails_is_not_tried_again_at_once(
    still_house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    dispatcher = still_house.services.dispatcher
    tried: list[None] = []

    async def fail() -> None:
        tried.append(None)
        raise RuntimeError("as planned")

    monkeypatch.setattr(dispatcher, "tick", fail)
    monkeypatch.setattr(dispatcher._core, "next_due", lambda: 1.0)  # long ago
    running = asyncio.create_task(dispatcher.run())
    await until(lambda: bool(tried))
    for _ in range(100):  # as many chances to do so
        await asyncio.sleep(0)
    running.cancel()
    assert len(tried) == 1
