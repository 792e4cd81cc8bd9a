"""Web services that flows ask: what counts as an answer, and what as none."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from hub.connectors.answers import MAX_ANSWER_BYTES, CannotLookUp
from hub.connectors.http import ask
from hub.connectors.settings import HttpConnector

ANSWERS: dict[str, dict[str, Any]] = {
    "kinds": {"text": '{"name": "王", "fee": 12.5, "is_open": true, "note": null}'},
    "nested": {"text": '{"permits": [1]}'},
    "list": {"text": "[]"},
    "page": {"text": "<html>"},
    "long": {"body": b"x" * (MAX_ANSWER_BYTES + 1)},
    "elsewhere": {"status": 302, "headers": {"Location": "/echo"}},
    "unknown": {"status": 404},
    "forbidden": {"status": 401},
    "failing": {"status": 500},
}


@pytest.fixture
async def service() -> AsyncIterator[TestServer]:
    """Answer as the path says."""

    async def echo(request: web.Request) -> web.Response:
        body = await request.json() if request.can_read_body else {}
        return web.json_response({"method": request.method, **request.query, **body})

    async def answer(request: web.Request) -> web.Response:
        return web.Response(**ANSWERS[request.path.removeprefix("/")])

    async def break_off(request: web.Request) -> web.Response:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    app = web.Application()
    app.router.add_route("*", "/echo", echo)
    app.router.add_get("/broken", break_off)
    for how in ANSWERS:
        app.router.add_get(f"/{how}", answer)
    async with TestServer(app) as server:
        yield server


def connector(service: TestServer, how: str, method: str = "GET") -> HttpConnector:
    return HttpConnector(url=str(service.make_url(f"/{how}")), method=method)  # type: ignore[arg-type]


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_parameters_are_sent_as_query_or_body(service: TestServer, method: str) -> None:
    assert await ask(connector(service, "echo", method), {"number": "7&8"}) == {"method": method, "number": "7&8"}


async def test_values_become_texts_and_nothing_is_left_out_but_what_is_null(service: TestServer) -> None:
    assert await ask(connector(service, "kinds"), {}) == {"name": "王", "fee": "12.5", "is_open": "true"}


async def test_what_the_service_does_not_know_is_no_failure(service: TestServer) -> None:
    assert await ask(connector(service, "unknown"), {}) is None


@pytest.mark.parametrize(
    ("how", "why"),
    [
        ("failing", "status 500"),
        ("forbidden", "status 401"),
        ("elsewhere", "status 302"),
        ("long", "more than"),
        ("broken", "cannot be reached"),
        ("nested", "no flat JSON object"),
        ("page", "no flat JSON object"),
        ("list", "no flat JSON object"),
    ],
)
async def test_whatever_is_no_answer_says_why(service: TestServer, how: str, why: str) -> None:
    with pytest.raises(CannotLookUp, match=why):
        await ask(connector(service, how), {})


async def test_a_service_that_is_not_there_says_so() -> None:
    listener = await asyncio.start_server(lambda _reader, _writer: None, "127.0.0.1", 0)
    port = listener.sockets[0].getsockname()[1]
    listener.close()
    await listener.wait_closed()
    with pytest.raises(CannotLookUp, match="cannot be reached"):
        await ask(HttpConnector(url=f"http://127.0.0.1:{port}/"), {})
