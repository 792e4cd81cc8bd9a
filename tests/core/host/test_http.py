import asyncio
import socket
from functools import partial

import aiohttp
import pytest
from aiohttp import web

from core.channel import ServesHttp
from core.connections import SilentConnections
from core.host import http as http_module
from core.host.http import serve
from core.host.job import HttpPlace
from core.webhooks import Refused, Route

from .conftest import INSTANCE, READY, Box

KEY = "Signature"


async def check(request: web.Request) -> None:
    await request.read()
    if request.headers.get(KEY) != "good":
        raise Refused(403, "bad_signature", "signature does not match")


class Hooks(Box, ServesHttp):
    def __init__(self, config, link) -> None:
        super().__init__(config, link)
        self.handled: list[bytes] = []

    def routes(self):
        return (
            Route("POST", "/hook", self._hook, check, max_bytes=100),
            Route("POST", "/broken", self._broken, check),
            Route("GET", "/socket", self._socket, check),
        )

    async def _hook(self, request: web.Request) -> web.Response:
        self.handled.append(await request.read())
        return web.json_response({"ok": True})

    async def _broken(self, request: web.Request) -> web.Response:
        raise RuntimeError("bug")

    async def _socket(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        async for message in socket:
            await socket.send_str(message.data)
        return socket


@pytest.fixture
async def hooks(hub, start):
    async with start(Hooks) as box:
        await hub.wait_for(READY)
        address = next(report["http"] for report in box.reports if report["event"] == "ready")
        async with aiohttp.ClientSession(f"{address}/channels/{INSTANCE}/") as session:
            yield box.channel, session


GOOD = {KEY: "good"}
CASES = [
    pytest.param(("hook", GOOD, b"x"), (200, {"ok": True}), id="signed"),
    pytest.param(("hook", {}, b"x"), (403, {"error": {"code": "bad_signature"}}), id="unsigned"),
    pytest.param(("hook", GOOD, b"x" * 101), (413, {"error": {"code": "too_large"}}), id="too large"),
    pytest.param(("broken", GOOD, b"x"), (500, {"error": {"code": "error"}}), id="a bug"),
]


@pytest.mark.parametrize(("request_", "answer"), CASES)
async def test_each_request_gets_its_answer(hooks, request_, answer):
    _, session = hooks
    path, headers, body = request_
    async with session.post(path, headers=headers, data=body) as response:
        assert (response.status, await response.json()) == answer


async def test_a_body_that_hides_its_length_is_cut_off(hooks):
    async def endless():
        for _ in range(50):
            yield b"x" * 10

    channel, session = hooks
    async with session.post("hook", headers=GOOD, data=endless()) as response:
        assert response.status == 413
    assert not channel.handled


async def test_the_handler_never_sees_what_the_check_refused(hooks):
    channel, session = hooks
    async with session.post("hook", data=b"forged"):
        pass
    assert channel.handled == []


async def test_web_sockets_pass_the_check_too(hooks):
    _, session = hooks
    with pytest.raises(aiohttp.WSServerHandshakeError, match="403"):
        await session.ws_connect("socket")
    async with session.ws_connect("socket", headers=GOOD) as ws:
        await ws.send_str("echo")
        assert await ws.receive_str() == "echo"


async def test_health_says_how_the_channel_is(hooks):
    _, session = hooks
    async with session.get("health") as response:
        assert await response.json() == {"state": "ready", "code": ""}


async def test_a_connection_that_says_nothing_is_closed(monkeypatch):
    monkeypatch.setattr(http_module, "SilentConnections", partial(SilentConnections, first_request_s=0.05))
    async with serve((), INSTANCE, HttpPlace(), lambda: {}) as address:
        port = int(address.rsplit(":", 1)[1])
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /half")
        assert await asyncio.wait_for(reader.read(), 30) == b""
        writer.close()


async def test_a_unix_socket_of_a_killed_predecessor_is_replaced(tmp_path):
    path = tmp_path / "s"
    with socket.socket(socket.AF_UNIX) as left_over:
        left_over.bind(str(path))
    async with serve((), INSTANCE, HttpPlace(path=str(path)), lambda: {"state": "ready"}) as address:
        assert address == f"unix:{path}"
        assert path.stat().st_mode & 0o777 == 0o600
        connector = aiohttp.UnixConnector(path=str(path))
        async with (
            aiohttp.ClientSession("http://plugin", connector=connector) as session,
            session.get(f"/channels/{INSTANCE}/health") as response,
        ):
            assert await response.json() == {"state": "ready"}
