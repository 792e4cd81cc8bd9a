"""What strangers try: clear refusals, nothing executed, nothing lost, memory bounded."""

import asyncio
import json
import time
import tracemalloc
from typing import Any

import aiohttp
import pytest

from plugins.web_chat.identity import anonymous, new_token, pad64
from plugins.web_chat.limits import Buckets
from tests.plugins.web_chat.tools import KEY, address_of, sign


@pytest.mark.parametrize(
    ("label", "frame"),
    [
        ("no json", "{"),
        ("no object", "[1]"),
        ("unknown type", '{"type": "sudo"}'),
        ("no type", "{}"),
        ("hello twice", '{"type": "hello"}'),
        ("no cid", '{"type": "message", "text": "x"}'),
        ("bad cid", '{"type": "message", "cid": "../../etc", "text": "x"}'),
        ("number for text", '{"type": "message", "cid": "cid-00001", "text": 1}'),
        ("lone surrogate", '{"type": "message", "cid": "cid-00001", "text": "\\ud800"}'),
        ("deep nesting", '{"type": "message", "cid": ' + "[" * 5000 + "]" * 5000 + "}"),
        ("deep nesting aside", '{"type": "typing", "on": true, "x": ' + "[" * 30_000 + "]" * 30_000 + "}"),
        ("negative seq", '{"type": "seen", "seq": -1}'),
        ("huge seq", '{"type": "read", "seq": 1e300}'),
    ],
)
async def test_a_bad_frame_ends_the_connection_with_its_reason(house: Any, label: str, frame: str) -> None:
    chat = await house.chat()
    await chat.socket.send_str(frame)
    assert (await chat.next("error"))["code"] in ("bad_frame", "hello_twice"), label
    assert (await chat.next("closed"))["code"] == 4400
    assert house.hub.received() == []


async def test_an_oversize_frame_ends_the_connection(house: Any) -> None:
    chat = await house.chat()
    await chat.socket.send_str(json.dumps({"type": "message", "cid": "cid-00001", "text": "x" * 70_000}))
    assert (await chat.next("closed"))["code"] == aiohttp.WSCloseCode.MESSAGE_TOO_BIG
    other = await house.chat()
    assert other.welcome["visitor"]


async def test_binary_frames_are_refused(house: Any) -> None:
    chat = await house.chat()
    await chat.socket.send_bytes(b"\x00\x01")
    assert (await chat.next("closed"))["code"] == 4400


async def test_whoever_does_not_say_hello_first_is_sent_away(house: Any) -> None:
    chat = await house.connect()
    await chat.send("message", cid="cid-00001", text="x")
    assert (await chat.next("error"))["code"] == "hello_first"


async def test_half_open_connections_are_closed_and_bounded(run_house: Any) -> None:
    async with run_house(hello_timeout_s=0.2, max_sockets=40, max_sockets_ip=30) as house:
        silent = [await house.connect() for _ in range(30)]
        with pytest.raises(aiohttp.WSServerHandshakeError, match="429"):
            await house.connect()
        for chat in silent:
            assert (await chat.next("closed"))["code"] == 4408
        chat = await house.chat()
        await chat.send("message", cid="cid-00001", text="还在")
        assert (await chat.next("ack"))["cid"] == "cid-00001"


async def test_a_full_house_says_so(run_house: Any) -> None:
    async with run_house(max_sockets=3) as house:
        kept = [await house.chat() for _ in range(3)]
        with pytest.raises(aiohttp.WSServerHandshakeError, match="503"):
            await house.connect()
        assert len(kept) == 3


async def test_one_visitor_may_open_a_few_windows_only(run_house: Any) -> None:
    async with run_house(max_sockets_visitor=2) as house:
        first = await house.chat()
        token = first.welcome["visitor"]
        second = await house.chat(token)
        assert "visitor" not in second.welcome
        third = await house.connect()
        await third.send("hello", visitor=token)
        assert await third.next() == {"type": "error", "code": "too_many_windows"}
        assert (await third.next("closed"))["code"] == 4429


@pytest.mark.parametrize(
    ("origin", "is_welcome"),
    [
        (None, True),
        ("http://{host}", True),
        ("https://{host}", True),
        ("https://www.example.gov.cn", True),
        ("https://evil.example", False),
        ("https://www.example.gov.cn.evil.example", False),
        ("http://{host}.evil.example", False),
        ("null", False),
        ("", False),
    ],
)
async def test_pages_of_foreign_sites_are_refused(run_house: Any, origin: str | None, is_welcome: bool) -> None:
    async with run_house(allowed_origins=["https://www.example.gov.cn"]) as house:
        host = house.url.removeprefix("http://")
        headers = {} if origin is None else {"Origin": origin.format(host=host)}
        for method, path in (("GET", "ws"), ("POST", "events"), ("POST", "media"), ("GET", "config")):
            async with house.http.request(method, house.path(path), headers=headers) as answer:
                refused = answer.status == 403 and (await answer.json())["error"]["code"] == "foreign_origin"
                assert refused is not is_welcome


async def test_an_allowed_site_may_read_the_answers_and_no_other(run_house: Any) -> None:
    async with run_house(allowed_origins=["https://www.example.gov.cn"]) as house:
        headers = {"Origin": "https://www.example.gov.cn"}
        async with house.http.get(house.path("config"), headers=headers) as answer:
            assert answer.headers["Access-Control-Allow-Origin"] == "https://www.example.gov.cn"
        async with house.http.get(house.path("config")) as answer:
            assert "Access-Control-Allow-Origin" not in answer.headers


@pytest.mark.parametrize(
    ("label", "identity", "code"),
    [
        ("no signature", pad64(b'{"customer_id":"7","exp":9999999999}'), "bad_identity"),
        ("foreign key", sign({"customer_id": "7", "exp": 9999999999}, "x" * 32), "bad_identity"),
        ("changed name", "e30" + sign({"customer_id": "7", "exp": 9999999999}), "bad_identity"),
        ("not ascii", "身份.身份", "bad_identity"),
        ("no exp", sign({"customer_id": "7"}), "bad_identity"),
        ("no customer", sign({"customer_id": "", "exp": 9999999999}), "bad_identity"),
        ("exp is nan", sign({"customer_id": "7", "exp": None}), "bad_identity"),
        ("expired", sign({"customer_id": "7", "exp": time.time() - 1}), "identity_expired"),
    ],
)
async def test_a_forged_or_old_identity_is_refused(run_house: Any, label: str, identity: str, code: str) -> None:
    async with run_house(identity_key=KEY) as house:
        chat = await house.connect()
        await chat.send("hello", identity=identity)
        assert await chat.next() == {"type": "error", "code": code}, label
        assert (await chat.next("closed"))["code"] == 4401


async def test_without_a_key_nobody_is_identified(house: Any) -> None:
    chat = await house.connect()
    await chat.send("hello", identity=sign({"customer_id": "7", "exp": 9999999999}, ""))
    assert (await chat.next())["code"] == "identity_not_configured"


async def test_a_signed_identity_makes_a_verified_profile_that_meets_itself_again(run_house: Any) -> None:
    async with run_house(identity_key=KEY) as house:
        chats = []
        for exp in (9999999998, 9999999999):
            chat = await house.connect()
            await chat.send("hello", identity=sign({"customer_id": "7", "name": "王秀英", "exp": exp}))
            assert await chat.next() == {"type": "welcome", "name": "王秀英"}
            chats.append(chat)
        await chats[0].send("message", cid="cid-00001", text="您好")
        await chats[1].next("message")
        (event,) = house.hub.received()
        assert event.sender.startswith("web:u-")
        assert (event.profile.name, event.profile.customer_id, event.profile.is_verified) == ("王秀英", "7", True)


async def test_script_in_names_and_messages_stays_text(house: Any) -> None:
    chat = await house.chat()
    text = "<img src=x onerror=alert(1)>\u202e'; DROP TABLE contacts; --"
    await chat.send("message", cid="cid-00001", text=text + "\0")
    await chat.next("ack")
    (event,) = house.hub.received()
    assert event.text == text
    await house.hub.say(address_of(chat), "<script>", sender_name="<b>")
    line = await chat.next("message")
    while line["text"] != "<script>":
        line = await chat.next("message")
    assert line["name"] == "<b>"


async def test_the_same_cid_of_another_visitor_suppresses_nothing(house: Any) -> None:
    first, second = await house.chat(), await house.chat()
    for chat in (first, second):
        await chat.send("message", cid="cid-00001", text="您好")
        await chat.next("ack")
    assert [event.sender for event in house.hub.received()] == [address_of(first), address_of(second)]


async def test_a_flood_is_slowed_down_and_loses_nothing(run_house: Any) -> None:
    async with run_house(messages_per_min=60) as house:
        chat = await house.chat()
        for number in range(40):
            await chat.send("message", cid=f"cid-{number:05}", text="x")
        answers = [await chat.next("ack", "retry") for _ in range(40)]
        retries = [answer for answer in answers if answer["type"] == "retry"]
        assert 15 <= len(retries) <= 20
        assert all(0 < retry["after_ms"] <= 1000 for retry in retries)
        assert len(house.hub.received()) == 40 - len(retries)


async def test_a_text_may_be_only_so_long_and_not_empty(run_house: Any) -> None:
    async with run_house(max_text=10) as house:
        chat = await house.chat()
        for text, code in (("x" * 11, "too_long"), (" ", "empty")):
            await chat.send("message", cid="cid-00001", text=text)
            assert await chat.next("refused") == {"type": "refused", "cid": "cid-00001", "code": code}
        await chat.send("message", cid="cid-00002", text="😀" * 10)
        assert (await chat.next("ack", "refused"))["type"] == "ack"


async def test_who_does_not_read_is_cut_off_and_others_do_not_notice(run_house: Any) -> None:
    async with run_house(send_timeout_s=0.3) as house:
        lazy, lively = await house.chat(), await house.chat()
        await lazy.next("situation")
        lazy.socket._response.connection.transport.pause_reading()
        address = address_of(lazy)
        while len(house.channel._reception.registry.of(address)):
            await house.hub.say(address, "x" * 20_000, sender_kind="agent")
            await asyncio.sleep(0)
        await house.hub.say(address_of(lively), "还在")
        assert (await lively.next("message"))["text"] == "还在"


async def test_the_address_does_not_give_the_token_away() -> None:
    token = new_token()
    address = anonymous(token).address
    assert token not in address
    assert len(token) == 43
    assert address == anonymous(token).address != anonymous(new_token()).address


def test_the_tables_of_limits_are_bounded(clock: Any) -> None:
    buckets = Buckets(per_min=60, burst=1, clock=clock, max_keys=100)
    for number in range(10_000):
        assert buckets.take(f"10.0.{number // 256}.{number % 256}") == 0
    assert len(buckets) == 100
    assert buckets.take("10.0.39.15") == pytest.approx(1.0)
    clock.advance(1)
    assert buckets.take("10.0.39.15") == 0


@pytest.mark.may_block("ten thousand connections", limit_s=2.0)
async def test_ten_thousand_half_open_connections_cost_little(run_house: Any) -> None:
    """Sockets that were opened and never speak: all but the allowed number are turned away before they cost."""
    async with run_house(max_sockets=500, max_sockets_ip=500, hello_timeout_s=30) as house:
        host, port = house.url.removeprefix("http://").split(":")
        opening = (
            f"GET /channels/web_chat-main/ws HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\n"
            "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        ).encode()
        tracemalloc.start()
        writers: list[asyncio.StreamWriter] = []
        statuses: list[bytes] = []
        for _ in range(1500):
            reader, writer = await asyncio.open_connection(host, int(port))
            writer.write(opening)
            statuses.append((await reader.readline()).split()[1])
            if statuses[-1] == b"101":
                writers.append(writer)
            else:
                writer.close()
        assert statuses.count(b"101") == 500
        assert statuses.count(b"503") == 1000
        size, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert size / 500 < 60_000  # both ends of a socket live in this process
        assert len(house.channel._reception.slots) == 500
        for writer in writers:
            writer.close()
