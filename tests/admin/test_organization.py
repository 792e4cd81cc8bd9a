"""Departments, skills and groups: who serves what follows from both their own and their groups'."""

from typing import Any

import pytest

from hub.demo import PASSWORD
from tests.hub.support.house import House
from tests.journeys.support.clients import Agent

WATER = {"title": {"zh": "供水组"}, "queue_ids": ["housing"], "skills": {"pipes": 3}}


async def user_id_of(admin: Agent, username: str) -> str:
    found: str = next(
        one["user_id"] for one in (await admin.call("GET", "/users"))["items"] if one["username"] == username
    )
    return found


def profile(house: House, user_id: str) -> tuple[set[str], dict[str, int]]:
    """Return what the routing core takes a user for."""
    known = house.services.dispatcher._core.agent_snapshot(user_id).profile
    return set(known.queues), dict(known.skills)


async def test_a_group_s_queues_and_skills_are_its_members_beside_their_own(house: House, admin: Agent) -> None:
    await admin.call("PUT", "/agent-groups/water", **WATER)
    async with Agent(house.url, "zhou", PASSWORD) as zhou:
        await zhou.open_desk()
        me = zhou.me["user_id"]
        await admin.call("PATCH", f"/users/{me}", group_ids=["water"])
        await zhou.until(lambda: set(zhou.tables["agents"][me]["queue_ids"]) == {"general", "elder", "housing"})
        assert profile(house, me) == ({"general", "elder", "housing"}, {"elder": 4, "pipes": 3})

        await admin.call("PUT", "/agent-groups/water", **{**WATER, "queue_ids": [], "skills": {"elder": 5}})
        await zhou.until(lambda: "housing" not in zhou.tables["agents"][me]["queue_ids"])
        assert profile(house, me) == ({"general", "elder"}, {"elder": 5})

        await admin.call("PUT", "/agent-groups/water", **WATER)
        (group,) = (await admin.call("GET", "/agent-groups"))["items"]
        assert group["member_ids"] == [me]
        changed = await admin.call("PATCH", f"/users/{me}", queue_ids=["elder"])
        assert (changed["queue_ids"], changed["group_ids"]) == (["elder"], ["water"])
        assert profile(house, me) == ({"elder", "housing"}, {"elder": 4, "pipes": 3})
        await admin.call("PATCH", f"/users/{me}", group_ids=[])
        assert profile(house, me) == ({"elder"}, {"elder": 4})


async def test_a_retired_group_gives_nothing(house: House, admin: Agent) -> None:
    await admin.call("PUT", "/agent-groups/water", **WATER)
    li = await user_id_of(admin, "li")
    await admin.call("PATCH", f"/users/{li}", group_ids=["water"], queue_ids=["general"])
    assert profile(house, li)[0] == {"general", "housing"}
    await admin.call("PUT", "/agent-groups/water", **WATER, is_active=False)
    assert profile(house, li)[0] == {"general"}


async def test_who_joins_begins_with_what_their_group_serves(house: House, admin: Agent) -> None:
    await admin.call("PUT", "/agent-groups/water", **WATER)
    made = await admin.call(
        "POST", "/users", username="sun", display_name="孙悦", work_number="3024", group_ids=["water"]
    )
    assert profile(house, made["user"]["user_id"])[0] == {"housing"}
    assert made["user"]["queue_ids"] == []


async def test_colleagues_see_whose_department_somebody_is_in(house: House, admin: Agent) -> None:
    await admin.call("PUT", "/departments/city", title={"zh": "市热线办"})
    await admin.call("PUT", "/departments/works", title={"zh": "水务局"}, parent="city")
    async with Agent(house.url, "zhou", PASSWORD) as zhou:
        await zhou.open_desk()
        li = await user_id_of(admin, "li")
        await admin.call("PATCH", f"/users/{li}", department_id="works")
        await zhou.until(lambda: zhou.tables["agents"][li].get("department_id") == "works")
        works = {"title": {"zh": "水务局"}, "parent": "city", "is_active": True}
        assert zhou.tables["setup"]["departments"]["works"] == works


@pytest.mark.parametrize(
    ("path", "body", "fault"),
    [
        ("/departments/city", {"parent": "works"}, {"parent": "below itself"}),
        ("/departments/city", {"parent": "city"}, {"parent": "below itself"}),
        ("/departments/city", {"parent": "nowhere"}, {"parent": "unknown"}),
        ("/departments/C!", {}, {"id": "bad id"}),
        ("/agent-groups/water", {"queue_ids": ["nowhere"]}, {"queue_ids[0]": "unknown"}),
        ("/agent-groups/water", {"skills": {"pipes": 9}}, {"skills.pipes": "Expected `int` <= 5"}),
    ],
)
async def test_what_makes_no_sense_is_named(admin: Agent, path: str, body: dict[str, Any], fault: object) -> None:
    await admin.call("PUT", "/departments/city", title={"zh": "市"})
    await admin.call("PUT", "/departments/works", title={"zh": "局"}, parent="city")
    status, answer = await admin.try_call("PUT", path, title={"zh": "某"}, **body)
    assert (status, answer["error"]["fields"]) == (422, fault)


async def test_nobody_is_in_a_group_or_department_that_there_is_not(admin: Agent) -> None:
    li = await user_id_of(admin, "li")
    status, answer = await admin.try_call("PATCH", f"/users/{li}", group_ids=["x"], department_id="y")
    assert (status, answer["error"]["fields"]) == (422, {"group_ids": "unknown: x", "department_id": "unknown"})


async def test_skills_are_named(admin: Agent) -> None:
    await admin.call("PUT", "/skills/pipes", title={"zh": "管网"})
    (skill,) = (await admin.call("GET", "/skills"))["items"]
    assert skill == {
        "skill_id": "pipes", "version": 1, "skill": {"title": {"zh": "管网"}, "is_active": True},
    }  # fmt: skip
