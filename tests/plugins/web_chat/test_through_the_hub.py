"""The same conversation through the hub's own port, as citizens' browsers reach the channel."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web

from hub.http.proxy import ChannelProxy
from tests.plugins.web_chat.memory_hub import INSTANCE, Chat, House
from tests.plugins.web_chat.test_media import picture, upload
from tests.plugins.web_chat.test_streams import listen, post
from tests.plugins.web_chat.tools import address_of


@pytest.fixture
async def front(house: House) -> AsyncIterator[House]:
    """Return the house as it is seen from outside."""
    proxy = ChannelProxy(())
    proxy.place(INSTANCE, house.url)
    app = web.Application()
    proxy.mount(app)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    yield House(f"http://{host}:{port}", house.hub, house.channel, house.http)
    await runner.cleanup()


async def test_a_conversation_and_a_picture_pass(front: House) -> None:
    chat = Chat(await front.http.ws_connect(front.path("ws"), origin=front.url))
    await chat.send("hello")
    chat.welcome = await chat.next()
    await front.hub.say(address_of(chat), "您好")
    assert (await chat.next("message"))["text"] == "您好"
    status, uploaded = await upload(front, chat.welcome["visitor"], picture())
    assert status == 200
    await chat.send("message", cid="cid-00001", attachments=[uploaded["handle"]])
    assert (await chat.next("ack", "refused"))["type"] == "ack"
    async with front.http.get(front.path(uploaded["file"]["url"])) as answer:
        assert answer.headers["Content-Type"] == "image/jpeg"
        assert (await answer.read()).startswith(b"\xff\xd8")


async def test_the_reason_of_a_close_passes(front: House) -> None:
    chat = await front.connect()
    await chat.send("typing", on=True)
    assert (await chat.next())["code"] == "hello_first"
    assert (await chat.next("closed"))["code"] == 4400


async def test_an_event_stream_is_not_held_back(front: House) -> None:
    _, answer = await post(front, None, {"type": "hello"})
    listener: Any = await listen(front, answer["session"])
    assert (await listener.next("situation"))["situation"] == "none"
    listener.answer.close()


async def test_a_foreign_page_is_refused_by_its_origin(front: House) -> None:
    async with front.http.post(front.path("events"), data=b"{}", headers={"Origin": "https://evil.example"}) as answer:
        assert answer.status == 403
