"""The fallback: an event stream down, posts up."""

import asyncio
import json
from typing import Any

import aiohttp

from plugins.web_chat.identity import anonymous


class Listener:
    """A reader of one event stream that keeps the last id, as browsers do."""

    def __init__(self, answer: aiohttp.ClientResponse) -> None:
        self.answer = answer
        self.last_id = ""

    async def next(self, *kinds: str) -> dict[str, Any]:
        async with asyncio.timeout(30):
            while True:
                line = (await self.answer.content.readline()).decode().rstrip("\n")
                assert line or self.answer.content.at_eof() is False, "the stream ended"
                if line.startswith("id: "):
                    self.last_id = line[4:]
                elif line.startswith("data: "):
                    frame: dict[str, Any] = json.loads(line[6:])
                    if not kinds or frame["type"] in kinds:
                        return frame


async def post(house: Any, session: str | None, *frames: dict[str, Any]) -> tuple[int, Any]:
    body = json.dumps({"session": session, "frames": frames})
    async with house.http.post(house.path("events"), data=body) as answer:
        return answer.status, await answer.json()


async def listen(house: Any, session: str, last_id: str = "") -> Listener:
    headers = {"Last-Event-ID": last_id} if last_id else {}
    answer = await house.http.get(house.path("sse"), params={"session": session}, headers=headers)
    assert answer.status == 200
    assert answer.headers["X-Accel-Buffering"] == "no"
    return Listener(answer)


async def test_a_conversation_without_websockets(house: Any) -> None:
    status, answer = await post(house, None, {"type": "hello"}, {"type": "message", "cid": "cid-00001", "text": "在吗"})
    assert status == 200
    welcome, ack = answer["frames"]
    assert ack == {"type": "ack", "cid": "cid-00001"}
    address = anonymous(welcome["visitor"]).address
    listener = await listen(house, answer["session"])
    assert (await listener.next("message"))["cid"] == "cid-00001"
    await house.hub.say(address, "在")
    assert (await listener.next("message"))["text"] == "在"
    status, answer = await post(house, answer["session"], {"type": "message", "cid": "cid-00001", "text": "在吗"})
    assert answer["frames"] == [{"type": "ack", "cid": "cid-00001"}]
    assert len(house.hub.received()) == 1
    listener.answer.close()


async def test_a_broken_stream_goes_on_where_it_stopped(house: Any) -> None:
    _, answer = await post(house, None, {"type": "hello"})
    session, address = answer["session"], anonymous(answer["frames"][0]["visitor"]).address
    seen: list[str] = []
    listener = await listen(house, session)
    for number in range(300):
        await house.hub.say(address, f"第 {number} 条", sender_kind="agent")
        if number % 3 == 0:
            seen.append((await listener.next("message"))["text"])
        if number % 30 == 29:
            listener.answer.close()
            listener = await listen(house, session, listener.last_id)
    while len(seen) < 300:
        seen.append((await listener.next("message"))["text"])
    assert seen == [f"第 {number} 条" for number in range(300)]
    listener.answer.close()


async def test_a_newer_stream_replaces_an_older_one(house: Any) -> None:
    _, answer = await post(house, None, {"type": "hello"})
    address = anonymous(answer["frames"][0]["visitor"]).address
    first = await listen(house, answer["session"])
    second = await listen(house, answer["session"])
    async with asyncio.timeout(30):
        await first.answer.content.read()  # ends
    await house.hub.say(address, "在")
    assert (await second.next("message"))["text"] == "在"
    assert house.channel._streams._streams[answer["session"]].expiry is None
    second.answer.close()


async def test_bad_posts_are_refused(house: Any) -> None:
    assert (await post(house, None, {"type": "message", "cid": "cid-00001"}))[0] == 400
    assert (await post(house, None, {"type": "sudo"}))[0] == 400
    assert (await post(house, "no such session", {"type": "seen", "seq": 1}))[0] == 404
    for body in (b"{", b"\xff", b'{"x": ' + b"[" * 30_000 + b"]" * 30_000 + b"}"):
        async with house.http.post(house.path("events"), data=body) as answer:
            assert answer.status == 400
    async with house.http.post(house.path("events"), data=b"x" * 70_000) as answer:
        assert answer.status == 413
    async with house.http.get(house.path("sse"), params={"session": "x"}) as answer:
        assert answer.status == 404
    assert (await post(house, None, {"type": "hello", "identity": "x.y"}))[0] == 401
    assert len(house.channel._reception.slots) == 0


async def test_streams_count_as_connections_until_they_are_given_up(run_house: Any) -> None:
    async with run_house(max_sockets=2) as house:
        for _ in range(2):
            assert (await post(house, None, {"type": "hello"}))[0] == 200
        assert (await post(house, None, {"type": "hello"}))[0] == 503
        for sid in list(house.channel._streams._streams):
            house.channel._streams._drop(sid)
        assert (await post(house, None, {"type": "hello"}))[0] == 200
