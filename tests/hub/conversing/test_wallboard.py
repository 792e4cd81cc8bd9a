"""The wallboard of a whole hub: figures, who sees them, a restart, alarms, and what supervisors do to agents."""

import asyncio

from core.events import TrunkChanged
from core.testing.clock import VirtualClock
from hub.accounts.identity import Identity
from hub.store.models import AuditRecord, Conversation
from tests.hub.conversing.conftest import Come
from tests.hub.support.channel import FakeChannel
from tests.hub.support.house import House, until

EVERYTHING = Identity(permissions=frozenset({"wallboard.view", "queue.all"}))
WANG, LI = "webchat:wang", "webchat:li"


async def test_figures_of_a_served_conversation_survive_a_restart(
    still_house: House, channel: FakeChannel, come: Come, clock: VirtualClock
) -> None:
    zhou, chen = await come("zhou"), await come("chen")
    await chen.call("PUT", "/me/state", state="busy")
    await channel.write(WANG, "人工")
    await zhou.until(lambda: bool(zhou.tables["offers"]))
    clock.advance(5)
    conversation_id = await zhou.take_offer()
    clock.advance(60)
    await channel.write(LI, "人工")
    await until(lambda: still_house.services.wallboard.board(EVERYTHING).total["today"].offered == 2)
    await zhou.call("POST", f"/conversations/{conversation_id}/end")
    clock.advance(10)
    await zhou.call("POST", f"/conversations/{conversation_id}/wrap-up", code="answered")
    board = await chen.call("GET", "/wallboard")
    assert board["agents"][zhou.me["user_id"]]["here_since"]
    today = board["total"]["today"]
    assert (today["offered"], today["answered"], today["handled"]) == (2, 1, 1)
    assert (today["answer_s"], today["handle_s"], today["wrap_up_s"]) == (5, 60, 10)
    assert [one["offered"] for one in board["channels"].values()] == [2]
    day = await chen.call("GET", "/wallboard/day")
    assert sum(quarter["offered"] for quarter in day["quarters"]) == 2
    await still_house.restart()
    after = still_house.services.wallboard.board(EVERYTHING)
    assert (after.total["today"].offered, after.total["today"].handled) == (2, 1)
    assert (after.total["today"].answer_s, after.total["today"].handle_s, after.total["today"].wrap_up_s) == (5, 60, 10)


async def test_only_who_may_see_the_wallboard_does(come: Come) -> None:
    zhou = await come("zhou")
    status, answer = await zhou.try_call("GET", "/wallboard")
    assert (status, answer["error"]["code"]) == (403, "forbidden")


async def test_an_alarm_is_raised_seen_and_over(
    still_house: House, channel: FakeChannel, come: Come, clock: VirtualClock
) -> None:
    chen = await come("chen")
    await chen.call("PUT", "/me/state", state="away", reason="rest")
    clock.advance(901)
    await still_house.services.wallboard.tick()
    (alarm,) = [one for one in (await chen.call("GET", "/wallboard"))["alarms"] if one["kind"] == "away_longer"]
    seen = await chen.call("POST", f"/alarms/{alarm['alarm_id']}/acknowledge")
    assert seen["acknowledged_by"] == "陈静"
    await chen.call("PUT", "/me/state", state="busy")
    await still_house.services.wallboard.tick()
    assert not [one for one in (await chen.call("GET", "/wallboard")).get("alarms", []) if one["kind"] == "away_longer"]
    actions = await AuditRecord.filter(object_kind="agent", action__startswith="alarm").values_list("action", flat=True)
    assert list(actions) == ["alarm.raise", "alarm.acknowledge", "alarm.end"]


async def test_a_lasting_alarm_is_not_raised_again_by_a_restart(
    still_house: House, come: Come, clock: VirtualClock
) -> None:
    chen = await come("chen")
    await chen.call("PUT", "/me/state", state="away", reason="rest")
    clock.advance(901)
    await still_house.services.wallboard.tick()
    await still_house.restart()
    await still_house.services.wallboard.tick()
    assert await AuditRecord.filter(action="alarm.raise", object_kind="agent").count() == 1


async def test_a_supervisor_takes_work_from_an_agent_and_sets_their_state(channel: FakeChannel, come: Come) -> None:
    zhou, chen = await come("zhou"), await come("chen")
    zhou_id, chen_id = zhou.me["user_id"], chen.me["user_id"]
    await chen.call("PUT", "/me/state", state="busy")
    await channel.write(WANG, "人工")
    conversation_id = await zhou.take_offer()
    await chen.call("PUT", f"/agents/{zhou_id}/state", state="away", reason="rest")
    await chen.call("POST", f"/agents/{zhou_id}/release")
    conversation = await Conversation.get(conversation_id=conversation_id)
    assert (conversation.state, conversation.agent_id) == ("queued", None)
    await zhou.until(lambda: zhou.tables["agents"][zhou_id]["state"] == "away")
    actions = await AuditRecord.filter(object_id=zhou_id, action__startswith="agent.").values_list("action", flat=True)
    assert list(actions) == ["agent.state", "agent.release"]
    status, _ = await zhou.try_call("PUT", f"/agents/{chen_id}/state", state="away", reason="rest")
    assert status == 403


async def test_figures_come_over_the_line_to_browsers_that_watch(still_house: House, come: Come) -> None:
    chen, zhou = await come("chen"), await come("zhou")
    for agent in (chen, zhou):
        assert agent._socket is not None
        await agent._socket.send_json({"type": "watch", "is_on": True})
    feeds = still_house.services.desk._feeds

    def watching() -> int:
        return sum(one.watches for feed in feeds.values() for one in feed.connections)

    await until(lambda: watching() == 1)  # an agent may not
    await asyncio.sleep(0)
    await still_house.services.wallboard.tick()
    await chen.until(lambda: any(one.get("name") == "wallboard" for one in chen.signals))
    assert not [one for one in zhou.signals if one.get("name") == "wallboard"]


async def test_a_trunk_that_is_down_is_shown_and_raises_an_alarm(
    still_house: House, channel: FakeChannel, come: Come, clock: VirtualClock
) -> None:
    chen = await come("chen")
    wallboard = still_house.services.wallboard
    await channel.emit(TrunkChanged(trunk="north", is_up=False, calls=3, at=clock.now()))
    async with asyncio.timeout(10):
        while not [line for line in wallboard.board(EVERYTHING).lines if line.is_trunk]:
            await wallboard.tick()
    clock.advance(31)
    await wallboard.tick()
    (alarm,) = [one for one in (await chen.call("GET", "/wallboard"))["alarms"] if "north" in one["subject_id"]]
    assert alarm["kind"] == "channel_down"
