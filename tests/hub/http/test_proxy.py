"""The way through the hub to a channel's own port: requests, sockets, and what must not pass."""

import asyncio
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from aiohttp import WSMsgType, web
from multidict import CIMultiDict
from yarl import URL

from core.testing.nats import NatsServer
from hub.demo import PASSWORD
from tests.hub.support.house import House, until
from tests.journeys.support.clients import Agent

INSTANCE = "web_chat-main"


class Far:
    """A channel's HTTP port; remembers the headers of every request."""

    def __init__(self) -> None:
        self.requests: list[web.BaseRequest] = []
        self.closes: list[int | None] = []
        self.runner = web.AppRunner(self._app())

    async def start(self, path: Path) -> str:
        """Serve on a socket file and return the place."""
        await self.runner.setup()
        await web.UnixSite(self.runner, str(path)).start()
        return f"unix:{path}"

    def _app(self) -> web.Application:
        app = web.Application(client_max_size=64 * 1_048_576)
        app.router.add_route("*", "/channels/{instance}/echo", self.echo)
        app.router.add_get("/channels/{instance}/page", self.page)
        app.router.add_get("/channels/{instance}/breaks", self.breaks)
        app.router.add_get("/channels/{instance}/ws", self.socket)
        return app

    async def echo(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(request)
        return web.Response(body=await request.read(), headers={"X-Query": request.rel_url.raw_query_string})

    async def page(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(request)
        response = web.Response(text="<script>steal()</script>", content_type="text/html")
        response.set_cookie("lianxin_session", "fixed")
        response.set_cookie("own", "kept")
        return response

    async def breaks(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "1000"})
        await response.prepare(request)
        await response.write(b"half")
        assert request.transport is not None
        request.transport.abort()
        return response

    async def socket(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(request)
        socket = web.WebSocketResponse(protocols=("sip",))
        await socket.prepare(request)
        async for message in socket:
            if message.type is WSMsgType.TEXT and message.data == "end":
                await socket.close(code=4001)
            elif message.type is WSMsgType.TEXT:
                await socket.send_str(message.data[::-1])
            elif message.type is WSMsgType.BINARY:
                await socket.send_bytes(message.data)
        self.closes.append(socket.close_code)
        return socket


@asynccontextmanager
async def _far(house: House, folder: Path) -> AsyncIterator[Far]:
    far = Far()
    house.services.plugin_instances._proxy.place(INSTANCE, await far.start(folder / "c.sock"))
    yield far
    await far.runner.cleanup()


@pytest.fixture
async def far(house: House, tmp_path: Path) -> AsyncIterator[Far]:
    async with _far(house, tmp_path) as far:
        yield far


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as http:
        yield http


def _at(house: House, rest: str) -> str:
    return f"{house.url}/channels/{INSTANCE}/{rest}"


async def test_requests_pass_with_their_query_and_body(house: House, far: Far, http: aiohttp.ClientSession) -> None:
    for data in (b"", b"x", bytes(range(256)) * 8_000):
        async with http.post(_at(house, "echo?a=1%262&b=%20"), data=io.BytesIO(data)) as answer:
            assert (answer.status, await answer.read()) == (200, data)
            assert answer.headers["X-Query"] == "a=1%262&b=%20"


async def test_sockets_pass_both_ways_with_their_close_code(
    house: House, far: Far, http: aiohttp.ClientSession
) -> None:
    async with http.ws_connect(_at(house, "ws")) as socket:
        await socket.send_str("abc")
        assert await socket.receive_str() == "cba"
        await socket.send_bytes(b"\x00\xff")
        assert await socket.receive_bytes() == b"\x00\xff"
        await socket.send_str("end")
        await socket.receive()
        assert socket.close_code == 4001


async def test_a_socket_speaks_the_subprotocol_that_the_channel_chooses(
    house: House, far: Far, http: aiohttp.ClientSession
) -> None:
    async with http.ws_connect(_at(house, "ws"), protocols=("msrp", "sip")) as socket:
        assert socket.protocol == "sip"
        assert far.requests[-1].headers["Sec-WebSocket-Protocol"] == "msrp,sip"


async def test_a_citizen_who_vanishes_closes_the_far_socket(
    house: House, far: Far, http: aiohttp.ClientSession
) -> None:
    socket = await http.ws_connect(_at(house, "ws"))
    await socket.send_str("abc")
    await socket.receive_str()
    assert socket._response.connection is not None
    socket._response.connection.transport.abort()  # type: ignore[union-attr]
    await until(lambda: bool(far.closes))


async def test_large_messages_pass_at_the_pace_of_who_reads_them(
    house: House, far: Far, http: aiohttp.ClientSession
) -> None:
    async with http.ws_connect(_at(house, "ws"), max_msg_size=0) as socket:
        sizes = [1_000_000 + number for number in range(8)]
        for size in sizes:
            await socket.send_bytes(bytes(size))
        assert [len(await socket.receive_bytes()) for _ in sizes] == sizes


@asynccontextmanager
async def _raw_far(house: House, path: Path, answer: bytes) -> AsyncIterator[None]:
    """A channel that gives ``answer`` to whoever asks and then hangs up."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await writer.drain()
        writer.close()

    server = await asyncio.start_unix_server(serve, str(path))
    house.services.plugin_instances._proxy.place(INSTANCE, f"unix:{path}")
    try:
        yield
    finally:
        server.close()
        await server.wait_closed()


STUBBORN = {
    "says no": (b"HTTP/1.1 403 Forbidden\r\n\r\n", 403),
    "says something else": (b"HTTP/1.1 200 OK\r\n\r\n", 502),
    "says nothing": (b"", 502),
    "speaks no HTTP": (b"\0" * 20_000, 502),
}


@pytest.mark.parametrize("label", STUBBORN)
async def test_a_channel_that_does_not_want_a_socket_is_said_so(
    house: House, tmp_path: Path, http: aiohttp.ClientSession, label: str
) -> None:
    answer, status = STUBBORN[label]
    async with _raw_far(house, tmp_path / "c.sock", answer):
        with pytest.raises(aiohttp.WSServerHandshakeError, match=str(status)):
            await http.ws_connect(_at(house, "ws"))


async def test_a_channel_s_handshake_passes_nothing_but_itself(
    house: House, tmp_path: Path, http: aiohttp.ClientSession
) -> None:
    injected = b"Sec-WebSocket-Protocol: sip\nSet-Cookie: lianxin_session=fixed\r\nSet-Cookie: a=b\r\n"
    words = b"HTTP/1.1 101 Yes\r\n" + injected + b"Sec-WebSocket-Accept: x\r\n\r\n"
    async with _raw_far(house, tmp_path / "c.sock", words + b"\x81\x02hi"):
        reader, writer = await asyncio.open_connection("127.0.0.1", URL(house.url).port)
        writer.write(
            f"GET /channels/{INSTANCE}/ws HTTP/1.1\r\nHost: x\r\n".encode()
            + b"Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
        )
        async with asyncio.timeout(30):
            head, _, first_words = (await reader.read()).partition(b"\r\n\r\n")
        writer.close()
    assert b"101" in head
    assert b"Sec-WebSocket-Accept: x" in head
    assert b"Cookie" not in head
    assert first_words == b"\x81\x02hi"


async def test_a_channel_that_is_away_is_said_to_be(house: House, tmp_path: Path, http: aiohttp.ClientSession) -> None:
    async with http.get(_at(house, "echo")) as answer:
        assert (answer.status, (await answer.json())["error"]["code"]) == (502, "channel_away")
        assert answer.headers["Retry-After"] == "2"
    async with _far(house, tmp_path):
        pass
    async with http.get(_at(house, "echo")) as answer:
        assert answer.status == 502
    with pytest.raises(aiohttp.WSServerHandshakeError, match="502"):
        await http.ws_connect(_at(house, "ws"))


async def test_who_asks_for_a_channel_that_is_starting_waits_for_it(
    house: House, tmp_path: Path, http: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = house.services.plugin_instances._proxy
    monkeypatch.setattr("hub.http.proxy.COMING_S", 60.0)
    proxy.expect(INSTANCE)
    coming = proxy._coming[INSTANCE]
    async with asyncio.TaskGroup() as tasks:
        asked = tasks.create_task(http.get(_at(house, "echo")))
        await until(lambda: bool(coming._waiters))  # type: ignore[attr-defined]
        proxy.expect(INSTANCE)
        async with _far(house, tmp_path):
            assert (await asked).status == 200
    proxy.expect(INSTANCE)
    monkeypatch.setattr("hub.http.proxy.COMING_S", 0.05)
    async with http.get(_at(house, "echo")) as answer:
        assert answer.status == 502


async def test_an_answer_that_breaks_off_is_not_completed(house: House, far: Far, http: aiohttp.ClientSession) -> None:
    async with http.get(_at(house, "breaks")) as answer:
        with pytest.raises(aiohttp.ClientPayloadError):
            await answer.read()


async def test_nobody_says_where_they_come_from(house: House, far: Far, http: aiohttp.ClientSession) -> None:
    forged = {"X-Forwarded-For": "6.6.6.6", "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https"}
    await (await http.get(_at(house, "echo"), headers=forged)).read()
    (request,) = far.requests
    assert request.headers.getall("X-Forwarded-For") == ["127.0.0.1"]
    assert request.headers["X-Forwarded-Host"] in house.url
    assert request.headers["X-Forwarded-Proto"] == "http"


async def test_a_trusted_proxy_is_believed(
    nats_server: NatsServer, data: Path, tmp_path: Path, http: aiohttp.ClientSession
) -> None:
    house = House(nats_server, data, http={"trusted_proxies": ("127.0.0.1",)})
    await house.start()
    async with _far(house, tmp_path) as far:
        await (await http.get(_at(house, "echo"), headers={"X-Forwarded-For": "6.6.6.6, 7.7.7.7"})).read()
        assert far.requests[0].headers["X-Forwarded-For"] == "7.7.7.7"
    await house.stop()


COOKIES = {
    "alone": ["lianxin_session={}"],
    "among others": ["a=1; lianxin_session={}; b=2"],
    "without a space": ["a=1;lianxin_session={};b=2"],
    "with a space": ["a=1; lianxin_session ={}; b=2"],
    "in a second header": ["a=1", "lianxin_session={}; b=2"],
}


@pytest.mark.parametrize("label", COOKIES)
@pytest.mark.parametrize("rest", ["echo", "ws"])
async def test_the_session_never_reaches_a_channel(house: House, far: Far, label: str, rest: str) -> None:
    async with Agent(house.url, "zhou", PASSWORD) as zhou, aiohttp.ClientSession() as http:
        (cookie,) = zhou.http.cookie_jar
        headers = CIMultiDict([("Cookie", one.format(cookie.value)) for one in COOKIES[label]])
        if rest == "ws":
            async with http.ws_connect(_at(house, rest), headers=headers):
                pass
        else:
            await (await http.get(_at(house, rest), headers=headers)).read()
        (request,) = far.requests
        assert cookie.value not in str(request.raw_headers)
        if label != "alone":
            assert "a=1" in str(request.raw_headers)


async def test_a_channel_runs_nothing_in_the_desks_name(house: House, far: Far, http: aiohttp.ClientSession) -> None:
    async with http.get(_at(house, "page")) as answer:
        policies = ",".join(answer.headers.getall("Content-Security-Policy"))
        assert "sandbox" in policies
        assert "allow-same-origin" not in policies
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert list(answer.cookies) == ["own"]


async def test_a_body_beyond_the_limit_is_refused(
    house: House, far: Far, http: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.http.proxy.MAX_BODY", 1_000)

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(3):
            yield b"x" * 500

    for data in (b"x" * 1_500, pieces()):
        async with http.post(_at(house, "echo"), data=data) as answer:
            assert (answer.status, (await answer.json())["error"]["code"]) == (413, "too_large")
