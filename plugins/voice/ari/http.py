"""Requests to ARI: one connection pool, time-outs, and errors named by what to do next."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Any, Final, Self, TypeVar
from urllib.parse import quote

import aiohttp
import msgspec

from core.config import Secret
from core.errors import ChannelAuthFailed
from plugins.voice.ari.errors import AriError, AriUnavailable, Conflict, Gone, Refused

TIMEOUT_S: Final = 5.0
MAX_CONNECTIONS: Final = 100

T = TypeVar("T")

_ERRORS: Final = {404: Gone, 409: Conflict}


class AriHttp:
    """The requests that every group of methods is made of."""

    def __init__(self, url: str, username: str, password: Secret, *, app: str, timeout_s: float = TIMEOUT_S) -> None:
        self.app = app
        self.base_url = url.rstrip("/")
        self.url = f"{self.base_url}/ari"
        self._username, self._password = username, password
        self._headers = {"Authorization": aiohttp.encode_basic_auth(username, password.reveal())}
        self._timeout = aiohttp.ClientTimeout(total=timeout_s)

    async def __aenter__(self) -> Self:
        self.session = aiohttp.ClientSession(
            headers=self._headers,
            timeout=self._timeout,
            cookie_jar=aiohttp.DummyCookieJar(),
            connector=aiohttp.TCPConnector(limit=MAX_CONNECTIONS),
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.session.close()

    async def get(self, path: str, kind: type[T], query: Mapping[str, object] | None = None) -> T:
        """Return the answer to a GET, decoded."""
        async with self.request("GET", path, query) as response:
            return _decode(await response.read(), kind)

    async def post(
        self, path: str, kind: type[T], query: Mapping[str, object], body: Mapping[str, object] | None = None
    ) -> T:
        """Return the answer to a POST, decoded."""
        async with self.request("POST", path, query, body) as response:
            return _decode(await response.read(), kind)

    async def do(
        self,
        method: str,
        path: str,
        query: Mapping[str, object] | None = None,
        body: Mapping[str, object] | None = None,
    ) -> None:
        """Ask for something that has no answer."""
        async with self.request(method, path, query, body) as response:
            await response.read()

    async def do_or_gone(self, method: str, path: str, query: Mapping[str, object] | None = None) -> bool:
        """Ask for something; False: what it concerns was gone."""
        try:
            await self.do(method, path, query)
        except Gone:
            return False
        return True

    async def delete(self, path: str, query: Mapping[str, object] | None = None) -> bool:
        """Remove something; False: it was gone."""
        return await self.do_or_gone("DELETE", path, query)

    @asynccontextmanager
    async def request(
        self,
        method: str,
        path: str,
        query: Mapping[str, object] | None = None,
        body: Mapping[str, object] | None = None,
        *,
        total_s: float | None = 0.0,
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """Yield the answer to a request; AriUnavailable, ChannelAuthFailed or an AriError."""
        timeout = self._timeout if total_s == 0.0 else aiohttp.ClientTimeout(total=total_s, sock_read=TIMEOUT_S)
        params = {name: str(value) for name, value in (query or {}).items() if value != ""}
        try:
            async with self.session.request(
                method, f"{self.url}/{path}", params=params, json=body, timeout=timeout
            ) as response:
                if response.status >= 400:
                    raise _error(response.status, await response.read())
                yield response
        except (aiohttp.ClientError, TimeoutError) as error:
            raise AriUnavailable(f"Asterisk does not answer {method} {path}: {words(error)}") from error


def _decode(data: bytes, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(data, type=kind)
    except msgspec.MsgspecError as error:
        raise AriUnavailable(f"Asterisk's answer cannot be read: {error}") from error


def _error(status: int, data: bytes) -> Exception:
    if status == 401:
        return ChannelAuthFailed("Asterisk refuses the user name or the password of ARI")
    try:
        said = msgspec.json.decode(data, type=dict[str, Any])
        text = said.get("message") or said.get("error") or "no reason given"
    except msgspec.MsgspecError:
        text = "no reason given"
    if status in (502, 503, 504):
        return AriUnavailable(f"{text} ({status})")
    kind: type[AriError] = _ERRORS.get(status, Refused)
    return kind(status, str(text))


def token(name: str) -> str:
    """Return ``name`` as one segment of a path."""
    return quote(name, safe="")


def words(error: BaseException) -> str:
    """Return what ``error`` says, or its name."""
    return str(error) or type(error).__name__
