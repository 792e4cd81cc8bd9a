"""What colleagues tell each other: rooms and bulletins."""

from tests.hub.conversing.conftest import Come


async def test_two_colleagues_share_one_room(come: Come) -> None:
    zhou, li = await come("zhou"), await come("li")
    room = await zhou.call("POST", "/rooms", member_ids=[li.me["user_id"]])
    assert (await li.call("POST", "/rooms", member_ids=[zhou.me["user_id"]]))["room_id"] == room["room_id"]
    path = f"/rooms/{room['room_id']}"
    first = await zhou.call("POST", f"{path}/messages", client_id="m1", text="在吗")
    assert await zhou.call("POST", f"{path}/messages", client_id="m1", text="在吗") == first
    await li.until(lambda: li.tables["rooms"][room["room_id"]]["unread"][li.me["user_id"]] == 1)
    assert [one["text"] for one in li.tables["room_messages"].values()] == ["在吗"]
    await li.call("POST", f"{path}/read")
    await li.until(lambda: li.tables["rooms"][room["room_id"]]["unread"][li.me["user_id"]] == 0)
    page = await li.call("GET", f"{path}/messages")
    assert [one["text"] for one in page["items"]] == ["在吗"]


async def test_nobody_else_knows_of_a_room(come: Come) -> None:
    zhou, li, chen = await come("zhou"), await come("li"), await come("chen")
    room = await zhou.call("POST", "/rooms", member_ids=[li.me["user_id"]])
    path = f"/rooms/{room['room_id']}"
    await zhou.call("POST", f"{path}/messages", client_id="m1", text="悄悄话")
    await li.until(lambda: bool(li.tables["room_messages"]))
    assert (await chen.try_call("GET", f"{path}/messages"))[0] == 404
    assert (await chen.try_call("POST", f"{path}/messages", client_id="m2", text="?"))[0] == 404
    assert not chen.tables["rooms"]
    assert not chen.tables["room_messages"]


async def test_who_leaves_a_group_hears_nothing_more(come: Come) -> None:
    zhou, li, chen = await come("zhou"), await come("li"), await come("chen")
    members = [li.me["user_id"], chen.me["user_id"]]
    room = await zhou.call("POST", "/rooms", title="早班", member_ids=members)
    path = f"/rooms/{room['room_id']}"
    await li.until(lambda: room["room_id"] in li.tables["rooms"])
    await li.call("POST", f"{path}/leave")
    await li.until(lambda: room["room_id"] not in li.tables["rooms"])
    await zhou.call("POST", f"{path}/messages", client_id="m1", text="换班")
    await chen.until(lambda: bool(chen.tables["room_messages"]))
    assert not li.tables["room_messages"]


async def test_a_bulletin_stands_on_each_desk_until_it_is_confirmed(come: Come) -> None:
    zhou, li, chen = await come("zhou"), await come("li"), await come("chen")
    bulletin = await chen.call("POST", "/bulletins", title="停水", text="城东今晚停水")
    bulletin_id = bulletin["bulletin_id"]
    for agent in (zhou, li):
        await agent.until(lambda agent=agent: bulletin_id in agent.tables["bulletins"])  # type: ignore[misc]
    assert not chen.tables["bulletins"]
    await zhou.call("POST", f"/bulletins/{bulletin_id}/confirm")
    await zhou.until(lambda: not zhou.tables["bulletins"])
    readers = (await chen.call("GET", f"/bulletins/{bulletin_id}/readers"))["items"]
    confirmed = {one["display_name"]: "confirmed_at" in one for one in readers}
    assert (confirmed["周敏"], confirmed[li.me["display_name"]]) == (True, False)
    await chen.call("DELETE", f"/bulletins/{bulletin_id}")
    await li.until(lambda: not li.tables["bulletins"])
    assert (await li.call("GET", "/bulletins"))["items"] == []


async def test_agents_publish_nothing(come: Come) -> None:
    zhou = await come("zhou")
    assert (await zhou.try_call("POST", "/bulletins", title="x", text="y"))[0] == 403
