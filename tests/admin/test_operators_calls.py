"""The operators' calls: accounts, flows, plugins with their secrets, parked messages, and the log of all that."""

from collections.abc import AsyncIterator
from typing import Any

import nats
import pytest
from nats.js.errors import NotFoundError

from core.bus import Bus, BusSettings
from core.config import MASK
from core.events import DescribeRequest, Description, MessageReceived, ProbeAnswer, ProbeRequest
from core.subjects import ASK_DESCRIBE, ASK_PROBE
from hub.accounts.identity import Identity
from hub.accounts.permissions import PERMISSIONS
from hub.accounts.users import NewUser
from hub.demo import PASSWORD
from hub.store.models import PluginInstance, Role, Setting
from tests.hub.support.house import House
from tests.journeys.support.clients import Agent

OWN = "correct-horse-77"
SECRET = {"type": "string", "x-secret": True}
SERVER = {"type": "object", "properties": {"host": {"type": "string"}, "password": SECRET}}
SCHEMA = {
    "type": "object",
    "properties": {"token": SECRET, "name": {"type": "string"}, "servers": {"type": "array", "items": SERVER}},
}


@pytest.fixture
async def admin(house: House) -> AsyncIterator[Agent]:
    new = NewUser(username="root", display_name="管理", work_number="9000", role_ids=("admin",))
    await house.services.users.make(Identity(username="operator"), new, password=OWN)
    async with Agent(house.url, "root", OWN) as agent:
        yield agent


@pytest.fixture
async def probes(house: House) -> AsyncIterator[list[ProbeRequest]]:
    """Play the supervisor; return what it was asked to try."""
    asked: list[ProbeRequest] = []

    async def describe(_: str, __: DescribeRequest) -> Description:
        return Description(manifest={"name": "web_chat", "address_scheme": "webchat"}, schema=SCHEMA)

    async def probe(_: str, question: ProbeRequest) -> ProbeAnswer:
        asked.append(question)
        is_good = question.settings.get("token") == "s3cret"
        return ProbeAnswer(
            ok=is_good, code="" if is_good else "auth_failed", faults={} if is_good else {"token": "wrong"}
        )

    async with await Bus.connect(BusSettings(url=house.nats.url), source="supervisor") as bus:
        await bus.respond(ASK_DESCRIBE, describe, request=DescribeRequest)
        await bus.respond(ASK_PROBE, probe, request=ProbeRequest)
        yield asked


async def test_a_new_agent_serves_at_once(house: House, admin: Agent) -> None:
    body = {"username": "sun", "display_name": "孙", "work_number": "3055", "queue_ids": ["general"]}
    made = await admin.call("POST", "/users", **body)
    async with Agent(house.url, "sun", made["password"]) as sun:
        await sun.call("PUT", "/session/password", current=made["password"], new=OWN)
        await sun.sit_down()
        async with house.channel() as channel:
            await channel.write("webchat:a", "人工")
            await sun.take_offer()
    status, answer = await admin.try_call("POST", "/users", **body)
    assert (status, set(answer["error"]["fields"])) == (422, {"username", "work_number"})


async def test_a_disabled_agent_is_gone_and_their_work_returns(house: House, admin: Agent) -> None:
    async with Agent(house.url, "zhou", PASSWORD) as zhou, house.channel() as channel:
        await zhou.sit_down()
        await channel.write("webchat:a", "人工")
        await zhou.take_offer()
        await admin.call("PATCH", f"/users/{zhou.me['user_id']}", is_active=False)
        await channel.hears("webchat:a", "暂时离线")
        assert (await zhou.try_call("GET", "/session"))[0] == 204
        assert (await zhou.bye())["code"] == "logged_out"


async def test_nobody_disables_themselves(admin: Agent) -> None:
    assert (await admin.try_call("PATCH", f"/users/{admin.me['user_id']}", is_active=False))[0] == 422


async def test_a_faulty_flow_is_kept_but_not_published(admin: Agent) -> None:
    graph = {"title": {"zh": "x"}, "start": "a", "human": "a", "nodes": {"a": {"step": "end", "reason": "x"}}}
    saved = await admin.call("POST", "/flows/own/versions", graph=graph)
    assert saved["faults"]
    status, answer = await admin.try_call("POST", "/flows/own/publish", version=saved["version"])
    assert (status, answer["error"]["code"]) == (422, "flow_faulty")
    status, answer = await admin.try_call("POST", "/flows/own/versions", graph={"nodes": {"a": {"step": "dance"}}})
    assert status == 422
    assert answer["error"]["fields"]


async def test_a_secret_is_never_shown_and_survives_being_masked(admin: Agent, probes: list[ProbeRequest]) -> None:
    path = "/instances/web_chat-main"
    wrong = {"plugin": "web_chat", "settings": {"token": "bad"}, "is_enabled": True}
    status, answer = await admin.try_call("PUT", path, **wrong)
    assert (status, answer["error"]["fields"]) == (422, {"token": "wrong"})
    await admin.call("PUT", path, plugin="web_chat", settings={"token": "s3cret", "name": "a"}, is_enabled=True)
    seen = await admin.call("GET", path)
    assert seen["settings"] == {"token": MASK, "name": "a"}
    await admin.call("PUT", path, plugin="web_chat", settings={"token": MASK, "name": "b"}, is_enabled=True)
    assert probes[-1].settings == {"token": "s3cret", "name": "b"}
    assert "s3cret" not in (await PluginInstance.get(instance="web_chat-main")).settings
    log = await admin.call("GET", "/audit")
    assert "s3cret" not in str(log)
    assert [one["action"] for one in log["items"]][:2] == ["instance.save", "instance.save"]


async def test_a_secret_in_a_list_stays_with_its_server(admin: Agent, probes: list[ProbeRequest]) -> None:
    async def save(*servers: dict[str, str]) -> tuple[int, dict[str, Any]]:
        settings = {"token": "s3cret", "servers": servers}
        return await admin.try_call(
            "PUT", "/instances/web_chat-main", plugin="web_chat", settings=settings, is_enabled=True
        )

    await save({"host": "a", "password": "one"}, {"host": "b", "password": "two"})
    seen = (await admin.call("GET", "/instances/web_chat-main"))["settings"]["servers"]
    assert [server["password"] for server in seen] == [MASK, MASK]
    await save(seen[1], seen[0])
    assert probes[-1].settings["servers"] == [{"host": "b", "password": "two"}, {"host": "a", "password": "one"}]
    status, answer = await save({"host": "c", "password": MASK})
    assert (status, answer["error"]["fields"]) == (422, {"servers[0].password": "enter it again"})


async def test_a_parked_message_is_looked_at_replayed_and_discarded(
    house: House, admin: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("cannot be taken")

    async with house.channel() as channel:
        with monkeypatch.context() as patch:
            patch.setattr("hub.conversing.router.timeline.add_received", fail)
            await channel.emit(MessageReceived(external_id="a", sender="webchat:a", text="一"))
            items: list[dict[str, object]] = []
            while not items:
                items = (await admin.call("GET", "/dead-letters"))["items"]
        (parked,) = items
        await admin.call("POST", f"/dead-letters/{parked['seq']}/replay")
        await channel.hears("webchat:a", "12345")
        await admin.try_call("DELETE", f"/dead-letters/{parked['seq']}")
        assert (await admin.call("GET", "/dead-letters"))["items"] == []
        assert (await admin.try_call("POST", "/dead-letters/99/replay"))[0] == 404


async def test_a_channel_speaks_for_no_other_networks_addresses(
    house: House, admin: Agent, probes: list[ProbeRequest]
) -> None:
    path, settings = "/instances/web_chat-main", {"token": "s3cret"}
    await admin.call("PUT", path, plugin="web_chat", settings=settings, is_enabled=True)
    async with house.channel() as channel:
        await channel.write("tel:+8613800138000", "假的")
        await channel.write("webchat:a", "真的")
        await channel.hears("webchat:a", "12345")
        ((parked),) = (await admin.call("GET", "/dead-letters"))["items"]
        assert parked["letter"]["error"] == "foreign_address: web_chat-main speaks for webchat: only"
        assert channel.sent("tel:+8613800138000") == []
        await house.restart()
        await channel.write("mailto:a@example.org", "还是假的")
        await channel.write("webchat:b", "真的")
        await channel.hears("webchat:b", "12345")
        assert channel.sent("mailto:a@example.org") == []


async def test_a_deleted_instance_leaves_no_reader_behind(house: House, admin: Agent) -> None:
    client = await nats.connect(house.nats.url)
    try:
        await client.jetstream().consumer_info("ORDERS", "web_chat-main")
        await admin.call("DELETE", "/instances/web_chat-main")
        with pytest.raises(NotFoundError):
            await client.jetstream().consumer_info("ORDERS", "web_chat-main")
    finally:
        await client.close()


async def test_a_changed_queue_holds_at_once(house: House, admin: Agent) -> None:
    status, answer = await admin.try_call(
        "PUT", "/queues/general", title={"zh": "综合"}, rules={"offer_s": 1, "strategy": [], "nonsense": 1}
    )
    assert (status, set(answer["error"]["fields"])) == (422, {"offer_s", "strategy", "nonsense"})
    status, answer = await admin.try_call(
        "PUT", "/queues/general", title={"zh": "综合"}, rules={"opening_calendar": "no-such"}
    )
    assert (status, answer["error"]["fields"]) == (422, {"opening_calendar": "unknown"})
    async with Agent(house.url, "zhou", PASSWORD) as zhou:
        await zhou.open_desk()
        await admin.call("PUT", "/queues/general", title={"zh": "总台"}, rules={"max_waiting": 5})
        await zhou.until(lambda: zhou.tables["queues"]["general"]["title"] == "总台")


async def test_a_newer_hub_gives_new_permissions_to_the_roles_meant_to_have_them(house: House, admin: Agent) -> None:
    supervisor = await Role.get(role_id="supervisor")
    taken_away = [one for one in supervisor.permissions if one not in ("call.listen", "queue.pick")]
    await Role.filter(role_id="supervisor").update(permissions=taken_away)
    older = [one for one in PERMISSIONS if one != "call.listen"]
    await Setting.filter(key="permissions").update(value=older)
    await house.restart()
    permissions = (await Role.get(role_id="supervisor")).permissions
    assert "call.listen" in permissions
    assert "queue.pick" not in permissions  # an administrator took it away: that stays
