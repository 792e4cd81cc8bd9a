"""Logging in, staying in, being locked out: sessions, passwords, origins, limits."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from core.testing.clock import VirtualClock
from core.testing.nats import NatsServer
from hub.accounts.identity import Identity
from hub.accounts.users import NewUser
from hub.demo import PASSWORD
from hub.store.models import AgentStatus, AuditRecord, Session
from tests.hub.support.house import House, until
from tests.journeys.support.clients import Agent

FOREIGN = {"Origin": "https://evil.example"}


async def _log_in(house: House, username: str, password: str, **headers: str) -> tuple[int, dict[str, Any]]:
    body = {"username": username, "password": password}
    async with (
        aiohttp.ClientSession() as http,
        http.post(f"{house.url}/api/v1/session", json=body, headers=headers) as answer,
    ):
        return answer.status, (await answer.json()).get("error", {})


async def test_the_cookie_is_kept_from_scripts_and_other_sites(house: House) -> None:
    async with Agent(house.url, "zhou", PASSWORD) as zhou:
        (cookie,) = zhou.http.cookie_jar
        assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Strict", "/")


@pytest.mark.parametrize("username", ["zhou", "nobody-of-this-name"])
async def test_a_wrong_password_says_no_more_than_that(house: House, username: str) -> None:
    status, error = await _log_in(house, username, "wrong-password")
    assert (status, error["code"]) == (401, "bad_credentials")


async def test_five_wrong_passwords_lock_for_a_while(still_house: House, clock: VirtualClock) -> None:
    for _ in range(5):
        assert (await _log_in(still_house, "zhou", "wrong"))[0] == 401
    status, error = await _log_in(still_house, "zhou", PASSWORD)
    assert (status, error["code"], error["retry_after_s"]) == (423, "locked", 900.0)
    clock.advance(901)
    assert (await _log_in(still_house, "zhou", PASSWORD))[0] == 200
    assert await AuditRecord.filter(action="session.locked").count() == 1


async def test_an_idle_session_ends(still_house: House, clock: VirtualClock) -> None:
    async with Agent(still_house.url, "zhou", PASSWORD) as zhou:
        clock.advance(43_199)
        await zhou.call("GET", "/session")
        clock.advance(43_199)
        await zhou.call("GET", "/session")
        clock.advance(43_201)
        assert (await zhou.try_call("GET", "/session"))[0] == 204


async def test_a_session_ends_however_busy_it_is(still_house: House, clock: VirtualClock) -> None:
    async with Agent(still_house.url, "zhou", PASSWORD) as zhou:
        for _ in range(2):
            clock.advance(43_000)
            await zhou.call("GET", "/session")
        (cookie,) = zhou.http.cookie_jar
        assert cookie["max-age"] == "400"
        clock.advance(401)
        assert (await zhou.try_call("GET", "/conversations?view=mine"))[0] == 401


async def test_the_cookie_lives_as_long_as_the_session_it_opens(still_house: House, clock: VirtualClock) -> None:
    async with Agent(still_house.url, "zhou", PASSWORD) as zhou:
        clock.advance(600)
        async with zhou.http.get(f"{still_house.url}/api/v1/session") as answer:
            assert answer.cookies["lianxin_session"]["max-age"] == "43200"
        async with zhou.http.get(f"{still_house.url}/api/v1/session") as answer:
            assert not answer.cookies


async def test_an_open_desk_ends_with_its_session(
    still_house: House, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.desktop.socket.PING_S", 0.05)
    async with Agent(still_house.url, "zhou", PASSWORD) as zhou:
        await zhou.open_desk()
        clock.advance(43_201)
        assert (await zhou.bye())["code"] == "logged_out"


async def test_who_logs_out_in_one_browser_stays_in_the_other(house: House) -> None:
    async with (
        Agent(house.url, "chen", PASSWORD) as chen,
        Agent(house.url, "zhou", PASSWORD) as here,
        Agent(house.url, "zhou", PASSWORD) as there,
    ):
        await chen.open_desk()
        await here.open_desk()
        await there.sit_down()
        me = there.me["user_id"]
        await chen.until(lambda: chen.tables["agents"][me]["state"] == "available")
        await here.call("DELETE", "/session")
        assert (await here.bye())["code"] == "logged_out"
        assert (await AgentStatus.get(user_id=me)).state == "available"
        await there.call("DELETE", "/session")
        await chen.until(lambda: chen.tables["agents"][me]["state"] == "offline")


async def test_a_desk_that_nobody_reads_is_forgotten(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.desktop.desk.FORGET_S", 0.2)
    desk = house.services.desk
    async with Agent(house.url, "zhou", PASSWORD) as zhou, Agent(house.url, "li", PASSWORD) as li:
        await zhou.open_desk()
        await li.open_desk()
        await li.leave()
        await until(lambda: not desk.keeps(li.me["user_id"]))
        assert desk.keeps(zhou.me["user_id"])


async def test_a_forged_session_is_nobody(house: House) -> None:
    async with aiohttp.ClientSession() as http:
        for forged in ("x", "x" * 5_000, "../../etc", "", "a" * 43):
            headers = {"Cookie": f"lianxin_session={forged}"}
            async with http.get(f"{house.url}/api/v1/session", headers=headers) as answer:
                assert answer.status in (204, 400)


async def test_the_stored_hash_of_a_session_opens_nothing(house: House) -> None:
    async with Agent(house.url, "zhou", PASSWORD), aiohttp.ClientSession() as http:
        row = await Session.first()
        assert row is not None
        headers = {"Cookie": f"lianxin_session={row.token_hash}"}
        async with http.get(f"{house.url}/api/v1/session", headers=headers) as answer:
            assert answer.status == 204


@pytest.mark.parametrize("token", ["", "wrong", "ünïcode".encode().decode("latin-1")])
async def test_a_call_without_the_right_token_changes_nothing(house: House, token: str) -> None:
    async with (
        Agent(house.url, "zhou", PASSWORD) as zhou,
        zhou.http.put(
            f"{house.url}/api/v1/me/state", json={"state": "available"}, headers={"X-CSRF-Token": token}
        ) as answer,
    ):
        assert (answer.status, (await answer.json())["error"]["code"]) == (403, "csrf")


async def test_another_sites_page_changes_nothing(house: House) -> None:
    assert (await _log_in(house, "zhou", PASSWORD, **FOREIGN))[0] == 403
    async with Agent(house.url, "zhou", PASSWORD) as zhou:
        for origin in ("https://evil.example", "null", f"{house.url}.evil.example"):
            headers = {"X-CSRF-Token": zhou.me["csrf"], "Origin": origin}
            async with zhou.http.put(
                f"{house.url}/api/v1/me/state", json={"state": "available"}, headers=headers
            ) as answer:
                assert (answer.status, (await answer.json())["error"]["code"]) == (403, "foreign_origin")


async def test_another_sites_page_opens_no_socket(house: House) -> None:
    async with Agent(house.url, "zhou", PASSWORD) as zhou:
        for headers in (FOREIGN, {"Origin": "null"}):
            with pytest.raises(aiohttp.WSServerHandshakeError, match="403"):
                await zhou.http.ws_connect(f"{house.url}/api/v1/desktop", headers=headers)
    async with aiohttp.ClientSession() as http:
        with pytest.raises(aiohttp.WSServerHandshakeError, match="401"):
            await http.ws_connect(f"{house.url}/api/v1/desktop")


FRAMES = ["", "[]", "{}", '{"type": "hello", "x": 1}', '{"type": "delta"}', '{"type": "pong"}', "x" * 5_000]


@pytest.mark.parametrize("frame", FRAMES)
async def test_a_socket_that_does_not_say_hello_is_sent_away(house: House, frame: str) -> None:
    url = f"{house.url}/api/v1/desktop"
    async with Agent(house.url, "zhou", PASSWORD) as zhou, zhou.http.ws_connect(url) as socket:
        await socket.send_str(frame)
        message = await socket.receive(timeout=5)
        assert message.type in (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED)
        if message.type is aiohttp.WSMsgType.TEXT:
            assert message.json() == {"type": "bye", "code": "no_hello"}


WEAK = {
    "short": "short-1",
    "username": "xx-zhou-xx-yy",
    "common": "my-password-1",
    "same": "aaaaaaaaaaaa",
    "old": PASSWORD,
}


@pytest.mark.parametrize("label", WEAK)
async def test_a_weak_password_is_refused(house: House, label: str) -> None:
    async with Agent(house.url, "zhou", PASSWORD) as zhou:
        status, answer = await zhou.try_call("PUT", "/session/password", current=PASSWORD, new=WEAK[label])
        assert (status, answer["error"]["code"]) == (422, "weak_password")


async def test_a_new_password_ends_the_other_sessions(house: House) -> None:
    async with Agent(house.url, "zhou", PASSWORD) as zhou, Agent(house.url, "zhou", PASSWORD) as other:
        await other.open_desk()
        await zhou.call("PUT", "/session/password", current=PASSWORD, new="correct-horse-77")
        await zhou.call("GET", "/session")
        assert (await other.try_call("GET", "/session"))[0] == 204
        assert (await other.bye())["code"] == "replaced"


async def test_a_new_account_can_do_nothing_before_its_own_password(house: House) -> None:
    new = NewUser(username="new", display_name="新人", work_number="9001", queue_ids=("general",))
    _, first = await house.services.users.make(Identity(username="operator"), new)
    async with Agent(house.url, "new", first) as agent:
        assert (await agent.try_call("GET", "/conversations"))[1]["error"]["code"] == "password_change_required"
        with pytest.raises(aiohttp.WSServerHandshakeError, match="403"):
            await agent.http.ws_connect(f"{house.url}/api/v1/desktop")
        async with agent.http.get(f"{house.url}/media/x/y") as answer:
            assert answer.status == 403
        await agent.call("PUT", "/session/password", current=first, new="correct-horse-77")
        await agent.call("GET", "/conversations")


async def test_log_ins_are_limited_by_address(nats_server: NatsServer, data: Path, clock: VirtualClock) -> None:
    house = House(nats_server, data, clock=clock, limits={"logins_per_minute": 3})
    await house.start()
    try:
        statuses = [(await _log_in(house, f"nobody-{number}", "x"))[0] for number in range(5)]
        assert statuses == [401, 401, 401, 429, 429]
        forged = {"X-Forwarded-For": "1.2.3.4"}
        assert (await _log_in(house, "zhou", PASSWORD, **forged))[0] == 429, "nobody says where they come from"
        clock.advance(timedelta(minutes=1).total_seconds())
        assert (await _log_in(house, "zhou", PASSWORD))[0] == 200
    finally:
        await house.stop()


async def test_calls_are_limited_by_user(nats_server: NatsServer, data: Path, clock: VirtualClock) -> None:
    house = House(nats_server, data, clock=clock, limits={"calls_per_second": 1})
    await house.start()
    try:
        async with Agent(house.url, "zhou", PASSWORD) as zhou, Agent(house.url, "li", PASSWORD) as li:
            statuses = [(await zhou.try_call("GET", "/session"))[0] for _ in range(6)]
            assert statuses == [200, 200, 200, 200, 429, 429]
            await li.call("GET", "/session")
    finally:
        await house.stop()


async def test_a_changed_role_is_felt_at_once(house: House) -> None:
    async with Agent(house.url, "zhou", PASSWORD) as zhou:
        await zhou.open_desk()
        root = NewUser(username="root", display_name="管理", work_number="9000", role_ids=("admin",))
        await house.services.users.make(Identity(username="operator"), root, password="correct-horse-77")
        async with Agent(house.url, "root", "correct-horse-77") as admin:
            await admin.call("PUT", "/roles/agent", title={"zh": "坐席"}, permissions=["desk.use", "queue.all"])
        assert (await zhou.bye())["code"] == "replaced"
        await zhou.until(lambda: "housing" in zhou.tables["queues"])
