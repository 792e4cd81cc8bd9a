"""The stream of events against a server that misbehaves: breaks, garbage, events before the stock is taken."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest
from aiohttp import web

from core.config import Secret
from plugins.voice.ari import Ari, Lost, Snapshot
from plugins.voice.ari.events import ChannelDtmfReceived

AT = "2026-11-22T18:00:00.125+0800"
CHANNEL = '{{"id": "1", "name": "PJSIP/a-1"}}'
DTMF = f'{{{{"type": "ChannelDtmfReceived", "timestamp": "{AT}", "digit": "{{}}", "channel": {CHANNEL}}}}}'


class FakeAsterisk:
    """Answers the questions of stock-taking, and sends on each connection what ``script`` says before it closes it."""

    def __init__(self, script: list[list[str]]) -> None:
        self.script = script
        self.stock_may_be_taken = asyncio.Event()
        self.stock_may_be_taken.set()
        self.sent = asyncio.Event()

    async def events(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        if not self.script:
            await socket.receive()
            return socket
        for line in self.script.pop(0):
            await socket.send_str(line)
        self.sent.set()
        await self.stock_may_be_taken.wait()
        await socket.close()
        return socket

    async def answer(self, request: web.Request) -> web.Response:
        if "applications" in request.path:
            return web.json_response({"name": "lianxin", "channel_ids": ["1"]})
        await self.stock_may_be_taken.wait()
        return web.json_response([{"id": "1", "name": "PJSIP/a-1"}] if request.path.endswith("channels") else [])


@pytest.fixture
async def fake() -> AsyncIterator[tuple[FakeAsterisk, Ari]]:
    """Yield a server and the client to it."""
    asterisk = FakeAsterisk([])
    app = web.Application()
    app.router.add_get("/ari/events", asterisk.events)
    app.router.add_get("/ari/{rest:.*}", asterisk.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    async with Ari(f"http://127.0.0.1:{port}", "lianxin", Secret("x"), app="lianxin") as ari:
        yield asterisk, ari
    await runner.cleanup()


async def test_the_stock_comes_before_every_event_that_arrived_meanwhile(fake: tuple[FakeAsterisk, Ari]) -> None:
    asterisk, ari = fake
    asterisk.script = [[DTMF.format(1), DTMF.format(2)]]
    asterisk.stock_may_be_taken.clear()
    async with aclosing(aiter(ari.events())) as stream:
        first = asyncio.ensure_future(anext(stream))
        await asterisk.sent.wait()
        asterisk.stock_may_be_taken.set()
        snapshot = await first
        assert isinstance(snapshot, Snapshot)
        assert [channel.id for channel in snapshot.channels] == ["1"]
        events = [await anext(stream), await anext(stream)]
        assert [event.digit for event in events if isinstance(event, ChannelDtmfReceived)] == ["1", "2"]


async def test_after_a_break_the_stock_is_taken_anew(fake: tuple[FakeAsterisk, Ari]) -> None:
    asterisk, ari = fake
    asterisk.script = [[DTMF.format(1)], [DTMF.format(2)]]
    async with aclosing(aiter(ari.events())) as stream:
        kinds = [type(await anext(stream)) for _ in range(5)]
    assert kinds == [Snapshot, ChannelDtmfReceived, Lost, Snapshot, ChannelDtmfReceived]


async def test_garbage_is_counted_and_skipped_with_one_line_each(
    fake: tuple[FakeAsterisk, Ari], caplog: pytest.LogCaptureFixture
) -> None:
    asterisk, ari = fake
    asterisk.script = [["no json", '{"type": "ChannelDtmfReceived"}', '{"type": "Unheard"}', DTMF.format(3)]]
    events = ari.events()
    async with aclosing(aiter(events)) as stream:
        assert isinstance(await anext(stream), Snapshot)
        event = await anext(stream)
    assert isinstance(event, ChannelDtmfReceived)
    assert event.digit == "3"
    assert events.skipped == 2
    assert len([record for record in caplog.records if "was skipped" in record.message]) == 2
