"""What HTTP gateways share: one client session, a look whether the gateway is there, and what its answers mean."""

import asyncio
import contextlib
import hmac
import math
from abc import abstractmethod
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import aiohttp
from aiohttp import web
from yarl import URL

from core.config import Secret
from core.errors import ChannelAuthFailed, ChannelNotReady, SendDeferred, SendRejected, SendUnknown
from core.webhooks import Refused
from plugins.sms.backends import Backend, Intake, Part, Ready
from plugins.sms.wire.alphabets import GSM7, UCS2, Alphabet

MAX_ANSWER_BYTES: Final = 65_536
MAX_CALLBACK_BYTES: Final = 262_144


@dataclass(frozen=True, slots=True)
class Question:
    """One request to the gateway."""

    method: str
    url: URL
    headers: Mapping[str, str]
    body: bytes | None = None


class HttpGateway(Backend):
    """The frame of an HTTP backend; ``submit`` succeeds as ``understand`` says."""

    cuts = False
    alphabets: Sequence[Alphabet] = (GSM7, UCS2)

    def __init__(self, url: str, *, answer_s: float, check_s: float, callback_key: Secret) -> None:
        self._url = URL(url, encoded=True)
        self._answer_s = answer_s
        self._check_s = check_s
        self._callback_key = callback_key
        self._session: aiohttp.ClientSession | None = None
        self._intake: Intake | None = None

    async def run(self, intake: Intake, ready: Ready) -> None:
        async with self._client():
            await self.look()
            self._intake = intake
            try:
                await ready()
                while True:
                    await asyncio.sleep(self._check_s)
                    await self._connect()
            finally:
                self._intake = None

    async def probe(self) -> None:
        async with self._client():
            await self.look()

    async def look(self) -> None:
        """Raise unless the gateway is there and knows us."""
        await self._connect()

    async def submit(self, part: Part) -> str:
        status, text = await self.ask(self.question(part))
        return self.understand(part, status, text)

    def decode(self, data: bytes, coding: int) -> str:
        return data.decode("utf-8", errors="replace")  # callbacks bring text

    @abstractmethod
    def question(self, part: Part) -> Question:
        """Return the request that sends ``part``."""

    @abstractmethod
    def understand(self, part: Part, status: int, text: str) -> str:
        """Return the id in a successful answer, one below 300; raise SendError when it says otherwise."""

    async def ask(self, question: Question) -> tuple[int, str]:
        """Return status and text of the answer; a SendError for what speaks for itself."""
        if self._session is None:
            raise SendDeferred("not_connected")
        try:
            async with (
                asyncio.timeout(self._answer_s),
                self._session.request(
                    question.method,
                    question.url,
                    headers=question.headers,
                    data=question.body,
                    allow_redirects=False,
                ) as answer,
            ):
                text = (await answer.content.read(MAX_ANSWER_BYTES)).decode("utf-8", errors="replace")
                status, retry_after = answer.status, answer.headers.get("Retry-After", "")
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise SendDeferred("unavailable", f"gateway unreachable: {type(error).__name__}") from None
        except (aiohttp.ClientError, TimeoutError) as error:
            raise SendUnknown("timeout", f"the gateway did not answer: {type(error).__name__}") from None
        _judge(status, retry_after)
        return status, text

    def intake(self) -> Intake:
        """Return where callbacks go; Refused while the channel is not running."""
        if self._intake is None:
            raise Refused(503, "not_ready")
        return self._intake

    async def check_key(self, request: web.Request) -> None:
        """Refuse a callback without the key, in the query as ``key`` or in the header ``X-Callback-Key``."""
        shown = request.headers.get("X-Callback-Key") or request.query.get("key", "")
        if not hmac.compare_digest(shown.encode(), self._callback_key.reveal().encode()):
            raise Refused(403, "bad_key")

    async def _connect(self) -> None:
        host, port = self._url.host or "", self._url.port or 80
        try:
            async with asyncio.timeout(self._answer_s):
                _, writer = await asyncio.open_connection(host, port)
        except (OSError, TimeoutError) as error:
            raise ChannelNotReady(f"gateway unreachable: {error!r}") from error
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()

    @contextlib.asynccontextmanager
    async def _client(self) -> AsyncIterator[None]:
        # a connection that does not come about carried nothing: told apart from an answer that does not come
        limits = aiohttp.ClientTimeout(total=None, sock_connect=self._answer_s / 2)
        async with aiohttp.ClientSession(timeout=limits) as session:
            self._session = session
            try:
                yield
            finally:
                self._session = None


def _judge(status: int, retry_after: str) -> None:
    match status:
        case 401 | 403:
            raise ChannelAuthFailed(f"the gateway answered {status}")
        case 408 | 425:  # the gateway did not read it
            raise SendDeferred("unavailable", f"the gateway answered {status}")
        case 429 | 503:
            raise SendDeferred("throttled", f"the gateway answered {status}", retry_after_s=_seconds(retry_after))
        case _ if status >= 500:
            raise SendUnknown("gateway_error", f"the gateway answered {status}")
        case _ if status >= 300:
            raise SendRejected("refused", f"the gateway answered {status}")


def _seconds(text: str) -> float | None:
    try:
        seconds = float(text)
    except ValueError:
        return None
    return seconds if math.isfinite(seconds) and seconds >= 0 else None


def field_at(data: Any, path: str) -> str | None:
    """Return what lies at ``path`` (``data.0.id``) in JSON or form ``data``, None when nothing does."""
    for step in path.split("."):
        if isinstance(data, Mapping) and step in data:
            data = data[step]
        elif isinstance(data, list) and step.isdecimal() and int(step) < len(data):
            data = data[int(step)]
        else:
            return None
    if isinstance(data, bool):
        return str(data).lower()
    return str(data) if isinstance(data, str | int | float) else None
