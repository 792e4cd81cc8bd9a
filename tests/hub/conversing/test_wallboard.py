"""The wallboard of a whole hub: figures, who sees them, a restart, alarms, and what supervisors do to agents."""

import asyncio
from datetime import timedelta

from core.events import TrunkChanged
from core.testing.clock import VirtualClock
from hub.accounts.identity import Identity
from hub.accounts.users import UserEdit
from hub.figures.notices import HUB
from hub.setup.organization import AgentGroup, Department
from hub.store.models import AuditRecord, Conversation, WorkItem
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
    async with still_house.services.store.work():
        early = clock.now() - timedelta(hours=2)  # 07:01 in Beijing, the day before by UTC
        await WorkItem.all().update(enqueued_at=early)
    await still_house.restart()
    assert still_house.services.wallboard.board(EVERYTHING).total["today"].handled == 1


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
    async with asyncio.timeout(30):
        while not [line for line in wallboard.board(EVERYTHING).lines if line.is_trunk]:
            await wallboard.tick()
    clock.advance(31)
    await wallboard.tick()
    (alarm,) = [one for one in (await chen.call("GET", "/wallboard"))["alarms"] if "north" in one["subject_id"]]
    assert alarm["kind"] == "channel_down"


async def test_a_site_has_its_own_figures_and_people(
    still_house: House, channel: FakeChannel, come: Come, clock: VirtualClock
) -> None:
    chen = await come("chen")
    sites = [
        {"site_id": "east", "title": {"zh": "城东分中心"}, "queue_ids": ["general"], "work_numbers": ["3021"]},
        {"site_id": "west", "title": {"zh": "城西分中心"}, "queue_ids": ["elder", "housing"]},
    ]
    await chen.call("PUT", "/wallboard/settings", sites=sites)
    await chen.call("PUT", "/me/state", state="busy")
    await channel.write(WANG, "人工")
    await until(lambda: still_house.services.wallboard.board(EVERYTHING).total["today"].offered == 1)
    board = await chen.call("GET", "/wallboard")
    names = {
        one["agent_id"]: still_house.services.desk.agents[one["agent_id"]].work_number
        for one in board["agents"].values()
    }
    east, west = board["parts"]
    assert (east["periods"]["today"]["offered"], west["periods"]["today"].get("offered", 0)) == (1, 0)
    assert [names[one] for one in east["agent_ids"]] == ["3021"]
    assert sorted(names[one] for one in west["agent_ids"]) == ["3001", "3021", "3022"]
    assert (await chen.try_call("GET", "/wallboard/day?view=site:nowhere"))[0] == 404
    for site_id, count in (("east", 1), ("west", 0)):
        day = await chen.call("GET", f"/wallboard/day?view=site:{site_id}")
        assert sum(quarter["offered"] for quarter in day["quarters"]) == count
    zhou = Identity(permissions=frozenset({"wallboard.view"}), queue_ids=frozenset({"elder"}))
    (own,) = still_house.services.wallboard.board(zhou).parts
    assert (own.part_id, own.queue_ids) == ("west", ("elder",))


async def test_a_group_and_a_department_have_their_own_figures_and_people(
    still_house: House, channel: FakeChannel, come: Come
) -> None:
    zhou, chen = await come("zhou"), await come("chen")
    services = still_house.services
    for department_id, parent in (("bureau", ""), ("water", "bureau"), ("empty", "bureau")):
        department = Department(title={"zh": department_id}, parent=parent)
        await services.organization_editor.save_department(HUB, department_id, department, remote="")
    group = AgentGroup(title={"zh": "老人"}, queue_ids=("elder",))
    await services.organization_editor.save_group(HUB, "elders", group, remote="")
    edit = UserEdit(group_ids=("elders",), department_id="water", queue_ids=("general",))
    await services.users.edit(HUB, zhou.me["user_id"], edit)
    await channel.write(WANG, "人工")
    await until(lambda: services.wallboard.board(EVERYTHING).total["today"].offered == 1)
    parts = {(one["kind"], one["part_id"]): one for one in (await chen.call("GET", "/wallboard"))["parts"]}
    assert {one: set(parts[one]["queue_ids"]) for one in parts} == {
        ("group", "elders"): {"elder"},
        ("department", "bureau"): {"general", "elder"},
        ("department", "water"): {"general", "elder"},
    }
    assert {tuple(one["agent_ids"]) for one in parts.values()} == {(zhou.me["user_id"],)}
    for view, count in (("group:elders", 0), ("department:bureau", 1)):
        day = await chen.call("GET", f"/wallboard/day?view={view}")
        assert sum(quarter["offered"] for quarter in day["quarters"]) == count


async def test_a_supervisor_gives_what_waits_to_an_agent_who_is_told(channel: FakeChannel, come: Come) -> None:
    zhou, chen = await come("zhou"), await come("chen")
    for agent in (zhou, chen):
        await agent.call("PUT", "/me/state", state="busy")
    await channel.write(WANG, "人工")
    await chen.until(lambda: any(one["state"] == "queued" for one in chen.tables["conversations"].values()))
    (conversation_id,) = chen.tables["conversations"]
    given = await chen.call(
        "POST", f"/conversations/{conversation_id}/assign", agent_id=zhou.me["user_id"], reason="她熟悉"
    )
    assert (given["state"], given["agent_id"]) == ("active", zhou.me["user_id"])
    await channel.hears(WANG, "工号 3021 为您服务")
    await zhou.until(lambda: bool(zhou.tables["notifications"]))
    (told,) = zhou.tables["notifications"].values()
    assert (told["kind"], told["conversation_id"], told["params"]["by"]) == ("assigned", conversation_id, "陈静")
    status, answer = await chen.try_call(
        "POST", f"/conversations/{conversation_id}/assign", agent_id=chen.me["user_id"]
    )
    assert (status, answer["error"]["code"]) == (409, "work_gone")
    assert (await zhou.try_call("POST", f"/conversations/{conversation_id}/assign", agent_id=""))[0] == 403


async def test_a_locked_agent_takes_nothing_until_unlocked_whatever_they_try(
    still_house: House, channel: FakeChannel, come: Come
) -> None:
    zhou, chen = await come("zhou"), await come("chen")
    zhou_id = zhou.me["user_id"]
    await chen.call("PUT", "/me/state", state="busy")
    await channel.write(WANG, "人工")
    conversation_id = await zhou.take_offer()
    locked = await chen.call("PUT", f"/agents/{zhou_id}/lock")
    assert (locked["state"], locked["reason"]) == ("away", "locked")
    assert (await Conversation.get(conversation_id=conversation_id)).state == "queued"
    for call in (("PUT", "/me/state"), ("PUT", f"/agents/{zhou_id}/state")):
        status, answer = await (zhou if "me" in call[1] else chen).try_call(*call, state="available")
        assert (status, answer["error"]["code"]) == (409, "locked_state")
    await zhou.call("DELETE", "/session")
    await zhou.log_in("lianxin-demo")
    agents = still_house.services.desk.agents
    assert (agents[zhou_id].state, agents[zhou_id].reason) == ("away", "locked")
    await chen.call("DELETE", f"/agents/{zhou_id}/lock")
    assert agents[zhou_id].state in ("busy", "offline")
    actions = AuditRecord.filter(object_id=zhou_id, action__startswith="agent.").order_by("audit_id")
    assert [one.action for one in await actions] == ["agent.lock", "agent.unlock"]
    for path in (f"/agents/{zhou_id}/lock", f"/agents/{chen.me['user_id']}/lock"):
        assert (await chen.try_call("DELETE", path))[0] == 409
    await chen.call("PUT", f"/agents/{zhou_id}/lock")
    await still_house.restart()
    agents = still_house.services.desk.agents
    assert (agents[zhou_id].state, agents[zhou_id].reason) == ("away", "locked")
