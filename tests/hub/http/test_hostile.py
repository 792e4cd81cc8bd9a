"""What strangers and broken browsers send: clear errors, nothing executed, nothing lost."""

import io
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from core.errors import BusUnavailable
from hub.accounts.identity import Identity
from hub.accounts.users import NewUser
from hub.demo import PASSWORD
from hub.http.server import SECURITY_HEADERS
from tests.hub.support.channel import FakeChannel
from tests.hub.support.house import House
from tests.journeys.support.clients import Agent

WANG = "webchat:wang"
ADMIN_PASSWORD = "correct-horse-77"


@pytest.fixture
async def admin(house: House) -> AsyncIterator[Agent]:
    new = NewUser(username="root", display_name="管理", work_number="9000", role_ids=("admin",), queue_ids=("general",))
    await house.services.users.make(Identity(username="operator"), new, password=ADMIN_PASSWORD)
    async with Agent(house.url, "root", ADMIN_PASSWORD) as agent:
        yield agent


async def _send(agent: Agent, method: str, path: str, data: bytes, **headers: str) -> tuple[int, dict[str, Any]]:
    sent = {"X-CSRF-Token": agent.me["csrf"], "Content-Type": "application/json", **headers}
    async with agent.http.request(method, f"{agent.url}/api/v1{path}", data=data, headers=sent) as answer:
        return answer.status, await answer.json() if answer.status != 204 else {}


BROKEN = {
    "empty": (b"", 400, "not_json"),
    "cut off": (b'{"username": "a', 400, "not_json"),
    "not utf-8": (b'{"username": "\xff"}', 400, "not_json"),
    "half a surrogate pair": (b'{"username": "zhou", "password": "\\ud800"}', 400, "not_json"),
    "a hundred thousand brackets": (b"[" * 100_000, 400, "not_json"),
    "deep objects": (b'{"a":' * 5_000 + b"1" + b"}" * 5_000, 400, "not_json"),
    "an array": (b"[]", 422, "invalid"),
    "a number": (b"1e999", 400, "not_json"),
    "unknown fields": (b'{"username": "zhou", "password": "x", "is_admin": true}', 422, "invalid"),
    "wrong kinds": (b'{"username": {}, "password": []}', 422, "invalid"),
    "a megabyte": (b'{"username": "' + b"a" * 1_100_000 + b'"}', 413, "too_large"),
}


@pytest.mark.parametrize("label", BROKEN)
async def test_a_broken_body_is_named(house: House, label: str) -> None:
    data, status, code = BROKEN[label]
    headers = {"Content-Type": "application/json"}
    async with (
        aiohttp.ClientSession() as http,
        http.post(f"{house.url}/api/v1/session", data=io.BytesIO(data), headers=headers) as answer,
    ):
        assert (answer.status, (await answer.json())["error"]["code"]) == (status, code)


STRANGE = {
    "a huge number": ("GET", "/audit?before=99999999999999999999999", b"", 422),
    "a huge version": ("POST", "/flows/hotline/publish", b'{"version": 99999999999999999999999999}', 422),
    "a version beyond the database": ("POST", "/flows/hotline/publish", b'{"version": 9223372036854775807}', 422),
    "a long role": ("PUT", "/roles/" + "r" * 300, b'{"title": {"zh": "x"}, "permissions": []}', 404),
    "a role with spaces": ("PUT", "/roles/a%20b", b'{"title": {"zh": "x"}, "permissions": []}', 422),
    "a queue with dots": ("PUT", "/queues/a.b.c", b'{"title": {"zh": "x"}}', 422),
    "a time without zone": ("POST", "/contacts/x/block", b'{"reason": "x", "until": "2026-01-01T00:00:00"}', 422),
    "a NUL in a path": ("GET", "/conversations/%00", b"", 404),
    "words of quotes": ("GET", "/conversations?view=all&q=%27%22%25_--", b"", 200),
    "a cursor of quotes": ("GET", "/conversations?view=all&cursor=%27%20OR%201=1", b"", 200),
    "too many at once": ("GET", "/conversations?limit=100000", b"", 422),
    "a long path": ("GET", "/conversations/" + "x" * 5_000, b"", 404),
    "unknown attachments": (
        "POST",
        "/conversations/x/messages",
        b'{"client_id": "1", "text": "x", "attachments": ["nope"]}',
        422,
    ),
    "nobody's upload": ("POST", "/media", b"not multipart", 422),
}


@pytest.mark.parametrize("label", STRANGE)
async def test_strange_values_are_refused_not_stumbled_over(admin: Agent, label: str) -> None:
    method, path, data, status = STRANGE[label]
    assert (await _send(admin, method, path, data))[0] == status


async def test_a_broken_upload_is_refused(admin: Agent) -> None:
    for data in (b"", b"--x\r\n", b"\0" * 99):
        status, _ = await _send(admin, "POST", "/media", data, **{"Content-Type": "multipart/form-data; boundary=x"})
        assert status in (400, 422), data


async def test_what_a_call_needs_and_is_away_is_no_failure_of_the_hub(
    admin: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def nobody_answers(*_: Any, **__: Any) -> None:
        raise BusUnavailable("nobody answers")

    monkeypatch.setattr("core.bus.Bus.request", nobody_answers)
    status, answer = await admin.try_call("GET", "/plugins")
    assert (status, answer["error"]["code"], answer["error"]["retry_after_s"]) == (503, "bus_unavailable", 5.0)


async def test_pictures_show_and_all_else_downloads(admin: Agent) -> None:
    download = "application/octet-stream"
    for data, name, claimed, kind, served in (
        (b"\x89PNG\r\n\x1a\nxx", "a.png", "image/png", "inline", "image/png"),
        (b"<script>", "a.png", "image/png", "attachment", download),
        (b"<script>", "a.html", "text/html", "attachment", download),
        (b"OggS", "a.ogg", "audio/ogg", "attachment", "audio/ogg"),  # players play it, nothing shows it
    ):
        form = aiohttp.FormData()
        form.add_field("file", data, filename=name, content_type=claimed)
        headers = {"X-CSRF-Token": admin.me["csrf"]}
        async with admin.http.post(f"{admin.url}/api/v1/media", data=form, headers=headers) as answer:
            kept = await answer.json()
        async with admin.http.get(f"{admin.url}/media/{kept['media_id']}/{name}") as answer:
            assert (answer.headers["Content-Disposition"], answer.content_type) == (kind, served)
            assert "sandbox" in answer.headers["Content-Security-Policy"]
            assert await answer.read() == data


PAGES = ("/", "/desk", "/nothing/here", "/api/v1/session", "/api/v1/nothing", "/api/v1/openapi.json", "/public",
         "/assets/../../secret", "/media/x/y", "/channels/nobody/ws", "/api/v1/desktop")  # fmt: skip


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("method", ["GET", "POST", "TRACE"])
async def test_every_answer_carries_the_security_headers(house: House, path: str, method: str) -> None:
    async with aiohttp.ClientSession() as http, http.request(method, house.url + path) as answer:
        assert SECURITY_HEADERS.keys() <= answer.headers.keys()
        assert "unsafe-inline" not in answer.headers["Content-Security-Policy"]
        assert answer.status < 500 or answer.status == 502


async def test_a_repeated_call_is_one_message(house: House, channel: FakeChannel) -> None:
    async with Agent(house.url, "zhou", PASSWORD) as zhou:
        await zhou.sit_down()
        await channel.write(WANG, "人工")
        conversation_id = await zhou.take_offer()
        body = {"client_id": "once", "text": "您好"}
        first = await zhou.call("POST", f"/conversations/{conversation_id}/messages", **body)
        assert (await zhou.call("POST", f"/conversations/{conversation_id}/messages", **body))["entry_id"] == first[
            "entry_id"
        ]
        note = await zhou.call("POST", f"/conversations/{conversation_id}/notes", client_id="n", text="注意")
        assert await zhou.call("POST", f"/conversations/{conversation_id}/notes", client_id="n", text="注意") == note
        ended = await zhou.call("POST", f"/conversations/{conversation_id}/end")
        assert (await zhou.call("POST", f"/conversations/{conversation_id}/end"))["state"] == ended["state"]
        again = await zhou.call("POST", f"/conversations/{conversation_id}/messages", **body)
        assert again["entry_id"] == first["entry_id"], "the answer was lost, the conversation went on"
        await channel.hears(WANG, "评价")
        assert channel.sent(WANG).count("您好") == 1


async def test_nothing_of_a_foreign_queue_arrives(house: House, channel: FakeChannel) -> None:
    async with Agent(house.url, "zhou", PASSWORD) as zhou, Agent(house.url, "li", PASSWORD) as li:
        await zhou.open_desk()
        await li.sit_down()
        await channel.write("tel:+8613800138000", "人工")
        conversation_id = await li.take_offer()
        await li.call("POST", f"/conversations/{conversation_id}/transfer", queue_id="housing", note="秘密")
        await li.take_offer()
        seen = len(zhou.entries)
        await channel.write("tel:+8613800138000", "只给公积金")
        await li.until(lambda: "只给公积金" in li.read("in"))
        contact_id = li.conversation(conversation_id)["contact_id"]
        await li.call("PATCH", f"/contacts/{contact_id}", name="刘")
        await li.until(lambda: li.conversation(conversation_id)["contact_name"] == "刘")
        await li.call("PUT", "/me/state", state="busy")
        await zhou.until(lambda: zhou.tables["agents"][li.me["user_id"]]["state"] == "busy")
        assert conversation_id not in zhou.tables["conversations"]
        assert [entry for entry in zhou.entries[seen:] if entry["conversation_id"] == conversation_id] == []
        assert "刘" not in str(zhou.tables)
        for path in (
            f"/conversations/{conversation_id}",
            f"/conversations/{conversation_id}/entries",
            f"/contacts/{contact_id}",
        ):
            assert (await zhou.try_call("GET", path))[0] == 404, path
        listed = await zhou.call("GET", "/conversations?view=all")
        assert listed["items"] == []


async def test_numbers_are_masked_for_who_may_not_see_them(house: House, channel: FakeChannel) -> None:
    number = "tel:+8613800138000"
    async with Agent(house.url, "zhou", PASSWORD) as zhou, Agent(house.url, "chen", PASSWORD) as chen:
        await chen.open_desk()
        await zhou.sit_down()
        await channel.write(number, "人工")
        conversation_id = await zhou.take_offer()
        contact_id = zhou.conversation(conversation_id)["contact_id"]
        await zhou.call("PATCH", f"/contacts/{contact_id}", name="王")
        await zhou.until(lambda: contact_id in zhou.tables["contacts"])
        paths = (f"/contacts/{contact_id}", f"/conversations/{conversation_id}", "/conversations")
        answers = [zhou.tables, *[await zhou.call("GET", path) for path in paths]]
        answers.append(await zhou.call("GET", f"/contacts/{contact_id}/conversations"))
        for answer in answers:
            assert "13800138000" not in str(answer)
            assert "tel:+861****8000" in str(answer)
        assert zhou.tables["contacts"][contact_id] == answers[1]
        whole = await chen.call("GET", f"/contacts/{contact_id}")
        assert whole["addresses"][0]["uri"] == number
        assert (await chen.call("GET", "/conversations?view=all"))["items"][0]["address"] == number
        thread = await zhou.call("GET", f"/conversations/{conversation_id}/entries")
        mine = {entry["entry_id"]: entry for entry in zhou.entries}
        assert [entry for entry in thread["items"] if entry["entry_id"] in mine] == list(mine.values())
