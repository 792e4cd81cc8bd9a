"""Queues out of use: nobody is sent there any more, and nobody who waits there is forgotten."""

from hub.demo import PASSWORD
from tests.hub.support.house import House
from tests.journeys.support.clients import Agent

WANG, LIU = "webchat:wang", "webchat:liu"


async def make_night(admin: Agent) -> None:
    """Make a queue that nothing leads to."""
    await admin.call("PUT", "/queues/night", title={"zh": "夜间服务", "en": "Night"})


async def leave_in_night(agent: Agent) -> str:
    """Move what the agent serves to the night queue, where nobody is; return its conversation."""
    conversation_id = await agent.take_offer()
    await agent.call("POST", f"/conversations/{conversation_id}/transfer", queue_id="night")
    return conversation_id


async def test_a_queue_that_is_led_to_is_not_retired_and_the_refusal_names_what_leads_there(admin: Agent) -> None:
    overflows = [{"after_s": 60, "queue_id": "general"}]
    await admin.call("PUT", "/queues/night", title={"zh": "夜间服务"}, rules={"overflows": overflows})
    status, answer = await admin.try_call("PUT", "/queues/general/retirement", is_retired=True)
    assert (status, answer["error"]["code"]) == (409, "queue_in_use")
    general = next(one for one in (await admin.call("GET", "/queues"))["items"] if one["queue_id"] == "general")
    uses = [f"{use['kind']} {use['name']}" for use in general["uses"]]
    assert {"flow hotline", "entry *", "overflow night"} <= set(uses)
    assert answer["error"]["message"] == f"{', '.join(uses)} lead to it"
    assert general["is_active"]
    status, answer = await admin.try_call("PUT", "/queues/nowhere/retirement", is_retired=True)
    assert (status, answer["error"]["code"]) == (404, "not_found")


async def test_what_waits_in_a_retired_queue_is_served_yet_and_nothing_new_goes_there(
    house: House, admin: Agent
) -> None:
    await make_night(admin)
    async with Agent(house.url, "zhou", PASSWORD) as zhou, house.channel() as channel:
        await zhou.sit_down()
        await channel.write(WANG, "人工")
        left = await leave_in_night(zhou)
        await channel.write(LIU, "人工")
        other = await zhou.take_offer()
        assert not (await admin.call("PUT", "/queues/night/retirement", is_retired=True))["is_active"]
        status, answer = await zhou.try_call("POST", f"/conversations/{other}/transfer", queue_id="night")
        assert (status, answer["error"]["fields"]) == (422, {"queue_id": "unknown"})
        await zhou.until(lambda: not zhou.tables["setup"]["queues"]["night"]["is_active"])
        assert zhou.tables["setup"]["queues"]["night"]["title"]["zh"] == "夜间服务"

    await house.restart()
    assert house.services.queues.title("night") == "夜间服务"
    async with Agent(house.url, "root", PASSWORD) as root, Agent(house.url, "chen", PASSWORD) as chen:
        users = {one["username"]: one for one in (await root.call("GET", "/users"))["items"]}
        await root.call("PATCH", f"/users/{users['chen']['user_id']}", queue_ids=["night"])
        await chen.sit_down()
        assert await chen.take_offer() == left


async def test_what_waits_in_a_retired_queue_moves_where_the_administrator_says(house: House, admin: Agent) -> None:
    await make_night(admin)
    async with Agent(house.url, "zhou", PASSWORD) as zhou, house.channel() as channel:
        await zhou.sit_down()
        await channel.write(WANG, "人工")
        left = await leave_in_night(zhou)
        for there in ("night", "nowhere"):
            status, answer = await admin.try_call("PUT", "/queues/night/retirement", is_retired=True, move_to=there)
            assert (status, answer["error"]["fields"]) == (422, {"move_to": "unknown"})
        await admin.call("PUT", "/queues/night/retirement", is_retired=True, move_to="general")
        assert await zhou.take_offer() == left
    (deed,) = (await admin.call("GET", "/audit?limit=1&action=queue.retire"))["items"]
    assert deed["detail"] == {"move_to": "general", "moved": 1}


async def test_a_retired_queue_is_taken_back_into_use(admin: Agent) -> None:
    await make_night(admin)
    await admin.call("PUT", "/queues/night/retirement", is_retired=True)
    edited = await admin.call("PUT", "/queues/night", title={"zh": "夜班"})
    assert not edited["is_active"]  # a new name puts nothing back into use
    assert (await admin.call("PUT", "/queues/night/retirement", is_retired=False))["is_active"]


async def test_the_last_queue_that_takes_work_stays(admin: Agent) -> None:
    await admin.call("PUT", "/flow-entries", entries={})
    for queue_id in ("elder", "general", "housing"):
        await admin.call("PUT", f"/queues/{queue_id}", title={"zh": queue_id})
    for flow in ("hotline", "phone", "rating"):
        await admin.call("PUT", f"/flows/{flow}/archive", is_archived=True)
    for queue_id in ("elder", "housing"):
        await admin.call("PUT", f"/queues/{queue_id}/retirement", is_retired=True)
    status, answer = await admin.try_call("PUT", "/queues/general/retirement", is_retired=True)
    assert (status, answer["error"]["code"]) == (409, "last_queue")
