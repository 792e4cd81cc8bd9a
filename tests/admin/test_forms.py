"""Forms and tags: defined as data, filled in by agents, kept with the conversation."""

import asyncio
from typing import Any
from unittest.mock import AsyncMock

import msgspec
import pytest

from hub.accounts.identity import Identity
from hub.demo import PASSWORD
from hub.setup.forms import Form, faults_of
from tests.hub.support.house import House
from tests.journeys.support.clients import Agent

FIELDS: list[dict[str, Any]] = [
    {"name": "caller", "title": {"zh": "来电人"}, "is_required": True},
    {"name": "kind", "title": {"zh": "类别"}, "kind": "choice",
     "options": [{"value": "leak", "title": {"zh": "漏水"}}]},
    {"name": "areas", "title": {"zh": "区域"}, "kind": "choices",
     "options": [{"value": "east", "title": {"zh": "东"}}, {"value": "west", "title": {"zh": "西"}}]},
    {"name": "day", "title": {"zh": "日期"}, "kind": "date"},
    {"name": "at", "title": {"zh": "时刻"}, "kind": "time"},
    {"name": "count", "title": {"zh": "件数"}, "kind": "number"},
    {"name": "reply", "title": {"zh": "要回复"}, "kind": "yes_no"},
    {"name": "words", "title": {"zh": "内容"}, "kind": "long_text"},
]  # fmt: skip
FORM = {"title": {"zh": "留言登记"}, "fields": FIELDS}
WHOLE = {
    "caller": "王", "kind": "leak", "areas": ["east", "west"], "day": "2026-11-23", "at": "08:30", "count": "-2.5",
    "reply": "yes", "words": "水管漏了",
}  # fmt: skip


OPERATOR = Identity(username="operator")


def named(title: str) -> Form:
    return msgspec.convert({**FORM, "title": {"zh": title}}, Form)


async def wrapping_up(house: House, zhou: Agent) -> str:
    """Return the address of a conversation that zhou has just ended."""
    await zhou.sit_down()
    async with house.channel() as channel:
        await channel.write("webchat:a", "人工")
        at = f"/conversations/{await zhou.take_offer()}"
    await zhou.call("POST", f"{at}/end")
    return at


async def test_a_form_is_saved_as_typed_and_closed_whole(house: House, admin: Agent) -> None:
    await admin.call("PUT", "/forms/registration", **FORM, queue_ids=["general"])
    async with Agent(house.url, "zhou", PASSWORD) as zhou:
        at = await wrapping_up(house, zhou)
        assert zhou.tables["setup"]["forms"]["registration"]["title"] == {"zh": "留言登记"}
        begun = await zhou.call("PATCH", at, form={"form_id": "registration", "values": {"kind": "leak", "words": ""}})
        assert begun["form"] == {"form_id": "registration", "version": 1, "values": {"kind": "leak"}}
        status, answer = await zhou.try_call("POST", f"{at}/wrap-up", code="answered")
        assert (status, answer["error"]["fields"]) == (422, {"form.values.caller": "missing"})
        await zhou.call("POST", f"{at}/wrap-up", code="answered", form={"form_id": "registration", "values": WHOLE})
        closed = await zhou.call("GET", at)
        assert (closed["state"], closed["form"]["values"]) == ("closed", WHOLE)


async def test_what_was_filled_in_keeps_the_version_it_had(house: House, admin: Agent) -> None:
    await admin.call("PUT", "/forms/registration", **FORM)
    async with Agent(house.url, "zhou", PASSWORD) as zhou:
        at = await wrapping_up(house, zhou)
        await zhou.call("POST", f"{at}/wrap-up", code="answered", form={"form_id": "registration", "values": WHOLE})
        assert (await admin.call("PUT", "/forms/registration", **{**FORM, "fields": FIELDS[:1]}))["version"] == 2
        assert (await zhou.call("GET", at))["form"]["version"] == 1
    assert len((await house.services.forms.definitions.version("registration", 1)).fields) == len(FIELDS)


async def test_a_required_form_is_filled_in_before_the_end_of_its_queue_s_conversations(
    house: House, admin: Agent
) -> None:
    await admin.call("PUT", "/forms/registration", **FORM, is_required=True, queue_ids=["general"])
    await admin.call("PUT", "/forms/other", **FORM)
    await admin.call("PUT", "/forms/elsewhere", **FORM, is_required=True, queue_ids=["housing"])
    async with Agent(house.url, "zhou", PASSWORD) as zhou:
        at = await wrapping_up(house, zhou)
        for form in ({}, {"form": {"form_id": ""}}, {"form": {"form_id": "other", "values": WHOLE}}):
            status, answer = await zhou.try_call("POST", f"{at}/wrap-up", code="answered", **form)
            assert (status, answer["error"]["fields"]) == (422, {"form.form_id": "missing"}), form
        await zhou.call("POST", f"{at}/wrap-up", code="answered", form={"form_id": "registration", "values": WHOLE})


async def test_a_required_form_is_not_emptied_after_the_end(house: House, admin: Agent) -> None:
    await admin.call("PUT", "/forms/registration", **FORM, is_required=True)
    async with Agent(house.url, "zhou", PASSWORD) as zhou:
        at = await wrapping_up(house, zhou)
        whole = {"form_id": "registration", "values": WHOLE}
        await zhou.call("POST", f"{at}/wrap-up", code="answered", form=whole)
        emptied = {"form": {"form_id": ""}}
        for method, path, body in (("PATCH", at, emptied), ("POST", f"{at}/wrap-up", {"code": "answered", **emptied})):
            status, answer = await zhou.try_call(method, path, **body)
            assert (status, answer["error"]["fields"]) == (422, {"form.form_id": "missing"}), path
        assert (await zhou.call("GET", at))["form"]["values"] == WHOLE
        assert (await zhou.call("PATCH", at, summary="补记"))["summary"] == "补记"


@pytest.mark.parametrize("change", [{"is_active": False}, {"queue_ids": ["housing"]}], ids=["retired", "moved"])
async def test_a_form_that_is_not_offered_any_more_blocks_no_end(
    house: House, admin: Agent, change: dict[str, Any]
) -> None:
    await admin.call("PUT", "/forms/registration", **FORM)
    async with Agent(house.url, "zhou", PASSWORD) as zhou:
        at = await wrapping_up(house, zhou)
        await zhou.call("PATCH", at, form={"form_id": "registration", "values": {"kind": "leak"}})
        await admin.call("PUT", "/forms/registration", **FORM, **change)
        await admin.call("PUT", "/forms/other", **FORM, is_required=True)
        status, answer = await zhou.try_call("POST", f"{at}/wrap-up", code="answered")
        assert (status, answer["error"]["fields"]) == (422, {"form.form_id": "missing"})
        await admin.call("PUT", "/forms/other", **FORM)
        await zhou.call("POST", f"{at}/wrap-up", code="answered")


async def test_what_is_saved_at_once_is_in_force_one_after_the_other(house: House) -> None:
    forms = house.services.forms
    titles = ("甲", "乙", "丙")
    saved = await asyncio.gather(*(forms.save(OPERATOR, "registration", named(title)) for title in titles))
    assert sorted(view.version for view in saved) == [1, 2, 3]
    assert {view.form.title["zh"] for view in saved} == set(titles)
    last = max(saved, key=lambda view: view.version)
    assert [view for view in forms.all() if view.form_id == "registration"] == [last]


async def test_a_definition_that_could_not_be_written_is_not_in_force(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    forms = house.services.forms
    await forms.save(OPERATOR, "registration", named("甲"))
    with monkeypatch.context() as patch:
        patch.setattr(house.services.audit, "record", AsyncMock(side_effect=LookupError))
        with pytest.raises(LookupError):
            await forms.save(OPERATOR, "registration", named("乙"))
    assert forms.definitions.current["registration"] == (1, named("甲"))
    assert (await forms.save(OPERATOR, "registration", named("丙"))).version == 2


@pytest.mark.parametrize(
    ("values", "fault"),
    [
        ({"nothing": "x"}, {"nothing": "unknown"}),
        ({"kind": "fire"}, {"kind": "unknown"}),
        ({"kind": ["leak"]}, {"kind": "unknown"}),
        ({"areas": "east"}, {"areas": "unknown"}),
        ({"areas": ["east", "north"]}, {"areas": "unknown"}),
        ({"day": "23.11."}, {"day": "not a date or time"}),
        ({"at": "25:00"}, {"at": "not a date or time"}),
        ({"count": "two"}, {"count": "not a number"}),
        ({"count": "1e9"}, {"count": "not a number"}),
        ({"reply": "perhaps"}, {"reply": "unknown"}),
        ({"caller": "x" * 501}, {"caller": "too_long"}),
    ],
)
def test_a_value_that_cannot_stand_is_named(values: dict[str, Any], fault: dict[str, str]) -> None:
    given = msgspec.convert(values, dict[str, str | tuple[str, ...]])
    assert faults_of(msgspec.convert(FORM, Form), given, is_whole=False) == fault


async def test_a_form_of_another_queue_is_not_taken(house: House, admin: Agent) -> None:
    await admin.call("PUT", "/forms/elsewhere", **FORM, queue_ids=["housing"])
    async with Agent(house.url, "zhou", PASSWORD) as zhou:
        at = await wrapping_up(house, zhou)
        for form_id in ("elsewhere", "nothing"):
            status, answer = await zhou.try_call("PATCH", at, form={"form_id": form_id, "values": WHOLE})
            assert (status, answer["error"]["fields"]) == (422, {"form.form_id": "unknown"})


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ([{"name": "a", "title": {}}, {"name": "a", "title": {}}], {"fields[1].name": "duplicate"}),
        ([{"name": "a", "title": {}, "kind": "choice"}], {"fields[0].options": "empty"}),
        ([{"name": "a", "title": {}, "options": [{"value": "b", "title": {}}]}],
         {"fields[0].options": "not of this kind"}),
        ([{"name": "A!", "title": {}}], {"fields[0].name"}),
        ([], {"fields"}),
    ],
)  # fmt: skip
async def test_a_form_that_cannot_be_filled_in_is_not_saved(admin: Agent, fields: list[Any], fault: Any) -> None:
    status, answer = await admin.try_call("PUT", "/forms/registration", title={"zh": "留言"}, fields=fields)
    named = answer["error"]["fields"]
    assert (status, named if isinstance(fault, dict) else set(named)) == (422, fault)


async def test_a_tag_is_offered_at_once_and_words_of_one_s_own_stay_possible(house: House, admin: Agent) -> None:
    async with Agent(house.url, "zhou", PASSWORD) as zhou:
        await zhou.open_desk()
        await admin.call("PUT", "/tags/repair", title={"zh": "报修"}, color="red")
        await zhou.until(lambda: "repair" in zhou.tables["setup"]["tags"])
        at = await wrapping_up(house, zhou)
        closed = await zhou.call("POST", f"{at}/wrap-up", code="answered", tags=["repair", "三次来访"])
        assert closed["tags"] == ["repair", "三次来访"]
    status, answer = await admin.try_call("PUT", f"/tags/{'x' * 33}", title={"zh": "长"})
    assert (status, answer["error"]["fields"]) == (422, {"id": "too_long"})
