"""Stand-ins for WeChat's and WeCom's servers: they sign, encrypt, repeat and limit as the platforms do."""

import asyncio
import itertools
import json
import time
from typing import Any
from xml.sax.saxutils import escape

import aiohttp
from aiohttp import web

from plugins.wechat.crypto import CallbackCipher, signature

APP_ID = "wx5823bf96d3bd56c7"
CORP_ID = "ww5823bf96d3bd56c7"
KF_ID = "wkAJ2GCAAASSm4_FhToWMFea0xAFfd3Q"
APP_SECRET = "an-app-secret-of-the-tests"
TOKEN = "QDG6eK"
AES_KEY = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"
ANNA = "oAnna_4711-openid-of-28-chrs"
PATIENCE_S = 5.0
TRIES = 3
ALLOWED = 5  # messages after one of the person's

_nonces = itertools.count(1)


class Platform:
    """What both have in common; ``received`` holds the messages taken for people."""

    receiver = APP_ID
    mode = "aes"

    def __init__(self) -> None:
        self.received: list[Any] = []
        self.typing: list[Any] = []
        self.menus: list[Any] = []
        self.files: dict[str, tuple[bytes, str]] = {}
        self.media_faults: list[dict[str, Any]] = []  # what the next downloads are answered with
        self.uploads: list[tuple[str, str, bytes]] = []
        self.tokens_given = 0
        self.attempts = 0
        self.left = {ANNA: 100}  # messages that a person may still be sent
        self.patience_s = PATIENCE_S
        self._good_token = ""
        self._scripted: list[dict[str, Any] | None] = []
        self._runner: web.AppRunner | None = None
        self._port = 0
        self._hook = ""

    def account(self) -> dict[str, Any]:
        raise NotImplementedError

    def routes(self) -> list[web.RouteDef]:
        raise NotImplementedError

    async def start(self) -> dict[str, Any]:
        if self._runner is None:
            app = web.Application(client_max_size=30_000_000)
            app.add_routes(self.routes())
            app.add_routes(
                [web.post("/cgi-bin/media/upload", self._upload), web.get("/cgi-bin/media/get", self._media)]
            )
            self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.01)
            await self._runner.setup()
            await web.TCPSite(self._runner, "127.0.0.1", self._port).start()
            self._port = self._runner.addresses[0][1]
        return {"account": self.account(), "api_url": self.url, "check_s": 0.1, "timeout_s": 5.0}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def meet(self, address: str) -> None:
        self._hook = address

    def script(self, answer: Any) -> None:
        self._scripted.append(answer)

    def expire_token(self) -> None:
        """Let the token that was given run out."""
        self._good_token = ""

    def script_after(self, messages: int, answer: dict[str, Any]) -> None:
        """Give ``answer`` once so many more messages were taken."""
        self._scripted += [None] * messages + [answer]

    # to the channel

    async def post(self, message: bytes, **changes: str) -> tuple[int, str]:
        """Post a callback once, signed and encrypted; ``changes`` spoil the query. Return status and body."""
        query, body = self.sealed(message)
        return await self.raw("POST", query | changes, body)

    def sealed(self, message: bytes, *, time_s: int | None = None) -> tuple[dict[str, str], bytes]:
        """Return query and body of a callback."""
        query = {"timestamp": str(time_s or int(time.time())), "nonce": f"n{next(_nonces)}"}
        query["signature"] = signature(TOKEN, query["timestamp"], query["nonce"])
        if self.mode == "plain":
            return query, message
        encrypted = CallbackCipher(AES_KEY, self.receiver).encrypt(message)
        query["encrypt_type"] = "aes"
        query["msg_signature"] = signature(TOKEN, query["timestamp"], query["nonce"], encrypted)
        both = self.mode == "compatible" and message.startswith(b"<xml>") and message.endswith(b"</xml>")
        plain = message.removeprefix(b"<xml>").removesuffix(b"</xml>") if both else b""
        return query, b"<xml>" + plain + f"<Encrypt><![CDATA[{encrypted}]]></Encrypt></xml>".encode()

    async def raw(self, method: str, query: dict[str, str], body: bytes = b"") -> tuple[int, str]:
        """Ask the callback's address for something."""
        async with aiohttp.ClientSession(connector=self._connector()) as http:
            base = "http://plugin" if self._hook.startswith("unix:") else self._hook
            async with http.request(
                method, f"{base}/channels/{self.instance}/callback", params=query, data=body
            ) as answer:
                return answer.status, await answer.text()

    instance = ""

    async def insist(self, message: bytes) -> bool:
        """Post a callback as the platform does: up to three times, five seconds each, word by word the same."""
        query, body = self.sealed(message)
        for _ in range(TRIES):
            self.attempts += 1
            try:
                async with asyncio.timeout(self.patience_s):
                    status, text = await self.raw("POST", query, body)
            except TimeoutError:
                continue
            if (status, text) == (200, "success"):
                return True
        return False

    def _connector(self) -> aiohttp.BaseConnector | None:
        return aiohttp.UnixConnector(self._hook[5:]) if self._hook.startswith("unix:") else None

    # from the channel

    async def give_token(self) -> web.Response:
        self.tokens_given += 1
        self._good_token = f"access-token-number-{self.tokens_given}"
        return web.json_response({"access_token": self._good_token, "expires_in": 7200})

    def fault(self, request: web.Request) -> web.Response | None:
        """Return the refusal of a call with a bad token."""
        if request.query.get("access_token") != self._good_token or not self._good_token:
            return web.json_response({"errcode": 40001, "errmsg": "invalid credential"})
        return None

    def take(self, message: dict[str, Any]) -> web.Response:
        """Take a message for a person, or refuse it as scripted or because of the limits."""
        if self._scripted and (answer := self._scripted.pop(0)) is not None:
            return web.json_response(answer)
        left = self.left.get(message["touser"])
        if left is None:
            return web.json_response(self.too_late())
        if left == 0:
            return web.json_response(self.too_many())
        self.left[message["touser"]] = left - 1
        self.received.append({name: value for name, value in message.items() if name not in ("msgid", "open_kfid")})
        return web.json_response({"errcode": 0, "errmsg": "ok", "msgid": message.get("msgid", "")})

    def too_late(self) -> dict[str, Any]:
        raise NotImplementedError

    def too_many(self) -> dict[str, Any]:
        raise NotImplementedError

    async def _upload(self, request: web.Request) -> web.Response:
        if (fault := self.fault(request)) is not None:
            return fault
        form = await request.post()
        file = form["media"]
        assert isinstance(file, web.FileField)
        self.uploads.append((request.query["type"], file.filename, file.file.read()))
        return web.json_response({"type": request.query["type"], "media_id": f"up-{len(self.uploads)}"})

    async def _media(self, request: web.Request) -> web.Response:
        if (fault := self.fault(request)) is not None:
            return fault
        if self.media_faults:
            return web.json_response(self.media_faults.pop(0))
        if request.query["media_id"] not in self.files:
            return web.json_response({"errcode": 40007, "errmsg": "invalid media_id"})
        data, mime = self.files[request.query["media_id"]]
        return web.Response(body=data, content_type=mime)


class OfficialPlatform(Platform):
    """WeChat for an official account."""

    def account(self) -> dict[str, Any]:
        keys = {} if self.mode == "plain" else {"aes_key": AES_KEY}
        return {
            "kind": "official_account",
            "app_id": APP_ID,
            "app_secret": APP_SECRET,
            "token": TOKEN,
            "mode": self.mode,
            **keys,
        }

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/cgi-bin/stable_token", self._token),
            web.get("/cgi-bin/getcallbackip", self._ips),
            web.post("/cgi-bin/menu/create", self._menu),
            web.post("/cgi-bin/message/custom/send", self._send),
            web.post("/cgi-bin/message/custom/typing", self._typing),
            web.post("/cgi-bin/message/template/send", self._template),
            web.get("/film.mp4", self._film),
        ]

    async def deliver(self, raw: Any) -> None:
        assert await self.insist(raw if isinstance(raw, bytes) else xml(raw))

    def too_late(self) -> dict[str, Any]:
        return {"errcode": 45015, "errmsg": "response out of time limit or subscription is canceled"}

    def too_many(self) -> dict[str, Any]:
        return {"errcode": 45047, "errmsg": "out of response count limit"}

    async def _token(self, request: web.Request) -> web.Response:
        body = await request.json()
        if body != {"grant_type": "client_credential", "appid": APP_ID, "secret": APP_SECRET}:
            return web.json_response({"errcode": 40125, "errmsg": "invalid appsecret"})
        return await self.give_token()

    async def _ips(self, request: web.Request) -> web.Response:
        return self.fault(request) or web.json_response({"ip_list": ["127.0.0.1"]})

    async def _menu(self, request: web.Request) -> web.Response:
        self.menus.append(await request.json())
        return self.fault(request) or web.json_response({"errcode": 0, "errmsg": "ok"})

    async def _send(self, request: web.Request) -> web.Response:
        message = json.loads(await request.read())
        if message["msgtype"] == "news" and len(message["news"]["articles"]) != 1:
            return web.json_response({"errcode": 45008, "errmsg": "article size out of limit"})
        return self.fault(request) or self.take(message)

    async def _typing(self, request: web.Request) -> web.Response:
        self.typing.append(await request.json())
        return self.fault(request) or web.json_response({"errcode": 0, "errmsg": "ok"})

    async def _template(self, request: web.Request) -> web.Response:
        self.received.append(await request.json())
        return self.fault(request) or web.json_response({"errcode": 0, "errmsg": "ok", "msgid": 200228332})

    async def _film(self, _: web.Request) -> web.Response:
        return web.Response(body=b"a film", content_type="video/mp4")


class PlainPlatform(OfficialPlatform):
    """The same without encryption."""

    mode = "plain"


class CompatiblePlatform(OfficialPlatform):
    """The same with both."""

    mode = "compatible"


class KfPlatform(Platform):
    """WeCom for a customer-service account; keeps the messages until they were pulled."""

    receiver = CORP_ID

    def __init__(self) -> None:
        super().__init__()
        self.messages: list[Any] = []
        self.welcomes: dict[str, str] = {}
        self.welcomed: list[str] = []  # codes that a welcome was tried with
        self.pulls: list[Any] = []
        self.page = 1000
        self._pulled = 0
        self._news = asyncio.Condition()

    def account(self) -> dict[str, Any]:
        return {
            "kind": "customer_service",
            "corp_id": CORP_ID,
            "secret": APP_SECRET,
            "open_kfid": KF_ID,
            "token": TOKEN,
            "aes_key": AES_KEY,
        }

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/cgi-bin/gettoken", self._token),
            web.post("/cgi-bin/kf/account/list", self._accounts),
            web.post("/cgi-bin/kf/sync_msg", self._sync),
            web.post("/cgi-bin/kf/send_msg", self._send),
            web.post("/cgi-bin/kf/send_msg_on_event", self._welcome),
            web.post("/cgi-bin/kf/customer/batchget", self._names),
        ]

    async def deliver(self, raw: Any) -> None:
        self.messages.append(raw)
        end = len(self.messages)
        assert await self.insist(self.notice())
        async with asyncio.timeout(15), self._news:
            await self._news.wait_for(lambda: self._pulled >= end)

    def notice(self, open_kfid: str = KF_ID) -> bytes:
        """Return the callback that says that there are messages."""
        return xml(
            {
                "ToUserName": CORP_ID,
                "CreateTime": 1_760_000_000,
                "MsgType": "event",
                "Event": "kf_msg_or_event",
                "Token": "a-pull-token",
                "OpenKfId": open_kfid,
            }
        )

    def too_late(self) -> dict[str, Any]:
        return {"errcode": 95002, "errmsg": "send msg out of 48 hours"}

    def too_many(self) -> dict[str, Any]:
        return {"errcode": 95001, "errmsg": "send msg count limit"}

    async def _token(self, request: web.Request) -> web.Response:
        if dict(request.query) != {"corpid": CORP_ID, "corpsecret": APP_SECRET}:
            return web.json_response({"errcode": 40001, "errmsg": "invalid credential"})
        return await self.give_token()

    async def _accounts(self, request: web.Request) -> web.Response:
        answer = {"errcode": 0, "errmsg": "ok", "account_list": [{"open_kfid": KF_ID, "name": "热线"}]}
        return self.fault(request) or web.json_response(answer)

    async def _sync(self, request: web.Request) -> web.Response:
        if (fault := self.fault(request)) is not None:
            return fault
        question = await request.json()
        assert question["open_kfid"] == KF_ID
        assert question["limit"] <= 1000
        self.pulls.append(question)
        start = int(question["cursor"].removeprefix("c") or 0) if question["cursor"] else 0
        async with self._news:
            self._pulled = max(self._pulled, start)
            self._news.notify_all()
        end = min(start + min(question["limit"], self.page), len(self.messages))
        return web.json_response(
            {
                "errcode": 0,
                "errmsg": "ok",
                "next_cursor": f"c{end}",
                "has_more": int(end < len(self.messages)),
                "msg_list": self.messages[start:end],
            }
        )

    async def _send(self, request: web.Request) -> web.Response:
        message = json.loads(await request.read())
        assert message["open_kfid"] == KF_ID
        assert len(message["msgid"]) <= 32
        return self.fault(request) or self.take(message)

    async def _welcome(self, request: web.Request) -> web.Response:
        message = json.loads(await request.read())
        if (fault := self.fault(request)) is not None:
            return fault
        self.welcomed.append(message["code"])
        if self.welcomes.pop(message["code"], None) is None:
            return web.json_response({"errcode": 95007, "errmsg": "invalid code"})
        self.received.append({name: value for name, value in message.items() if name != "msgid"})
        return web.json_response({"errcode": 0, "errmsg": "ok", "msgid": message["msgid"]})

    async def _names(self, request: web.Request) -> web.Response:
        people = (await request.json())["external_userid_list"]
        answer = {"errcode": 0, "customer_list": [{"external_userid": one, "nickname": "安娜"} for one in people]}
        return self.fault(request) or web.json_response(answer)


def xml(fields: dict[str, Any]) -> bytes:
    """Return ``fields`` as the platforms write them."""
    parts = (f"<{name}>{escape(str(value))}</{name}>" for name, value in fields.items())
    return f"<xml>{''.join(parts)}</xml>".encode()


def written(kind: str = "text", *, sender: str = ANNA, number: int = 1, **fields: Any) -> dict[str, Any]:
    """Return a message of Anna's to an official account."""
    head = {"ToUserName": "gh_7f083739789a", "FromUserName": sender, "CreateTime": 1_760_000_000, "MsgType": kind}
    return {**head, **fields, "MsgId": number} if kind != "event" else {**head, **fields}


def kf_written(kind: str = "text", *, number: int = 1, origin: int = 3, **fields: Any) -> dict[str, Any]:
    """Return a message of Anna's to customer service."""
    return {
        "msgid": f"kf-{number}",
        "open_kfid": KF_ID,
        "external_userid": ANNA,
        "send_time": 1_760_000_000,
        "origin": origin,
        "msgtype": kind,
        **fields,
    }
