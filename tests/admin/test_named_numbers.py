"""Numbers outside, as administrators keep them and agents pick them by name."""

import pytest

from hub.demo import PASSWORD
from tests.hub.support.house import House
from tests.journeys.support.clients import Agent

OFFICE = {"title": {"zh": "住建局值班室", "en": "Housing office on duty"}, "number": "+8653188886666"}


async def test_agents_pick_numbers_outside_by_name_until_they_are_retired(house: House, admin: Agent) -> None:
    async with Agent(house.url, "zhou", PASSWORD) as zhou:
        await zhou.open_desk()
        await admin.call("PUT", "/named-numbers/bank", title={"zh": "银行专家"}, number="95588", position=2)
        await admin.call("PUT", "/named-numbers/housing", **{**OFFICE, "number": "0531-8888 6666"}, position=1)
        await zhou.until(lambda: len(zhou.tables["setup"]["named_numbers"]) == 2)
        assert zhou.tables["setup"]["named_numbers"][0] == OFFICE
        await admin.call("PUT", "/named-numbers/housing", **OFFICE, is_active=False)
        await zhou.until(lambda: [one["number"] for one in zhou.tables["setup"]["named_numbers"]] == ["95588"])
    listed = (await admin.call("GET", "/named-numbers"))["items"]
    assert [(one["number_id"], one["version"]) for one in listed] == [("housing", 2), ("bank", 1)]


@pytest.mark.parametrize("number", ["", "call me", "0" * 31, "5", "*21#"])
async def test_what_is_no_number_is_not_kept(admin: Agent, number: str) -> None:
    status, answer = await admin.try_call("PUT", "/named-numbers/x", title={"zh": "某处"}, number=number)
    assert (status, list(answer["error"]["fields"])) == (422, ["number"])
