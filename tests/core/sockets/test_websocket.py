"""Sockets that were taken from the web server, on both event loops, spoken to by a client and by raw bytes."""

import asyncio
import base64
import gc
import ssl
import weakref
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
import uvloop
from aiohttp import WSCloseCode, WSMsgType, web

from core.sockets import WebSocket, upgrade, websocket
from tests.certificates import make_certificate

Serve = Callable[[WebSocket], Awaitable[None]]
LOOPS = {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}
WITHIN_S = 30.0
MASK = b"\0\0\0\0"  # changes nothing
TEXT, BINARY, CLOSE, PONG = 0x81, 0x82, 0x88, 0x8A


class Server:
    """Serves one kind of socket at ``url``."""

    def __init__(self, serve: Serve, max_bytes: int, heartbeat_s: float | None) -> None:
        self._serve, self._max_bytes, self._heartbeat_s = serve, max_bytes, heartbeat_s
        self.tasks: list[asyncio.Task[None]] = []
        self.requests: list[weakref.ref[web.Request]] = []
        self.url = ""
        self.port = 0

    async def handle(self, request: web.Request) -> web.StreamResponse:
        socket, answer = await upgrade(request, max_bytes=self._max_bytes, heartbeat_s=self._heartbeat_s)
        self.requests.append(weakref.ref(request))
        self.tasks.append(asyncio.ensure_future(self._serve(socket)))  # type: ignore[arg-type]
        return answer


@asynccontextmanager
async def serving(
    serve: Serve, *, max_bytes: int = 1_000, heartbeat_s: float | None = None, tls: ssl.SSLContext | None = None
) -> AsyncIterator[Server]:
    server = Server(serve, max_bytes, heartbeat_s)
    app = web.Application()
    app.router.add_get("/", server.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls).start()
    server.port = runner.addresses[0][1]
    server.url = f"https://localhost:{server.port}/" if tls else f"http://127.0.0.1:{server.port}/"
    try:
        yield server
        async with asyncio.timeout(WITHIN_S):
            await asyncio.gather(*server.tasks)
    finally:
        for task in server.tasks:
            task.cancel()
        await runner.cleanup()


async def echo(socket: WebSocket) -> None:
    while (message := await socket.receive()) is not None:
        await socket.send(message.encode() if isinstance(message, str) else b"%d bytes" % len(message))


@asynccontextmanager
async def raw(server: Server) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """Open a socket by hand, past its handshake."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    key = base64.b64encode(b"0123456789abcdef").decode()
    words = ["GET / HTTP/1.1", "Host: x", "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13"]
    writer.write(("\r\n".join([*words, f"Sec-WebSocket-Key: {key}"]) + "\r\n\r\n").encode())
    assert b" 101 " in await reader.readuntil(b"\r\n\r\n")
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


def frame(first: int, data: bytes = b"") -> bytes:
    """Return a short masked frame."""
    return bytes([first, 0x80 | len(data)]) + MASK + data


@pytest.fixture(params=LOOPS)
def run(request: pytest.FixtureRequest) -> Callable[[Awaitable[None]], None]:
    """Return what runs a scenario on one of the event loops."""

    def run(scenario: Awaitable[None]) -> None:
        async def bounded() -> None:
            async with asyncio.timeout(3 * WITHIN_S):
                await scenario

        with asyncio.Runner(loop_factory=LOOPS[request.param]) as runner:
            runner.run(bounded())

    return run


def test_messages_pass_in_their_order_and_the_close_is_answered(run: Callable[[Awaitable[None]], None]) -> None:
    async def scenario() -> None:
        async with serving(echo) as server, aiohttp.ClientSession() as http, http.ws_connect(server.url) as client:
            for text in ("a", "你好", "", "x" * 1_000):
                await client.send_str(text)
            assert [await client.receive_str() for _ in range(4)] == ["a", "你好", "", "x" * 1_000]
            await client.send_bytes(b"\xff\0")
            assert await client.receive_str() == "2 bytes"
            await client.ping(b"?")
            await client.close(code=4001)
            assert client.close_code == 4001

    run(scenario())


def test_messages_of_every_size_pass_over_tls(run: Callable[[Awaitable[None]], None], tmp_path: Path) -> None:
    certificate, key = make_certificate(tmp_path)
    ours = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    ours.load_cert_chain(certificate, key)
    theirs = ssl.create_default_context(cafile=certificate)

    async def scenario() -> None:
        async with (
            serving(echo, max_bytes=1_000_000, tls=ours) as server,
            aiohttp.ClientSession() as http,
            http.ws_connect(server.url, ssl=theirs) as client,
        ):
            for size in (1, 100_000, 1_000_000):
                await client.send_str("x" * size)
                assert len(await client.receive_str()) == size
            await client.close(code=4001)
            assert client.close_code == 4001

    run(scenario())


def test_the_request_is_forgotten_while_its_socket_is_open(run: Callable[[Awaitable[None]], None]) -> None:
    async def scenario() -> None:
        async with serving(echo) as server, aiohttp.ClientSession() as http, http.ws_connect(server.url) as client:
            await client.send_str("here")
            await client.receive_str()
            gc.collect()
            assert [request() for request in server.requests] == [None]

    run(scenario())


def test_a_message_comes_in_pieces_even_in_thousands_of_empty_ones(run: Callable[[Awaitable[None]], None]) -> None:
    async def scenario() -> None:
        async with serving(echo) as server, raw(server) as (reader, writer):
            writer.write(frame(0x01, b"a") + frame(0x00) * 10_000 + frame(0x89) + frame(0x00, b"b") + frame(0x80, b"c"))
            assert await reader.readexactly(2) == bytes([PONG, 0])  # to the ping in between
            assert await reader.readexactly(5) == bytes([TEXT, 3]) + b"abc"
            writer.write(frame(0x02, b"1") + frame(0x80, b"2"))
            assert (await reader.readexactly(9))[2:] == b"2 bytes"

    run(scenario())


BROKEN = {
    "a message beyond the limit": (bytes([TEXT, 0xFE]) + (1_001).to_bytes(2) + MASK + b"x" * 1_001, 1009),
    "pieces beyond the limit": ((frame(0x01, b"x" * 100) + frame(0x00, b"x" * 100) * 10), 1009),
    "no UTF-8": (frame(TEXT, b"\xff"), 1007),
    "no mask": (bytes([TEXT, 1]) + b"x", 1002),
    "an unknown kind": (frame(0x83), 1002),
    "a piece of nothing": (frame(0x80, b"x"), 1002),
}


@pytest.mark.parametrize("label", BROKEN)
def test_who_breaks_the_rules_is_told_and_sent_away(run: Callable[[Awaitable[None]], None], label: str) -> None:
    data, code = BROKEN[label]

    async def scenario() -> None:
        async with serving(echo) as server, raw(server) as (reader, writer):
            writer.write(data)
            answer = await reader.read()
            assert (answer[0], int.from_bytes(answer[2:4])) == (CLOSE, code)

    run(scenario())


def test_who_is_no_web_socket_is_refused(run: Callable[[Awaitable[None]], None]) -> None:
    async def scenario() -> None:
        async with serving(echo) as server, aiohttp.ClientSession() as http, http.get(server.url) as answer:
            assert answer.status == 400

    run(scenario())


def test_a_peer_that_vanishes_ends_reading_and_writing(run: Callable[[Awaitable[None]], None]) -> None:
    async def serve(socket: WebSocket) -> None:
        assert await socket.receive() == "x"
        assert await socket.receive() is None
        assert not socket.is_open
        with pytest.raises(ConnectionResetError):
            await socket.send(b"anybody?")
        await socket.close()

    async def scenario() -> None:
        async with serving(serve) as server, raw(server) as (_, writer):
            writer.write(frame(TEXT, b"x"))
            await writer.drain()
            writer.transport.abort()

    run(scenario())


def test_a_slow_reader_gets_everything_and_makes_the_writer_wait(run: Callable[[Awaitable[None]], None]) -> None:
    size, count = 100_000, 200
    sent = []

    async def serve(socket: WebSocket) -> None:
        for number in range(count):
            await socket.send(b"%03d" % number + b"." * size)
            sent.append(number)
        assert await socket.receive() is None

    async def scenario() -> None:
        async with serving(serve) as server, raw(server) as (reader, _):
            for number in range(count):
                head = await reader.readexactly(10 + 3)
                assert int(head[10:]) == number
                assert len(sent) < count or number > 0  # the first is not read before all are sent
                await reader.readexactly(size)

    run(scenario())


def test_a_flood_is_read_no_faster_than_it_is_received(run: Callable[[Awaitable[None]], None]) -> None:
    go = []

    async def serve(socket: WebSocket) -> None:
        await go[0].wait()
        seen = 0
        while (message := await socket.receive()) is not None:
            assert message == f"{seen:06}"
            assert len(socket._messages) < 25_000  # a loop reads 256 KB at once; the rest waits outside
            seen += 1
            if seen == 50_000:
                await socket.send(b"all")

    async def scenario() -> None:
        go.append(asyncio.Event())
        async with serving(serve) as server, raw(server) as (reader, writer):
            for number in range(50_000):
                writer.write(frame(TEXT, b"%06d" % number))
            go[0].set()
            await writer.drain()
            assert await reader.readexactly(5) == bytes([TEXT, 3]) + b"all"

    run(scenario())


def test_a_peer_without_a_sign_of_life_is_cut_off(run: Callable[[Awaitable[None]], None]) -> None:
    async def scenario() -> None:
        async with serving(echo, heartbeat_s=0.05) as server, raw(server) as (reader, _):
            assert await reader.readexactly(2) == bytes([0x89, 0])  # a ping, which stays unanswered
            with pytest.raises((asyncio.IncompleteReadError, ConnectionResetError)):
                await reader.readexactly(1_000)

    run(scenario())


def test_a_peer_that_answers_pings_stays(run: Callable[[Awaitable[None]], None]) -> None:
    async def scenario() -> None:
        async with serving(echo, heartbeat_s=1.0) as server, raw(server) as (reader, writer):
            for _ in range(2):
                assert await reader.readexactly(2) == bytes([0x89, 0])
                writer.write(frame(PONG))

    run(scenario())


def test_our_close_tells_why_and_waits_for_the_answer(run: Callable[[Awaitable[None]], None]) -> None:
    async def serve(socket: WebSocket) -> None:
        await socket.close(WSCloseCode.GOING_AWAY, "bye")
        assert not socket.is_open

    async def scenario() -> None:
        async with serving(serve) as server, aiohttp.ClientSession() as http, http.ws_connect(server.url) as client:
            message = await client.receive()
            assert (message.type, message.data, message.extra) == (WSMsgType.CLOSE, 1001, "bye")

    run(scenario())


def test_a_peer_that_does_not_answer_our_close_is_cut_off(
    run: Callable[[Awaitable[None]], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(websocket, "CLOSE_S", 0.05)

    async def serve(socket: WebSocket) -> None:
        await socket.close()

    async def scenario() -> None:
        async with serving(serve) as server, raw(server):
            async with asyncio.timeout(WITHIN_S):
                while not server.tasks:
                    await asyncio.sleep(0)
                await asyncio.gather(*server.tasks)

    run(scenario())
