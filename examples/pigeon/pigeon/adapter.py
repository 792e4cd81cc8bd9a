"""Talks to a loft controller over HTTP: letters out by POST, arrivals by long poll.

The loft is imaginary: GET /arrivals?wait=S answers with a list of birds, POST /letters sends one.
"""

import logging
import re
from typing import Annotated, Any

import aiohttp
from msgspec import Meta

from lianxin import (
    Channel,
    ChannelAuthFailed,
    ChannelConfig,
    ChannelNotReady,
    ChannelState,
    MessageReceived,
    Secret,
    SendDeferred,
    SendError,
    SendMessage,
    SendRejected,
)

log = logging.getLogger(__name__)
MAX_LETTER_BYTES = 140  # a bird carries no more
RING = re.compile(r"(?:pigeon:)?([A-Z]{2}-[0-9]{4})", re.IGNORECASE)


class PigeonConfig(ChannelConfig, frozen=True, kw_only=True):
    """Settings of one loft."""

    url: str
    key: Secret
    poll_s: Annotated[float, Meta(gt=0)] = 20.0  # the loft answers earlier when a bird lands


class PigeonChannel(Channel[PigeonConfig]):
    """One loft; ``run`` polls arrivals while ``send`` posts letters on the same session."""

    config_type = PigeonConfig
    _http: aiohttp.ClientSession | None = None

    async def run(self) -> None:
        headers = {"X-Loft-Key": self.config.key.reveal()}
        async with aiohttp.ClientSession(self.config.url, headers=headers) as http:
            self._http = http
            try:
                await self._call("GET", "/health")
                await self.emit(ChannelState(state="ready"))
                while True:
                    for bird in await self._call("GET", "/arrivals", params={"wait": str(self.config.poll_s)}):
                        await self._receive(bird)
            except (aiohttp.ClientError, SendError) as error:
                raise ChannelNotReady(f"loft unreachable: {error}") from error
            finally:
                self._http = None

    async def _receive(self, bird: dict[str, str]) -> None:
        try:
            letter = MessageReceived(external_id=bird["id"], sender=self.normalize(bird["ring"]), text=bird["text"])
        except (KeyError, ValueError) as error:
            log.warning("skipped an unreadable letter: %s", type(error).__name__)
            return
        await self.emit(letter)

    async def send(self, message: SendMessage) -> str:
        if len(message.text.encode()) > MAX_LETTER_BYTES:
            raise SendRejected("too_long", f"at most {MAX_LETTER_BYTES} bytes")
        letter = {"id": message.message_id, "to": message.recipient, "text": message.text}
        try:
            answer = await self._call("POST", "/letters", json=letter)
        except aiohttp.ClientConnectionError as error:
            raise SendDeferred("unavailable") from error
        return str(answer["bird"])

    def normalize(self, address: str) -> str:
        if (match := RING.fullmatch(address.strip())) is None:
            raise ValueError("not a ring number")
        return f"pigeon:{match[1].upper()}"

    async def _call(self, method: str, path: str, **options: Any) -> Any:
        if self._http is None:
            raise SendDeferred("not_connected")
        async with self._http.request(method, path, **options) as response:
            match response.status:
                case 200:
                    return await response.json()
                case 401 | 403:
                    raise ChannelAuthFailed("loft refused the key")
                case 429:
                    raise SendDeferred("throttled", retry_after_s=float(response.headers["Retry-After"]))
                case status:
                    raise SendRejected("refused", f"loft answered {status}")
