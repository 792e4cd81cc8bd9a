"""A stand-in for Telegram's servers: holds updates until they are confirmed, brings them to a webhook, takes messages.

It refuses what Telegram refuses: a wrong token, calls that break the schema, two who fetch at once, unknown chats.
"""

import asyncio
import contextlib
import json
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from aiohttp import web

from tests.plugins.telegram.schema import faults

TOKEN = "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw"
SECRET = "a-webhook-secret-of-the-tests"
ANNA = 4711  # wrote to the bot, so that it may write to her
RETRY_S = 0.02


class BotApi:
    """One bot's end of Telegram; ``received`` holds the messages that it took for people."""

    mode = "polling"

    def __init__(self) -> None:
        self.received: list[Any] = []
        self.calls: list[str] = []
        self.violations: list[str] = []
        self.files: dict[str, bytes] = {}
        self.chats = {ANNA}
        self.answered: list[str] = []
        self.broken_files: set[str] = set()
        self.throttled_files = 0  # so many calls of getFile are one too many
        self.throttled_s = 1
        self.files_wait: asyncio.Event | None = None
        self.page = 100
        self.webhook: dict[str, str] = {}
        self._polls = 0
        self.refused_polls: list[dict[str, Any]] = []
        self._updates: dict[int, Any] = {}
        self._next_update = 100
        self._next_message = 1
        self._scripted: list[dict[str, Any] | None] = []
        self._news = asyncio.Condition()
        self._runner: web.AppRunner | None = None
        self._port = 0
        self._hook = ""

    async def start(self) -> dict[str, Any]:
        if self._runner is None:
            app = web.Application(client_max_size=60_000_000)
            app.router.add_route("*", "/bot{token}/{method}", self._call)
            app.router.add_get("/file/bot{token}/{path:.*}", self._file)
            self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.01)
            await self._runner.setup()
            await web.TCPSite(self._runner, "127.0.0.1", self._port).start()
            self._port = self._runner.addresses[0][1]
        settings = {"token": TOKEN, "api_url": f"http://127.0.0.1:{self._port}", "poll_s": 1, "check_s": 0.05}
        if self.mode == "webhook":
            settings |= {"mode": "webhook", "webhook_url": "https://hotline.example.gov.cn", "webhook_secret": SECRET}
        return settings

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def meet(self, address: str) -> None:
        """Note where the channel's webhook really is."""
        self._hook = address

    def script(self, answer: Any) -> None:
        self._scripted.append(answer)

    def script_after(self, messages: int, answer: Any) -> None:
        """Give ``answer`` once so many more messages were taken."""
        self._scripted += [None] * messages + [answer]

    async def deliver(self, raw: Any) -> None:
        """Hand over one update, ``raw`` without its number, and return when it was confirmed."""
        number = await self.put(raw)
        async with asyncio.timeout(15):
            if self.mode == "webhook":
                await self._bring(number)
            async with self._news:
                await self._news.wait_for(lambda: number not in self._updates)

    async def put(self, raw: Any) -> int:
        """Have an update ready; return its number."""
        async with self._news:
            number = self._next_update
            self._next_update += 1
            self._updates[number] = {"update_id": number, **raw} if isinstance(raw, dict) else raw
            self._news.notify_all()
        return number

    async def confirmed(self) -> None:
        """Return when every update was confirmed."""
        async with asyncio.timeout(15), self._news:
            await self._news.wait_for(lambda: not self._updates)

    async def called(self, method: str, times: int = 1) -> None:
        """Return when ``method`` was called so often."""
        async with asyncio.timeout(15), self._news:
            await self._news.wait_for(lambda: self.calls.count(method) >= times)

    @property
    def unconfirmed(self) -> int:
        """Return how many updates are kept."""
        return len(self._updates)

    @property
    def hook(self) -> str:
        """Return where the channel listens."""
        return self._hook

    def recount(self, number: int) -> None:
        """Number the next updates from here, as Telegram does after a quiet week."""
        self._next_update = number

    async def _bring(self, number: int) -> None:
        """Post the update to the webhook until it answers with success."""
        path = urlsplit(self.webhook["url"]).path
        connector = aiohttp.UnixConnector(self._hook[5:]) if self._hook.startswith("unix:") else None
        base = "http://plugin" if connector else self._hook
        async with aiohttp.ClientSession(connector=connector) as http:
            update = self._updates[number]
            body = update if isinstance(update, bytes) else json.dumps(update).encode()
            headers = {"X-Telegram-Bot-Api-Secret-Token": self.webhook["secret_token"]}
            while True:
                async with http.post(base + path, data=body, headers=headers) as answer:
                    if 200 <= answer.status < 300:
                        break
                await asyncio.sleep(RETRY_S)
        async with self._news:
            del self._updates[number]
            self._news.notify_all()

    async def _call(self, request: web.Request) -> web.Response:  # noqa: PLR0911
        method = request.match_info["method"]
        if request.match_info["token"] != TOKEN:
            return _error(401, "Unauthorized")
        params = await _params(request)
        async with self._news:
            self.calls.append(method)
            self._news.notify_all()
        if found := faults(method, params):
            self.violations += found
            return _error(400, f"Bad Request: {found[0]}")
        match method:
            case "getMe":
                me = {"id": 110201543, "is_bot": True, "first_name": "Hotline", "username": "hotline_bot"}
                return _result(me)
            case "getUpdates":
                return await self._give_updates(params)
            case "setWebhook":
                self.webhook = {"url": params["url"], "secret_token": params.get("secret_token", "")}
                return _result(True)
            case "deleteWebhook":
                self.webhook = {}
                return _result(True)
            case "getWebhookInfo":
                return _result(
                    {"url": self.webhook.get("url", ""), "has_custom_certificate": False, "pending_update_count": 0}
                )
            case "getFile":
                return await self._give_file(params["file_id"])
            case "answerCallbackQuery":
                self.answered.append(params["callback_query_id"])
                return _result(True)
        return self._take(method, params)

    async def _give_file(self, file_id: str) -> web.Response:
        if self.files_wait is not None:
            await self.files_wait.wait()
        if self.throttled_files:
            self.throttled_files -= 1
            told = {
                "error_code": 429,
                "description": "Too Many Requests",
                "parameters": {"retry_after": self.throttled_s},
            }
            return web.json_response({"ok": False, **told}, status=429)
        if file_id in self.broken_files:
            return _error(500, "Internal Server Error")
        if file_id not in self.files:
            return _error(400, "Bad Request: wrong file_id or the file is temporarily unavailable")
        return _result({"file_id": file_id, "file_unique_id": f"u{file_id}", "file_path": f"files/{file_id}"})

    def _take(self, method: str, params: dict[str, Any]) -> web.Response:
        answer = self._scripted.pop(0) if self._scripted else None
        if answer is not None:
            return web.json_response({"ok": False, **answer}, status=answer["error_code"])
        chat_id = int(params["chat_id"])
        if chat_id not in self.chats:
            return _error(400, "Bad Request: chat not found")
        if method == "sendChatAction":
            return _result(True)
        if len(params.get("text", "").encode("utf-16-le")) > 8192:
            return _error(400, "Bad Request: message is too long")
        told = {"method": method, "chat_id": chat_id}
        told |= {
            name: params[name] for name in ("text", "caption", "photo", "document", "voice", "video") if name in params
        }
        if "reply_markup" in params:
            keyboard = json.loads(params["reply_markup"])["inline_keyboard"]
            told["buttons"] = [[(one["text"], one["callback_data"]) for one in row] for row in keyboard]
        self.received.append(told)
        number = self._next_message
        self._next_message += 1
        chat = {"id": chat_id, "type": "private", "first_name": "Anna"}
        return _result({"message_id": number, "date": 1_760_000_000, "chat": chat})

    async def _give_updates(self, params: dict[str, Any]) -> web.Response:
        if self.webhook:
            return _error(409, "Conflict: can't use getUpdates method while webhook is active")
        if self.refused_polls:
            answer = self.refused_polls.pop(0)
            return web.json_response({"ok": False, **answer}, status=answer["error_code"])
        offset = int(params.get("offset", 0))
        self._polls += 1
        own = self._polls
        async with self._news:
            for number in [number for number in self._updates if number < offset]:
                del self._updates[number]
            self._news.notify_all()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(int(params.get("timeout", 0))):
                    await self._news.wait_for(lambda: self._updates or own != self._polls)
            if own != self._polls:
                return _error(409, "Conflict: terminated by other getUpdates request")
            return _result([self._updates[number] for number in sorted(self._updates)][: self.page])

    async def _file(self, request: web.Request) -> web.Response:
        data = self.files.get(request.match_info["path"].removeprefix("files/"))
        if request.match_info["token"] != TOKEN or data is None:
            raise web.HTTPNotFound
        return web.Response(body=data)


class WebhookBotApi(BotApi):
    """The same, bringing updates instead of waiting for them to be fetched."""

    mode = "webhook"


def message(text: str = "", *, number: int = 1, sender: int = ANNA, chat_type: str = "private", **fields: Any) -> Any:
    """Return an update about a message of Anna's."""
    return {"message": written(text, number=number, sender=sender, chat_type=chat_type, **fields)}


def written(text: str = "", *, number: int = 1, sender: int = ANNA, chat_type: str = "private", **fields: Any) -> Any:
    """Return a message as Telegram describes it."""
    person = {"id": sender, "is_bot": False, "first_name": "Anna", "last_name": "Li", "language_code": "zh-hans"}
    chat = {"id": sender if chat_type == "private" else -100, "type": chat_type}
    words = {"text": text} if text else {}
    return {"message_id": number, "date": 1_760_000_000, "from": person, "chat": chat, **words, **fields}


async def _params(request: web.Request) -> dict[str, Any]:
    params: dict[str, Any] = dict(request.query)
    form = await request.post()
    files = {name: value.file.read() for name, value in form.items() if isinstance(value, web.FileField)}
    params |= {name: value for name, value in form.items() if isinstance(value, str)}
    for name, value in list(params.items()):
        if value.startswith("attach://"):
            params[name] = files.pop(value.removeprefix("attach://"))
    return params | files


def _result(result: Any) -> web.Response:
    return web.json_response({"ok": True, "result": result})


def _error(code: int, description: str) -> web.Response:
    return web.json_response({"ok": False, "error_code": code, "description": description}, status=code)
