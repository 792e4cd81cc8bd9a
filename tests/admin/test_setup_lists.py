"""Calendars, wrap-up codes and away reasons, as administrators keep them and agents meet them."""

import pytest

from hub.demo import PASSWORD
from tests.hub.support.house import House
from tests.journeys.support.clients import Agent

HOURS = {"weekly": {"0": [["08:30", "12:00"], ["13:00", "17:30"]]}}
MONDAY = "2026-11-23T{}:00+08:00"
NATIONAL_DAY = "2025-10-01T10:00:00+08:00"


@pytest.mark.parametrize(
    ("at", "situation", "opens"),
    [
        (MONDAY.format("10:00"), "open", "02:00"),
        (MONDAY.format("12:30"), "closed", "05:00"),
        (NATIONAL_DAY, "holiday", "00:30"),
    ],
)
async def test_a_calendar_is_tried_before_it_counts(admin: Agent, at: str, situation: str, opens: str) -> None:
    trial = await admin.call("POST", "/calendar-trials", rules=HOURS, at=at)
    assert (trial["situation"], trial["next_opening"][11:16]) == (situation, opens)


async def test_a_calendar_counts_once_it_is_saved(house: House, admin: Agent) -> None:
    rules = {"weekly": {"0": [["08:30", "25:00"]]}, "timezone": 5}
    status, answer = await admin.try_call("PUT", "/calendars/office", title={"zh": "办公"}, rules=rules)
    assert (status, set(answer["error"]["fields"])) == (422, {"timezone", "weekly.0[0][1]"})
    await admin.call("PUT", "/calendars/office", title={"zh": "办公"}, rules=HOURS)
    (office,) = [one for one in (await admin.call("GET", "/calendars"))["items"] if one["calendar_id"] == "office"]
    assert office == {"calendar_id": "office", "title": {"zh": "办公"}, "rules": HOURS}
    (deed,) = (await admin.call("GET", "/audit?limit=1"))["items"]
    assert (deed["action"], deed["object_id"]) == ("calendar.save", "office")


async def test_agents_are_offered_the_codes_of_their_queue(house: House, admin: Agent) -> None:
    await admin.call("PUT", "/wrap-up-codes/water", title={"zh": "供水"}, position=20)
    await admin.call("PUT", "/wrap-up-codes/leak", title={"zh": "漏水"}, parent="water", queue_ids=["housing"])
    await admin.call("PUT", "/wrap-up-codes/dry", title={"zh": "停水"}, parent="water")
    async with Agent(house.url, "zhou", PASSWORD) as zhou, house.channel() as channel:
        await zhou.sit_down()
        await channel.write("webchat:a", "人工")
        at = f"/conversations/{await zhou.take_offer()}"
        await zhou.call("POST", f"{at}/end")
        for code in ("water", "leak", "nothing"):
            status, answer = await zhou.try_call("POST", f"{at}/wrap-up", code=code)
            assert (status, answer["error"]["fields"]) == (422, {"code": "unknown"}), code
        await admin.call("PUT", "/wrap-up-codes/late", title={"zh": "晚"}, parent="water")
        await zhou.until(lambda: "late" in zhou.tables["setup"]["wrap_up_codes"])
        await zhou.call("POST", f"{at}/wrap-up", code="late")


async def test_a_code_stands_where_it_can_be_found(admin: Agent) -> None:
    await admin.call("PUT", "/wrap-up-codes/a", title={"zh": "甲"})
    await admin.call("PUT", "/wrap-up-codes/b", title={"zh": "乙"}, parent="a")
    for code, change, fault in (
        ("a", {"parent": "b"}, {"parent": "below itself"}),
        ("a", {"parent": "a"}, {"parent": "below itself"}),
        ("a", {"parent": "zz"}, {"parent": "unknown"}),
        ("a", {"queue_ids": ["zz"]}, {"queue_ids[0]": "unknown"}),
        ("A!", {}, {"code": "bad id"}),
    ):
        status, answer = await admin.try_call("PUT", f"/wrap-up-codes/{code}", title={"zh": "甲"}, **change)
        assert (status, answer["error"]["fields"]) == (422, fault)


async def test_a_new_reason_to_be_away_is_offered_at_once_and_a_retired_one_no_more(house: House, admin: Agent) -> None:
    async with Agent(house.url, "zhou", PASSWORD) as zhou:
        await zhou.open_desk()
        await admin.call("PUT", "/away-reasons/blood", title={"zh": "献血", "en": "Giving blood"}, position=9)
        await zhou.until(lambda: "blood" in zhou.tables["setup"]["away_reasons"])
        await zhou.call("PUT", "/me/state", state="away", reason="blood")
        await admin.call("PUT", "/away-reasons/blood", title={"zh": "献血"}, is_active=False)
        await zhou.until(lambda: "blood" not in zhou.tables["setup"]["away_reasons"])
        status, _ = await zhou.try_call("PUT", "/me/state", state="away", reason="blood")
        assert status == 422
    reasons = (await admin.call("GET", "/away-reasons"))["items"]
    assert [one["reason"] for one in reasons if not one["is_active"]] == ["blood"]


async def test_what_one_user_may_differs_from_their_role(house: House, admin: Agent) -> None:
    assert "queue.pick" in (await admin.call("GET", "/roles"))["permissions"]
    async with Agent(house.url, "zhou", PASSWORD) as zhou:
        edit = {"granted": ["queue.pick"], "denied": ["contact.edit"]}
        await admin.call("PATCH", f"/users/{zhou.me['user_id']}", **edit)
        may = (await zhou.call("GET", "/session"))["permissions"]
        assert ("queue.pick" in may, "contact.edit" in may) == (True, False)
