"""HTTP gateways on loopback: one that behaves like Kannel's smsbox, one like a provider's JSON interface."""

import asyncio
import socket
from typing import Any
from urllib.parse import parse_qsl

import aiohttp
from aiohttp import web

USER, PASSWORD = "hotline", "kannel-pass-77"
API_KEY = "api-key-of-the-provider"
CALLBACK_KEY = "callback-key-0123456789"


class Gateway:
    """What both share: an HTTP server that is asked to send, and a client that calls the channel."""

    path = "/"

    def __init__(self) -> None:
        self.received: list[Any] = []
        self.base = ""
        self._answers: list[dict[str, Any]] = []
        self._runner: web.AppRunner | None = None
        self._port = 0
        self._met = asyncio.Event()

    async def start(self) -> dict[str, Any]:
        app = web.Application()
        app.router.add_route("*", self.path, self._serve)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.01)
        await self._runner.setup()
        listener = socket.create_server(("127.0.0.1", self._port))
        self._port = listener.getsockname()[1]
        await web.SockSite(self._runner, listener).start()
        return {"backend": self.backend(f"http://127.0.0.1:{self._port}{self.path}"), "sender": "1069"}

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def meet(self, address: str) -> None:
        self.base = address
        self._met.set()

    def script(self, answer: Any) -> None:
        self._answers.append(answer)

    def backend(self, url: str) -> dict[str, Any]:
        """Return the settings that lead here."""
        raise NotImplementedError

    async def call(self, method: str, path: str, **options: Any) -> int:
        """Call the channel and return the status of its answer."""
        async with aiohttp.ClientSession() as session:
            prefix = (await self._channels(session)) if not path.startswith("http") else ""
            async with session.request(method, prefix + path, **options) as answer:
                await answer.read()
                return answer.status

    async def _channels(self, session: aiohttp.ClientSession) -> str:
        async with asyncio.timeout(15):
            await self._met.wait()
        return self.base

    async def _serve(self, request: web.Request) -> web.Response:
        raise NotImplementedError


class Smsbox(Gateway):
    """Like Kannel 1.4.5: answers 202 "0: Accepted for delivery", checks the user before the recipient."""

    path = "/cgi-bin/sendsms"
    instance = ""

    def backend(self, url: str) -> dict[str, Any]:
        return {
            "protocol": "kannel",
            "url": url,
            "username": USER,
            "password": PASSWORD,
            "callback_url": "http://127.0.0.1:9/channels/x",
            "callback_key": CALLBACK_KEY,
            "answer_s": 5.0,
            "check_s": 0.2,
        }

    async def deliver(self, raw: Any) -> None:
        fields = {"key": CALLBACK_KEY, "to": "1069", **raw}
        assert await self.call("GET", f"/channels/{self.instance}/mo", params=fields) in (200, 400)

    async def _serve(self, request: web.Request) -> web.Response:
        fields = dict(parse_qsl(request.rel_url.raw_query_string))
        if (fields.get("username"), fields.get("password")) != (USER, PASSWORD):
            return web.Response(status=403, text="Authorization failed for sendsms")
        if "to" not in fields:
            return web.Response(status=400, text="Missing receiver number, rejected")
        if self._answers:
            return web.Response(**self._answers.pop(0))
        self.received.append({key: fields.get(key) for key in ("from", "to", "text", "coding")})
        return web.Response(status=202, text="0: Accepted for delivery")


class Provider(Gateway):
    """A JSON interface with its own ids and result codes."""

    path = "/v1/messages"
    instance = ""

    def backend(self, url: str) -> dict[str, Any]:
        return {
            "protocol": "http",
            "url": url,
            "body": '{"mobile": "{to}", "content": "{text}", "ref": "{message_id}"}',
            "headers": [{"name": "Authorization", "value": f"Bearer {API_KEY}"}],
            "ok_field": "code",
            "error_field": "code",
            "retry_values": ["busy"],
            "id_field": "data.0.id",
            "callback_key": CALLBACK_KEY,
            "in_source_field": "mobile",
            "in_text_field": "content",
            "answer_s": 5.0,
            "check_s": 0.2,
        }

    async def deliver(self, raw: Any) -> None:
        headers = {"X-Callback-Key": CALLBACK_KEY}
        status = await self.call("POST", f"/channels/{self.instance}/in", json=raw, headers=headers)
        assert status in (200, 400)

    async def _serve(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != f"Bearer {API_KEY}":
            return web.Response(status=401)
        if self._answers:
            return web.json_response(**self._answers.pop(0))
        self.received.append(await request.json())
        return web.json_response({"code": 0, "data": [{"id": f"p-{len(self.received)}"}]})
