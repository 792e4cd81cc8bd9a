"""Who is told of an alarm: supervisors, the agent, addresses outside; and what stands in its log."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from core.testing.clock import VirtualClock
from hub.accounts.identity import Identity
from hub.figures.settings import AlarmRule, WallboardSettings
from hub.store.models import AuditRecord, DoNotContact, Notification
from tests.hub.conversing.conftest import Come
from tests.hub.conversing.test_other_channels import sms
from tests.hub.support.channel import FakeChannel
from tests.hub.support.house import House

__all__ = ["sms"]

OPERATOR = Identity(username="operator", permissions=frozenset({"wallboard.edit"}))
MOBILE = "tel:+8613800005678"
AWAY = AlarmRule(rule_id="away", kind="away_longer", limit=900)


async def set_rules(house: House, *rules: AlarmRule, **settings: Any) -> None:
    """Let these rules hold, saved as an administrator saves them."""
    wanted = WallboardSettings(rules=rules, **settings)
    kept = await house.services.wallboard.setup.save(OPERATOR, wanted, remote="")
    assert [rule.rule_id for rule in kept.rules] == [rule.rule_id for rule in rules]


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    """Wait until something that is stored by another task holds."""
    async with asyncio.timeout(30):
        while not await holds():
            await asyncio.sleep(0.005)


async def test_supervisors_and_the_agent_find_a_notice_until_they_have_seen_it(
    still_house: House, come: Come, clock: VirtualClock
) -> None:
    await set_rules(still_house, AWAY)
    zhou, chen = await come("zhou"), await come("chen")
    await zhou.call("PUT", "/me/state", state="away", reason="rest")
    for _ in range(2):
        clock.advance(901)
        await still_house.services.wallboard.tick()
        await zhou.call("PUT", "/me/state", state="busy")
        await still_house.services.wallboard.tick()
        await zhou.call("PUT", "/me/state", state="away", reason="rest")
    (told,) = await Notification.filter(user_id=chen.me["user_id"])
    assert (told.kind, told.params["alarm_kind"], told.params["subject_id"]) == (
        "alarm",
        "away_longer",
        zhou.me["user_id"],
    )
    assert [one.kind for one in await Notification.filter(user_id=zhou.me["user_id"])] == ["away_long"]
    await chen.until(lambda: len(chen.tables["notifications"]) == 1)
    await chen.call("POST", f"/notifications/{told.notification_id}/seen")


async def test_an_alarm_goes_to_a_mobile_number_and_its_log_says_what_became_of_it(
    still_house: House, sms: FakeChannel, come: Come, clock: VirtualClock
) -> None:
    await set_rules(
        still_house, msgspec.structs.replace(AWAY, notify_addresses=("138 0000 5678", "office@example.org"))
    )
    chen = await come("chen")
    await chen.call("PUT", "/me/state", state="away", reason="rest")
    clock.advance(905)
    await still_house.services.wallboard.tick()
    order = await sms.hears(MOBILE, "陈静 离开已 15:05（上限 15:00）")
    statuses = AuditRecord.filter(object_kind="notice", object_id=order.message_id)

    async def is_delivered() -> bool:
        return [one.detail["status"] for one in await statuses.order_by("audit_id")] == ["queued", "delivered"]

    await until(is_delivered)
    log = (await chen.call("GET", "/alarms"))["items"]
    assert {(one["action"], one.get("status", ""), one.get("code", "")) for one in log} == {
        ("raise", "", ""),
        ("message", "queued", ""),
        ("message", "delivered", ""),
        ("message", "failed", "no_channel"),  # nothing sends mails in this house
    }
    assert not [one for one in await AuditRecord.all() if "13800005678" in str(one.detail)]


async def test_an_alarm_is_not_sent_again_within_ten_minutes_nor_to_who_refuses(
    still_house: House, sms: FakeChannel, come: Come, clock: VirtualClock
) -> None:
    refused = "tel:+8613800009999"
    await DoNotContact.create(uri=refused, source="agent", created_at=clock.now())
    await set_rules(still_house, msgspec.structs.replace(AWAY, limit=60, notify_addresses=(MOBILE, refused)))
    chen = await come("chen")
    for _ in range(2):
        await chen.call("PUT", "/me/state", state="away", reason="rest")
        clock.advance(61)
        await still_house.services.wallboard.tick()
        await chen.call("PUT", "/me/state", state="busy")
        await still_house.services.wallboard.tick()
    await sms.hears(MOBILE, "陈静")
    assert await AuditRecord.filter(action="alarm.raise", object_kind="agent").count() == 2
    ordered = await AuditRecord.filter(object_kind="notice").order_by("audit_id")
    assert [one.detail["code"] for one in ordered if one.detail["status"] in ("queued", "failed")] == [
        "",
        "do_not_contact",
    ]
    clock.advance(600)
    await chen.call("PUT", "/me/state", state="away", reason="rest")
    clock.advance(61)
    await still_house.services.wallboard.tick()
    await sms.until(lambda: len(sms.sent(MOBILE)) == 2)


async def test_who_stays_away_far_too_long_has_to_log_in_again(
    still_house: House, come: Come, clock: VirtualClock
) -> None:
    await set_rules(still_house, msgspec.structs.replace(AWAY, log_out_after_s=300))
    zhou = await come("zhou")
    await zhou.call("PUT", "/me/state", state="away", reason="rest")
    clock.advance(1_000)
    await still_house.services.wallboard.tick()
    assert (await zhou.try_call("GET", "/session"))[0] == 200
    clock.advance(201)
    await still_house.services.wallboard.tick()
    assert (await zhou.bye())["code"] == "logged_out"
    assert (await zhou.try_call("GET", "/wallboard"))[0] == 401
    agents = still_house.services.desk.agents
    assert agents[zhou.me["user_id"]].state == "offline"
    assert await AuditRecord.filter(action="agent.log_out", actor="hub").count() == 1


async def test_settings_name_every_address_and_site_that_is_wrong(come: Come) -> None:
    chen = await come("chen")
    rule = {"rule_id": "away", "kind": "away_longer", "notify_addresses": ["office@example.org", "call me"]}
    status, answer = await chen.try_call("PUT", "/wallboard/settings", rules=[rule])
    assert (status, list(answer["error"]["fields"])) == (422, ["rules[0].notify_addresses[1]"])
    site = {"site_id": "east", "queue_ids": ["elder"]}
    status, answer = await chen.try_call("PUT", "/wallboard/settings", sites=[site, site])
    assert (status, answer["error"]["fields"]) == (422, {"sites": "duplicate"})
