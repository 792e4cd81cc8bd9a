"""Calls of the platforms' HTTP interfaces: JSON both ways, an access token on each, errors by number."""

import asyncio
import json
from typing import Any, Final

import aiohttp
import msgspec

from core.clock import Clock
from core.errors import SendDeferred, SendError, SendUnknown
from plugins.wechat.config import CustomerService, OfficialAccount
from plugins.wechat.errors import TOKEN_EXPIRED, Refusal
from plugins.wechat.tokens import Fetch, TokenOwner

OFFICIAL_URL: Final = "https://api.weixin.qq.com"
WECOM_URL: Final = "https://qyapi.weixin.qq.com"
MAX_ANSWER_BYTES: Final = 8_000_000  # a page of 1,000 customer-service messages
MAX_MEDIA_BYTES: Final = 20_000_000
NEVER_SENT: Final = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)


class Unanswered(Exception):
    """The platform gave no usable answer; ``was_sent`` is False when it certainly did not get the call."""

    def __init__(self, text: str, *, was_sent: bool) -> None:
        super().__init__(text)
        self.was_sent = was_sent

    def send_error(self) -> SendError:
        """Return what this means for a message."""
        if self.was_sent:
            return SendUnknown("connection_lost", "the platform did not say whether it took the message")
        return SendDeferred("unavailable", "the platform cannot be reached")


class MediaTooLarge(ValueError):
    """A file is larger than we carry."""


class Api:
    """One account's calls over one session; Refusal and Unanswered are all that goes wrong."""

    def __init__(
        self,
        http: aiohttp.ClientSession,
        account: OfficialAccount | CustomerService,
        base: str,
        clock: Clock,
        *,
        timeout_s: float,
        media_timeout_s: float,
    ) -> None:
        self._http = http
        self._base = base.rstrip("/")
        self._timeout_s = timeout_s
        self._media_timeout_s = media_timeout_s
        self.tokens = TokenOwner(_fetcher(self, account), clock)

    async def call(self, path: str, body: Any = None) -> dict[str, Any]:
        """Return the answer to a POST of ``body`` as JSON, to a GET without; once more when the token had run out."""
        method = "GET" if body is None else "POST"
        data = None if body is None else msgspec.json.encode(body)  # UTF-8 as it is: escapes would be shown to people

        async def ask(token: str) -> dict[str, Any]:
            return await self._json(method, path, {"access_token": token}, self._timeout_s, data=data)

        answer: dict[str, Any] = await self._with_token(ask)
        return answer

    async def plain(self, method: str, path: str, params: dict[str, str], body: Any = None) -> dict[str, Any]:
        """Return the answer to a call without token."""
        data = msgspec.json.encode(body) if body is not None else None
        return await self._json(method, path, params, self._timeout_s, data=data)

    async def upload(self, data: bytes, kind: str, name: str, mime: str) -> str:
        """Return the media id of a file, good for three days."""

        async def post(token: str) -> dict[str, Any]:
            form = aiohttp.FormData(quote_fields=False)  # the name is shown to people
            form.add_field("media", data, filename=name, content_type=mime)
            params = {"access_token": token, "type": kind}
            return await self._json("POST", "/cgi-bin/media/upload", params, self._media_timeout_s, data=form)

        answer = await self._with_token(post)
        if not isinstance(answer.get("media_id"), str):
            raise Unanswered("an upload without a number", was_sent=True)
        return str(answer["media_id"])

    async def download(self, media_id: str) -> tuple[bytes, str]:
        """Return a file and its MIME type; MediaTooLarge, or what a call raises."""

        async def get(token: str) -> tuple[bytes, str]:
            params = {"access_token": token, "media_id": media_id}
            return await self._media(f"{self._base}/cgi-bin/media/get", params)

        found: tuple[bytes, str] = await self._with_token(get)
        return found

    async def _with_token(self, call: Any) -> Any:
        token = await self.tokens.get()
        try:
            return await call(token)
        except Refusal as refusal:
            if refusal.number not in TOKEN_EXPIRED:
                raise
        self.tokens.forget(token)
        return await call(await self.tokens.get())

    async def _json(
        self, method: str, path: str, params: dict[str, str], limit_s: float, *, data: Any
    ) -> dict[str, Any]:
        try:
            status, _, body = await self._request(
                method, self._base + path, params, limit_s, MAX_ANSWER_BYTES, data=data
            )
        except MediaTooLarge as error:
            raise Unanswered(str(error), was_sent=True) from error
        return _answer(status, body)

    async def _media(self, url: str, params: dict[str, str]) -> tuple[bytes, str]:
        status, mime, body = await self._request("GET", url, params, self._media_timeout_s, MAX_MEDIA_BYTES)
        if mime not in ("application/json", "text/plain"):
            if status != 200:
                raise Unanswered(f"status {status}", was_sent=True)
            return body, mime
        film = _answer(status, body).get("video_url")  # official accounts give films by another address
        if not params or not isinstance(film, str) or not film.startswith(("https://", "http://")):
            raise Unanswered("a file that is none", was_sent=True)
        return await self._media(film, {})

    async def _request(
        self, method: str, url: str, params: dict[str, str], limit_s: float, max_bytes: int, **options: Any
    ) -> tuple[int, str, bytes]:
        try:
            async with (
                asyncio.timeout(limit_s),
                self._http.request(method, url, params=params, allow_redirects=False, **options) as answer,
            ):
                body = bytearray()
                async for chunk in answer.content.iter_chunked(65_536):
                    body += chunk
                    if len(body) > max_bytes:
                        raise MediaTooLarge(f"more than {max_bytes} bytes")
                return answer.status, answer.content_type, bytes(body)
        except NEVER_SENT as error:
            raise Unanswered(type(error).__name__, was_sent=False) from None  # its text may name the token
        except (aiohttp.ClientError, TimeoutError) as error:
            raise Unanswered(type(error).__name__, was_sent=True) from None


def _fetcher(api: Api, account: OfficialAccount | CustomerService) -> Fetch:
    """Return what fetches the account's token: the stable one, whose renewal invalidates nobody's at once."""

    async def fetch() -> tuple[str, float]:
        secret = account.secret.reveal()
        try:
            if isinstance(account, OfficialAccount):
                body = {"grant_type": "client_credential", "appid": account.app_id, "secret": secret}
                answer = await api.plain("POST", "/cgi-bin/stable_token", {}, body)
            else:
                params = {"corpid": account.corp_id, "corpsecret": secret}
                answer = await api.plain("GET", "/cgi-bin/gettoken", params)
        except Unanswered as error:
            raise Unanswered(str(error), was_sent=False) from None  # of what wanted the token nothing was sent
        token, good_s = answer.get("access_token"), answer.get("expires_in")
        if not isinstance(token, str) or not token or not isinstance(good_s, int):
            raise Unanswered("no token in the answer", was_sent=False)
        return token, float(good_s)

    return fetch


def _answer(status: int, body: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(body.decode("utf-8", "replace"))  # not msgspec: half an emoji would spoil a whole page
    except (ValueError, RecursionError) as error:
        raise Unanswered(f"status {status} and no JSON", was_sent=True) from error
    if not isinstance(answer, dict):
        raise Unanswered(f"status {status} and no JSON object", was_sent=True)
    number = answer.get("errcode", 0)
    if number != 0:
        words = str(answer.get("errmsg", ""))[:200]
        raise Refusal(number if isinstance(number, int) else -1, words)
    return answer
