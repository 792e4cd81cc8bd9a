"""Flows as administrators keep them: begun, changed by two, put away, given to channels."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from hub.accounts.identity import Identity
from hub.accounts.users import NewUser
from hub.demo import PASSWORD
from tests.hub.support.house import House
from tests.journeys.support.clients import Agent


@pytest.fixture
async def admin(house: House) -> AsyncIterator[Agent]:
    new = NewUser(username="root", display_name="管理", work_number="9000", role_ids=("admin",))
    await house.services.users.make(Identity(username="operator"), new, password=PASSWORD)
    async with Agent(house.url, "root", PASSWORD) as agent:
        yield agent


async def test_every_starter_can_be_published_once_the_connectors_it_asks_are_made(admin: Agent) -> None:
    starters = (await admin.call("GET", "/flow-starters"))["items"]
    assert len(starters) >= 4
    for one in starters:
        faults = (await admin.call("POST", "/flow-checks", graph=one["graph"]))["faults"]
        to_be_made = {question["connector"] for question in one["questions"]}
        assert {(fault["code"], fault["params"]["name"]) for fault in faults} == {
            ("reference_unknown", name) for name in to_be_made
        }, one["name"]


async def test_who_saves_over_somebody_elses_version_is_told_and_loses_nothing(admin: Agent) -> None:
    graph: dict[str, Any] = await admin.call("GET", "/flows/hotline/versions/1")
    graph["layout"] = {graph["start"]: [40, -20]}
    saved = await admin.call("POST", "/flows/hotline/versions", graph=graph, based_on=1, note="first")
    assert saved["version"] == 2
    status, answer = await admin.try_call("POST", "/flows/hotline/versions", graph=graph, based_on=1)
    assert (status, answer["error"]["code"]) == (409, "edited_meanwhile")
    status, answer = await admin.try_call("POST", "/flows/hotline/versions", graph=graph, based_on=0)
    assert (status, answer["error"]["code"]) == (409, "edited_meanwhile")
    assert (await admin.call("POST", "/flows/hotline/versions", graph=graph, based_on=2))["version"] == 3
    view = await admin.call("GET", "/flows/hotline")
    assert [(one["version"], one["note"], one["author"]) for one in view["versions"]] == [
        (3, "", "管理"),
        (2, "first", "管理"),
        (1, "", ""),
    ]
    assert (await admin.call("GET", "/flows/hotline/versions/2"))["layout"] == graph["layout"]


async def test_an_older_version_is_published_again(admin: Agent) -> None:
    graph = await admin.call("GET", "/flows/hotline/versions/1")
    await admin.call("POST", "/flows/hotline/versions", graph=graph)
    assert (await admin.call("POST", "/flows/hotline/publish", version=2))["published_version"] == 2
    assert (await admin.call("POST", "/flows/hotline/publish", version=1))["published_version"] == 1


async def test_a_flow_is_put_away_once_nothing_leads_to_it(house: House, admin: Agent) -> None:
    view = await admin.call("GET", "/flows/hotline")
    assert {"kind": "entry", "name": "*"} in view["uses"]
    assert {one["kind"] for one in (await admin.call("GET", "/flows/rating"))["uses"]} == {"rating"}
    status, answer = await admin.try_call("PUT", "/flows/hotline/archive", is_archived=True)
    assert (status, answer["error"]["code"]) == (409, "flow_in_use")
    starter = (await admin.call("GET", "/flow-starters"))["items"][0]
    await admin.call("POST", "/flows/desk/versions", graph=starter["graph"], based_on=0)
    await admin.call("POST", "/flows/desk/publish", version=1)
    entries = {**(await admin.call("GET", "/flow-entries"))["entries"], "*": {"flow": "desk", "queue": "general"}}
    await admin.call("PUT", "/flow-entries", entries=entries)
    assert house.services.flow_library.entry("web_chat-main").flow == "desk"
    assert (await admin.call("PUT", "/flows/hotline/archive", is_archived=True))["is_archived"]
    assert house.services.flow_library.published("hotline") is None
    await house.services.flow_library.load()
    assert house.services.flow_library.published("hotline") is None
    assert not (await admin.call("PUT", "/flows/hotline/archive", is_archived=False))["is_archived"]
    assert house.services.flow_library.published("hotline") is not None


async def test_entries_name_what_is_there(admin: Agent) -> None:
    entries = {"web_chat-main": {"flow": "nowhere", "queue": "nobody"}}
    status, answer = await admin.try_call("PUT", "/flow-entries", entries=entries)
    assert (status, set(answer["error"]["fields"])) == (
        422,
        {"entries.web_chat-main.flow", "entries.web_chat-main.queue"},
    )
    references = await admin.call("GET", "/flow-references")
    assert "general" in [one["id"] for one in references["queue"]]
    assert [one["id"] for one in references["instance"]] == ["web_chat-main"]
