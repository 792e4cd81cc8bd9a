"""A loft on loopback for the tests: birds land and letters leave."""

import asyncio
import socket
from typing import Any

from aiohttp import web

KEY = "coo-coo"


class Loft:
    """The far end as the contract suite wants it."""

    def __init__(self) -> None:
        self.received: list[dict[str, str]] = []
        self._answers: list[dict[str, Any]] = []
        self._landed: asyncio.Queue[dict[str, str]] = asyncio.Queue()
        self._runner: web.AppRunner | None = None
        self._port = 0

    async def start(self) -> dict[str, Any]:
        app = web.Application(middlewares=[_check_key])
        app.add_routes(
            [
                web.get("/health", self._health),
                web.get("/arrivals", self._arrivals),
                web.post("/letters", self._letters),
            ]
        )
        self._runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.01)
        await self._runner.setup()
        listener = socket.create_server(("127.0.0.1", self._port))
        self._port = listener.getsockname()[1]
        await web.SockSite(self._runner, listener).start()
        return {"url": f"http://127.0.0.1:{self._port}", "key": KEY}

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def deliver(self, raw: dict[str, str]) -> None:
        self._landed.put_nowait(raw)

    def script(self, answer: dict[str, Any]) -> None:
        self._answers.append(answer)

    async def _health(self, _: web.Request) -> web.Response:
        return web.json_response({})

    async def _arrivals(self, request: web.Request) -> web.Response:
        try:
            async with asyncio.timeout(float(request.query["wait"])):
                return web.json_response([await self._landed.get()])
        except TimeoutError:
            return web.json_response([])

    async def _letters(self, request: web.Request) -> web.Response:
        if self._answers:
            return web.Response(**self._answers.pop(0))
        self.received.append(await request.json())
        return web.json_response({"bird": f"b-{len(self.received)}"})


@web.middleware
async def _check_key(request: web.Request, handler: Any) -> web.StreamResponse:
    if request.headers.get("X-Loft-Key") != KEY:
        return web.Response(status=401)
    answer: web.StreamResponse = await handler(request)
    return answer
