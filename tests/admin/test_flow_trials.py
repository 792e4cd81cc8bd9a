"""A graph is checked and tried before anybody is served by it."""

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


async def test_a_flow_is_tried_as_chat_and_as_phone(admin: Agent) -> None:
    graph = await admin.call("GET", "/flows/hotline/versions/1")
    for medium, given in (("text", {"input": "said", "text": "1"}), ("voice", {"input": "keyed", "digits": "1"})):
        began = await admin.call("POST", "/flow-trials", graph=graph, medium=medium)
        calendar = {"input": "calendar_answered", "turn": began["state"].get("turn", 0), "situation": "open"}
        if began["state"].get("awaiting") == "calendar":
            began = await admin.call("POST", "/flow-trials", graph=graph, state=began["state"], input=calendar)
        assert any(one["action"] == "say" for one in began["actions"])
        went = await admin.call("POST", "/flow-trials", graph=graph, state=began["state"], input=given)
        assert went["state"]["node"] != began["state"]["node"]


async def test_a_graph_is_checked_before_it_is_saved(admin: Agent) -> None:
    graph: dict[str, Any] = await admin.call("GET", "/flows/hotline/versions/1")
    assert await admin.call("POST", "/flow-checks", graph=graph) == {"faults": []}
    graph["nodes"]["lost"] = {"step": "end"}
    assert await admin.call("POST", "/flow-checks", graph=graph) == {
        "faults": [{"code": "node_unreachable", "node": "lost"}]
    }
    graph["nodes"]["lost"] = {"step": "fly"}
    status, answer = await admin.try_call("POST", "/flow-checks", graph=graph)
    assert (status, set(answer["error"]["fields"])) == (422, {"nodes.lost.step"})


async def test_a_state_of_another_graph_is_refused(admin: Agent) -> None:
    graph = await admin.call("GET", "/flows/hotline/versions/1")
    state = {"flow": "hotline", "version": 1, "node": "nowhere"}
    for given, field in (
        ({"node": "nowhere"}, "state"),
        ({"version": 9}, "state"),
        ({"node": graph["start"]}, "input"),
    ):
        status, answer = await admin.try_call("POST", "/flow-trials", graph=graph, state={**state, **given})
        assert (status, set(answer["error"]["fields"])) == (422, {field})
    for number in ("99", "x", "9" * 30):
        assert (await admin.try_call("GET", f"/flows/hotline/versions/{number}"))[0] == 404
