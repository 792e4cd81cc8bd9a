"""The channel: callbacks come in through the door, orders go out by the account's own calls."""

import logging
import mimetypes
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import partial

import aiohttp
from aiohttp import web

from core.channel import Channel, Link, ServesHttp, ShowsTyping
from core.clock import Clock, SystemClock
from core.errors import ChannelNotReady, LianxinError, SendDeferred, SendRejected
from core.events import Attachment, Carries, ChannelState, SendMessage
from core.parts import Progress
from core.underway import Underway
from core.webhooks import Route, Routes
from plugins.wechat.api import Api, Unanswered
from plugins.wechat.config import OfficialAccount, WeChatConfig
from plugins.wechat.door import Door
from plugins.wechat.errors import Refusal, channel_error, send_error
from plugins.wechat.intake import Intake
from plugins.wechat.kf import Kf
from plugins.wechat.official import Official
from plugins.wechat.outgoing import Part, carries, content, file_content, file_kind, parts
from plugins.wechat.told import address_of
from plugins.wechat.wire import MAX_BYTES

log = logging.getLogger(__name__)

OPENED = web.RequestKey("opened", bytes)  # the message in a callback that passed the door


class WeChatChannel(Channel[WeChatConfig], ServesHttp, ShowsTyping):
    """One account; ``run`` keeps its access token and, for customer service, pulls the messages."""

    config_type = WeChatConfig
    _api: Api | None = None

    def __init__(self, config: WeChatConfig, link: Link, *, clock: Clock | None = None) -> None:
        super().__init__(config, link)
        self._clock = clock or SystemClock()
        self._door = Door(config.account, self._clock, config.max_skew_s)
        intake = Intake(config, link)
        self._side: Official | Kf
        if isinstance(config.account, OfficialAccount):
            self._side = Official(config.account, config, intake, link.data_dir)
        else:
            self._side = Kf(config.account, config, intake, link.data_dir, self._clock)
        self._progress = Progress()
        self._sends = Underway()

    @property
    def carries(self) -> Carries:
        return carries(self._side.platform)

    async def run(self) -> None:
        try:
            async with self._connected() as api:
                await self._side.open(api)
                self._api = api
                try:
                    await self.emit(ChannelState(state="ready"))
                    await self._side.keep(api)
                except (Refusal, Unanswered, LianxinError):
                    self._api = None
                    await self._sends.ended(self.config.timeout_s)  # a lost callback or pull says nothing about them
                    raise
        except Refusal as refusal:
            raise channel_error(refusal) from refusal
        except Unanswered as error:
            raise ChannelNotReady(f"the platform cannot be reached: {error}") from error
        finally:
            self._api = None

    async def probe(self) -> None:
        try:
            async with self._connected() as api:
                await self._side.probe(api)
        except Refusal as refusal:
            raise channel_error(refusal) from refusal
        except Unanswered as error:
            raise ChannelNotReady(f"the platform cannot be reached: {error}") from error

    async def send(self, message: SendMessage) -> str:
        if self._api is None:
            raise SendDeferred("not_connected")
        try:
            user_id = self.normalize(message.recipient).removeprefix("wechat:")
        except ValueError as error:
            raise SendRejected("bad_address", "not a WeChat address") from error
        pieces = parts(message)
        if not pieces:
            raise SendRejected("empty", "nothing to send")
        send = partial(self._send_part, self._api, user_id, message.message_id)
        with self._sends.mark():
            sent = await self._progress.send(message.message_id, pieces, send)
        return sent[0]

    async def show_typing(self, recipient: str, *, is_typing: bool) -> None:
        if self._api is not None:
            with suppress(Refusal, Unanswered, ValueError):
                user_id = self.normalize(recipient).removeprefix("wechat:")
                await self._side.show_typing(self._api, user_id, is_typing=is_typing)

    def normalize(self, address: str) -> str:
        return address_of(address)

    def routes(self) -> Routes:
        return (
            Route("GET", "/callback", self._on_greeting, self._pass, max_bytes=MAX_BYTES),
            Route("POST", "/callback", self._on_callback, self._verify, max_bytes=MAX_BYTES),
        )

    async def _pass(self, request: web.Request) -> None:
        self._door.greet(request.query)

    async def _on_greeting(self, request: web.Request) -> web.Response:
        return web.Response(text=self._door.greet(request.query))

    async def _verify(self, request: web.Request) -> None:
        request[OPENED] = self._door.open(request.query, await request.read())

    async def _on_callback(self, request: web.Request) -> web.Response:
        await self._side.take(request[OPENED], self._api)
        return web.Response(text="success")

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[Api]:
        """Yield the platform's interface once it gave us an access token."""
        # a connection that does not come about carried nothing: told apart from an answer that does not come
        limits = aiohttp.ClientTimeout(total=None, sock_connect=self.config.timeout_s / 2)
        async with aiohttp.ClientSession(trust_env=False, timeout=limits) as http:
            api = Api(
                http,
                self.config.account,
                self.config.api_url or self._side.base_url,
                self._clock,
                timeout_s=self.config.timeout_s,
                media_timeout_s=self.config.media_timeout_s,
            )
            try:
                await api.tokens.get()
                yield api
            finally:
                await api.tokens.close()

    async def _send_part(self, api: Api, user_id: str, message_id: str, part: Part) -> str:
        try:
            if part.attachment is None:
                said = content(part, self._side.platform)
            else:
                kind = file_kind(part.attachment, self._side.platform)
                said = file_content(kind, await self._upload(api, part.attachment, kind))
            return await self._side.send(api, user_id, message_id, part, said)
        except Refusal as refusal:
            raise send_error(refusal, self._side.platform) from refusal
        except Unanswered as error:
            raise error.send_error() from error

    async def _upload(self, api: Api, attachment: Attachment, kind: str) -> str:
        data, mime = await self.file(attachment)
        name = attachment.name.replace('"', "_") or f"{kind}{mimetypes.guess_extension(mime) or ''}"
        try:
            return await api.upload(data, kind, name, mime)
        except Unanswered as error:
            raise SendDeferred("unavailable", f"an upload failed: {error}") from error
