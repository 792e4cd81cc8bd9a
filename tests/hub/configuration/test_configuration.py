"""The configuration goes out as one file and comes in again: wholly, once, or not at all."""

import copy
from collections.abc import AsyncIterator
from typing import Any, get_args

import pytest

from core.bus import Bus, BusSettings
from hub.accounts.identity import Identity
from hub.accounts.users import NewUser
from hub.configuration.document import SECTIONS
from hub.demo import PASSWORD
from hub.setup.definitions import Kind
from hub.store import models
from tests.hub.conftest import _quick_hashes, data, demo_data, house, nats_server
from tests.hub.http.conftest import play_supervisor
from tests.hub.support.house import House
from tests.journeys.support.clients import Agent

IN_THE_FILE = {
    "AwayReason": ["away_reasons"],
    "Calendar": ["calendars"],
    "Definition": [
        "service_rules", "score_sheets", "sampling_plans", "departments", "skills", "agent_groups", "forms", "tags",
        "named_numbers",
    ],
    "Flow": ["flows"],
    "FlowVersion": ["flows"],
    "PluginInstance": ["instances"],
    "Queue": ["queues"],
    "Role": ["roles"],
    "Setting": ["settings", "entries", "connectors"],
    "Template": ["templates"],
    "TemplateKind": ["template_kinds"],
    "Topic": ["topics"],
    "User": ["users"],
    "WrapUpCode": ["wrap_up_codes"],
}  # fmt: skip
LEFT_OUT = {
    "Article": "knowledge has its own way in and out",
    "ArticleVersion": "knowledge",
    "Category": "knowledge",
    "PromptSound": "sounds are no text; a backup has them",
    "Phone": "holds secrets and belongs to machines",
    "BlockedAddress": "is about people",
    "DoNotContact": "is about people",
    "Preferences": "is each user's own",
}
NOT_DECIDED = {
    "Address", "AgentStatus", "AgentStretch", "Appeal", "ArticleComment", "ArticleUse", "AuditRecord", "Bulletin",
    "BulletinReading", "Call", "CallLeg", "Campaign", "CampaignRecipient", "Contact", "ContactMerge",
    "Conversation", "Draft", "Entry", "ExpertAsker", "ExpertOpinion", "ExpertQuestion",
    "FileText", "Inbox", "InternalCall", "LinkSuggestion", "Media",
    "MediaUse", "Notification", "Offer", "Outbox", "QualityCase", "Recording", "Review", "Room", "RoomMember",
    "RoomMessage", "RuleCheck", "RuleFinding", "Session", "Subscription", "Todo", "Transcript", "TrunkChange",
    "Unanswered", "Utterance", "WorkItem", "WorkOrder", "WorkOrderStep",
}  # fmt: skip

__all__ = ["_quick_hashes", "data", "demo_data", "house", "nats_server"]


@pytest.fixture
async def admin(house: House) -> AsyncIterator[Agent]:
    new = NewUser(username="root", display_name="管理", work_number="9000", role_ids=("admin",))
    await house.services.users.make(Identity(username="operator"), new, password=PASSWORD)
    async with (
        await Bus.connect(BusSettings(url=house.nats.url), source="supervisor") as bus,
        Agent(house.url, "root", PASSWORD) as agent,
    ):
        await play_supervisor(bus)
        yield agent


async def exported(admin: Agent) -> dict[str, Any]:
    configuration: dict[str, Any] = await admin.call("GET", "/configuration")
    return configuration


def wanted(before: dict[str, Any]) -> dict[str, Any]:
    """Return ``before`` with something of everything changed or added."""
    after = copy.deepcopy(before)
    after["queues"]["water"] = {"title": {"zh": "供水"}, "rules": {"wrap_up_s": 45}}
    after["calendars"]["counter"] = {"title": {"zh": "窗口"}, "rules": {"weekly": {"0": [["08:30", "12:00"]]}}}
    after["wrap_up_codes"]["leak"] = {"title": {"zh": "漏水"}, "queue_ids": ["water"]}
    after["away_reasons"]["blood"] = {"title": {"zh": "献血"}}
    after["roles"]["trainee"] = {"title": {"zh": "实习"}, "permissions": ["desk.use"]}
    after["users"]["newcomer"] = {
        "display_name": "李", "work_number": "7001", "role_ids": ["trainee"], "queue_ids": ["water"],
    }  # fmt: skip
    after["users"]["zhou"]["display_name"] = "周新"
    after["connectors"]["taps"] = {"settings": {"kind": "http", "url": "https://taps.example/"}}
    after["flows"]["tap"] = {
        "start": "find",
        "nodes": {
            "find": {
                "step": "lookup",
                "connector": "taps",
                "goto": "hello",
                "on_missing": "hello",
                "on_failure": "hello",
            },
            "hello": {"step": "say", "text": {"zh": "您好", "en": "Hello"}, "goto": "people"},
            "people": {"step": "queue", "queue_id": "water"},
        },
        "human": "people",
    }
    after["entries"]["sms-main"] = {"flow": "tap", "queue": "water"}
    after["template_kinds"]["water"] = {"title": {"zh": "供水通知"}}
    after["templates"]["outage"] = {"kind_id": "water", "title": "停水通知", "text": "今晚停水"}
    after["topics"]["outages"] = {"title": {"zh": "停水"}, "keywords": ["停水"]}
    after["settings"]["wallboard"]["sites"] = [{"site_id": "east", "queue_ids": ["water"]}]
    after["settings"]["outreach"]["per_minute"] = 60
    after["settings"]["recordings"]["keep_days"] = 180
    after["settings"]["work_orders"]["calendar_id"] = "counter"
    return after


def test_everything_that_is_decided_is_in_the_file() -> None:
    assert set(models.__all__) == IN_THE_FILE.keys() | NOT_DECIDED | LEFT_OUT.keys()
    assert {section for sections in IN_THE_FILE.values() for section in sections} == set(SECTIONS)
    assert set(IN_THE_FILE["Definition"]) == {f"{kind}s" for kind in get_args(Kind)}


async def test_an_export_changes_nothing(admin: Agent) -> None:
    before = await exported(admin)
    assert await admin.call("POST", "/configuration", configuration=before, is_preview=False) == {"items": []}
    assert await exported(admin) == before


async def test_a_file_is_shown_first_then_applied_once(house: House, admin: Agent) -> None:
    after = wanted(await exported(admin))
    preview = (await admin.call("POST", "/configuration", configuration=after))["items"]
    assert {(one["section"], one["id"], one["is_new"]) for one in preview} == {
        ("queues", "water", True), ("calendars", "counter", True), ("wrap_up_codes", "leak", True),
        ("away_reasons", "blood", True), ("roles", "trainee", True), ("users", "newcomer", True),
        ("users", "zhou", False), ("connectors", "taps", True), ("flows", "tap", True), ("entries", "sms-main", True),
        ("template_kinds", "water", True), ("templates", "outage", True), ("topics", "outages", True),
        ("settings", "wallboard", False), ("settings", "outreach", False), ("settings", "recordings", False),
        ("settings", "work_orders", False),
    }  # fmt: skip
    (zhou,) = [one for one in preview if one["id"] == "zhou"]
    assert [(one["path"], one["after"]) for one in zhou["fields"]] == [("display_name", '"周新"')]
    assert "water" not in (await exported(admin))["queues"], "a preview changes nothing"
    applied = await admin.call("POST", "/configuration", configuration=after, is_preview=False)
    assert applied["items"] == preview
    assert await admin.call("POST", "/configuration", configuration=after, is_preview=False) == {"items": []}
    deeds = (await admin.call("GET", f"/audit?limit={len(preview)}"))["items"]
    assert {(one["action"], one["object_kind"]) for one in deeds} == {
        ("configuration.apply", one["section"]) for one in preview
    }
    assert house.services.flow_library.entry("sms-main").flow == "tap"
    assert house.services.flow_library.published("tap") is not None
    assert "water" in house.services.queues
    assert house.services.wallboard.setup.settings.sites[0].site_id == "east"
    assert house.services.outreach_setup.settings.per_minute == 60
    assert "停水" in house.services.consent.topics_by_word


@pytest.mark.parametrize(
    ("section", "name", "change", "path"),
    [
        ("queues", "housing", {"rules": {"offer_s": 1}}, "queues.housing.rules.offer_s"),
        ("queues", "q", {"title": {}, "rules": {"overflows": [{"after_s": 1, "queue_id": "zz"}]}},
         "queues.q.rules.overflows[0].queue_id"),
        ("queues", "q", {"title": {}, "rules": {"weights": [{"criterion": "highest_skill"}] * 2}},
         "queues.q.rules.weights[1].criterion"),
        ("queues", "q", {"title": {}, "rules": {"weights": [{"criterion": "linear"}]}},
         "queues.q.rules.weights[0].criterion"),
        ("queues", "general", {"title": {}, "is_active": False}, "queues.general.is_active"),
        ("wrap_up_codes", "a", {"title": {}, "parent": "a"}, "wrap_up_codes.a.parent"),
        ("roles", "admin", {"title": {"zh": "x"}, "permissions": ["desk.fly", "admin.users"]},
         "roles.admin.permissions[0]"),
        ("roles", "admin", {"title": {"zh": "x"}, "permissions": []}, "roles.admin.permissions"),
        ("users", "new", {"display_name": "x", "work_number": "9000"}, "users.new.work_number"),
        ("users", "new", {"display_name": "x", "work_number": "1", "role_ids": ["zz"]}, "users.new.role_ids[0]"),
        ("users", "root", {"display_name": "x", "work_number": "9000", "is_active": False}, "users.root.is_active"),
        ("flows", "f", {"start": "a", "nodes": {"a": {"step": "fly"}}}, "flows.f.nodes.a.step"),
        ("flows", "f", {"start": "a", "nodes": {"a": {"step": "say", "text": {"zh": "a"}, "goto": "b"}}},
         "flows.f.nodes.a"),
        ("connectors", "c", {"settings": {"kind": "sqlite", "file": "c.db", "query": "DROP TABLE c"}},
         "connectors.c.settings.query"),
        ("flows", "f", {"start": "a", "human": "b", "nodes": {
            "a": {"step": "lookup", "connector": "zz", "goto": "b", "on_missing": "b", "on_failure": "b"},
            "b": {"step": "queue", "queue_id": "general"}}}, "flows.f.nodes.a"),
        ("entries", "x", {"flow": "zz"}, "entries.x.flow"),
        ("instances", "Bad Id", {"plugin": "sms"}, "instances"),
        ("templates", "t", {"kind_id": "zz", "title": "x", "text": "x"}, "templates.t.kind_id"),
        ("templates", "t" * 37, {"kind_id": "zz", "title": "x", "text": "x"}, "templates." + "t" * 37),
        ("named_numbers", "x", {"title": {"zh": "x"}, "number": "5"}, "named_numbers.x.number"),
        ("settings", "wallboard", {"timezone": "Mars/North"}, "settings.wallboard.timezone"),
        ("settings", "outreach", {"timezone": "Mars/North"}, "settings.outreach.timezone"),
    ],
)  # fmt: skip
async def test_a_fault_is_named_and_nothing_is_applied(
    admin: Agent, section: str, name: str, change: dict[str, Any], path: str
) -> None:
    before = await exported(admin)
    sent = {"away_reasons": {"blood": {"title": {"zh": "献血"}}}, section: {name: change}}
    status, answer = await admin.try_call("POST", "/configuration", configuration=sent, is_preview=False)
    assert status == 422
    assert path in answer["error"]["fields"], answer
    assert await exported(admin) == before


async def test_a_connector_s_secret_is_left_out_and_stays_what_it_was(house: House, admin: Agent) -> None:
    part = {"settings": {"kind": "http", "url": "https://taps.example/", "headers": {"Authorization": "sesame"}}}
    sent = {"connectors": {"taps": part}}
    await admin.call("POST", "/configuration", configuration=sent, is_preview=False)
    after = await exported(admin)
    assert after["connectors"]["taps"]["settings"]["headers"] == {"Authorization": "***"}
    after["connectors"]["taps"]["settings"]["url"] = "https://taps.example/v2"
    (change,) = (await admin.call("POST", "/configuration", configuration=after, is_preview=False))["items"]
    assert [field["path"] for field in change["fields"]] == ["settings.url"]
    connector = await house.services.connectors._named("taps")
    assert connector.headers["Authorization"].reveal() == "sesame"  # type: ignore[union-attr]
    part["settings"]["headers"] = {"Authorization": "another"}  # type: ignore[index]
    part["settings"]["url"] = "https://taps.example/v2"
    (change,) = (await admin.call("POST", "/configuration", configuration=sent))["items"]
    assert (change["id"], "another" in str(change)) == ("taps", False)


async def test_a_secret_is_left_out_and_stays_what_it_was(admin: Agent) -> None:
    part = {"plugin": "web_chat", "settings": {"token": "very-secret"}}
    sent = {"instances": {"web_chat-two": part}}
    await admin.call("POST", "/configuration", configuration=sent, is_preview=False)
    after = await exported(admin)
    assert after["instances"]["web_chat-two"]["settings"] == {"token": "***"}
    assert await admin.call("POST", "/configuration", configuration=after, is_preview=False) == {"items": []}
    assert await admin.call("POST", "/configuration", configuration=sent) == {"items": []}
    part["settings"] = {"token": "another"}
    (change,) = (await admin.call("POST", "/configuration", configuration=sent))["items"]
    assert change["id"] == "web_chat-two"
    assert "another" not in str(change)
    fresh = {"instances": {"web_chat-three": {"plugin": "web_chat", "settings": {"token": "***"}}}}
    status, answer = await admin.try_call("POST", "/configuration", configuration=fresh)
    assert (status, set(answer["error"]["fields"])) == (422, {"instances.web_chat-three.settings.token"})
