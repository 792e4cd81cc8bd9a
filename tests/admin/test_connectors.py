"""Connectors as administrators keep them, and as flows use them in a conversation."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from hub.accounts.identity import Identity
from hub.accounts.users import NewUser
from hub.demo import PASSWORD
from hub.flows.library import CONNECTORS_KEY
from hub.store.models import Setting
from tests.hub.support.house import House
from tests.journeys.support.clients import Agent

PERMITS = {
    "kind": "sqlite",
    "file": "permits.db",
    "query": "SELECT state FROM permit WHERE number = :number",
}
REGISTER = {"kind": "http", "url": "https://register.example/permits", "headers": {"Authorization": "Bearer sesame"}}
FLOW: dict[str, Any] = {
    "title": {"zh": "办件查询"},
    "start": "number",
    "human": "people",
    "languages": ["zh"],
    "nodes": {
        "number": {
            "step": "ask",
            "text": {"zh": "请输入办件编号"},
            "variable": "number",
            "goto": "find",
            "timeout_s": 600,
            "on_timeout": "people",
        },
        "find": {
            "step": "lookup",
            "connector": "permits",
            "params": {"number": "{number}"},
            "results": {"state": "state"},
            "goto": "tell",
            "on_missing": "none",
            "on_failure": "people",
        },
        "tell": {"step": "say", "text": {"zh": "您的办件：{state}"}, "goto": "number"},
        "none": {"step": "say", "text": {"zh": "没有这个办件"}, "goto": "number"},
        "people": {"step": "queue", "queue_id": "general"},
    },
}


@pytest.fixture
async def admin(house: House) -> AsyncIterator[Agent]:
    new = NewUser(username="root", display_name="管理", work_number="9000", role_ids=("admin",))
    await house.services.users.make(Identity(username="operator"), new, password=PASSWORD)
    folder = house.settings.data_dir / "lookups"
    folder.mkdir()
    with closing(sqlite3.connect(folder / "permits.db")) as database:
        database.executescript(
            "CREATE TABLE permit (number TEXT, state TEXT); INSERT INTO permit VALUES ('7', '已办结')"
        )
    async with Agent(house.url, "root", PASSWORD) as agent:
        yield agent


async def test_a_flow_tells_a_citizen_what_a_database_knows(house: House, admin: Agent) -> None:
    await admin.call("PUT", "/connectors/permits", settings=PERMITS)
    made = await admin.call("POST", "/flows/hotline/versions", graph=FLOW)
    assert made["faults"] == []
    await admin.call("POST", "/flows/hotline/publish", version=made["version"])
    async with house.channel() as channel:
        await channel.write("webchat:wang", "你好")
        await channel.hears("webchat:wang", "请输入办件编号")
        await channel.write("webchat:wang", "7")
        await channel.hears("webchat:wang", "您的办件：已办结")
        await channel.write("webchat:wang", "' OR '1'='1")
        await channel.hears("webchat:wang", "没有这个办件")
    status, answer = await admin.try_call("DELETE", "/connectors/permits")
    assert (status, answer["error"]["code"]) == (409, "connector_in_use")


async def test_a_flow_goes_on_without_a_service_that_does_not_answer_in_time(house: House, admin: Agent) -> None:
    is_over = asyncio.Event()

    async def say_nothing(_: web.Request) -> web.Response:
        await is_over.wait()
        return web.Response()

    app = web.Application()
    app.router.add_get("/permits", say_nothing)
    find = {**FLOW["nodes"]["find"], "timeout_s": 1, "on_failure": "sorry"}
    sorry = {"step": "say", "text": {"zh": "暂时查不到，请稍后再试"}, "goto": "number"}
    async with TestServer(app) as server, house.channel() as channel:
        try:
            settings = {"kind": "http", "url": str(server.make_url("/permits"))}
            await admin.call("PUT", "/connectors/permits", settings=settings)
            graph = {**FLOW, "nodes": {**FLOW["nodes"], "find": find, "sorry": sorry}}
            made = await admin.call("POST", "/flows/hotline/versions", graph=graph)
            await admin.call("POST", "/flows/hotline/publish", version=made["version"])
            await channel.write("webchat:wang", "你好")
            await channel.hears("webchat:wang", "请输入办件编号")
            await channel.write("webchat:wang", "7")
            await channel.hears("webchat:wang", "暂时查不到")
        finally:
            is_over.set()


async def test_a_flow_without_a_parameter_its_connector_needs_is_not_published(admin: Agent) -> None:
    await admin.call("PUT", "/connectors/permits", settings=PERMITS)
    find = {**FLOW["nodes"]["find"], "params": {}}
    graph = {**FLOW, "nodes": {**FLOW["nodes"], "find": find}}
    made = await admin.call("POST", "/flows/hotline/versions", graph=graph)
    (fault,) = [one for one in made["faults"] if one["code"] == "param_missing"]
    assert (fault["node"], fault["params"]) == ("find", {"connector": "permits", "name": "number"})


async def test_secrets_of_a_connector_are_sealed_and_never_shown(admin: Agent) -> None:
    saved = await admin.call("PUT", "/connectors/register", settings=REGISTER)
    assert saved["settings"]["headers"] == {"Authorization": "***"}
    again = {**saved["settings"], "url": "https://register.example/v2"}
    await admin.call("PUT", "/connectors/register", settings=again)
    (shown,) = (await admin.call("GET", "/connectors"))["items"]
    assert shown["settings"] == again
    assert "sesame" not in str((await Setting.get(key=CONNECTORS_KEY)).value)
    (deed,) = (await admin.call("GET", "/audit?limit=1"))["items"]
    assert (deed["action"], deed["detail"]) == ("connector.save", {"kind": "http"})


async def test_a_masked_secret_is_still_the_one_that_is_sent(admin: Agent) -> None:
    async def answer(request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != "Bearer sesame":
            return web.json_response({}, status=401)
        return web.json_response({"state": "已办结", "number": request.query["number"], "note": None})

    app = web.Application()
    app.router.add_get("/permits", answer)
    async with TestServer(app) as server:
        settings = {**REGISTER, "url": str(server.make_url("/permits"))}
        masked = (await admin.call("PUT", "/connectors/register", settings=settings))["settings"]
        trial = await admin.call("POST", "/connectors/register/trials", settings=masked, params={"number": "7"})
    assert trial == {"status": "found", "values": {"state": "已办结", "number": "7"}, "reason": ""}


async def test_a_connector_is_tried_before_it_counts(admin: Agent) -> None:
    async def try_out(settings: dict[str, Any], **params: str) -> dict[str, Any]:
        trial: dict[str, Any] = await admin.call("POST", "/connectors/permits/trials", settings=settings, params=params)
        return trial

    assert await try_out(PERMITS, number="7") == {
        "status": "found", "values": {"state": "已办结", "row_count": "1"}, "reason": "",
    }  # fmt: skip
    assert (await try_out(PERMITS, number="8"))["status"] == "missing"
    failed = await try_out({**PERMITS, "query": "SELECT secret FROM permit"})
    assert (failed["status"], "no such column" in failed["reason"]) == ("failed", True)
    assert (await admin.call("GET", "/connectors"))["items"] == []


async def test_a_connector_nobody_asks_can_go(admin: Agent) -> None:
    await admin.call("PUT", "/connectors/permits", settings=PERMITS)
    await admin.call("DELETE", "/connectors/permits")
    assert (await admin.try_call("DELETE", "/connectors/permits"))[0] == 404
    status, answer = await admin.try_call("PUT", "/connectors/Permits!", settings=PERMITS)
    assert (status, answer["error"]["fields"]) == (422, {"connector_id": "bad id"})
