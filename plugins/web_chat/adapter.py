"""The channel: what the hub sends goes to the visitor's open windows; what visitors send comes in over HTTP."""

import asyncio
from typing import Final

from core.channel import Channel, Link, ServesHttp, ShowsTyping
from core.clock import Clock, SystemClock
from core.errors import ChannelNotReady, SendRejected
from core.events import ChannelState, SendMessage
from core.webhooks import Route, Routes
from plugins.web_chat import wire
from plugins.web_chat.config import WebChatConfig
from plugins.web_chat.identity import normalized
from plugins.web_chat.media import OVERHEAD_BYTES, Media
from plugins.web_chat.pages import MAX_FORM_BYTES, Pages
from plugins.web_chat.reception import Reception
from plugins.web_chat.sockets import Sockets
from plugins.web_chat.streams import Streams
from plugins.web_chat.tickets import Tickets, load_key

KEY_FILE: Final = "files.key"


class WebChatChannel(Channel[WebChatConfig], ServesHttp, ShowsTyping):
    """One widget's server side; the hub's history is its memory, so a message sent twice is shown once."""

    config_type = WebChatConfig
    deduplicates = True

    def __init__(self, config: WebChatConfig, link: Link, *, clock: Clock | None = None) -> None:
        super().__init__(config, link)
        self._reception = Reception(config, link, clock or SystemClock())
        self._sockets = Sockets(self._reception)
        self._streams = Streams(self._reception)

    async def run(self) -> None:
        try:
            key = await asyncio.to_thread(load_key, self.link.data_dir / KEY_FILE)
        except OSError as error:
            raise ChannelNotReady(f"cannot keep the signing key: {error}") from error
        self._reception.open(Tickets(key))
        try:
            await self.emit(ChannelState(state="ready"))
            await self._reception.keep_alive()
        finally:
            self._reception.close()
            await asyncio.gather(self._sockets.close(), self._streams.close())

    async def send(self, message: SendMessage) -> str:
        try:
            address = self.normalize(message.recipient)
        except ValueError as error:
            raise SendRejected("bad_address", "not a web chat address") from error
        for session in self._reception.registry.of(address):
            session.deliver(message)
        return message.message_id

    async def show_typing(self, recipient: str, *, is_typing: bool) -> None:
        for session in self._reception.registry.of(recipient):
            session.push(wire.Typing(on=is_typing))

    def normalize(self, address: str) -> str:
        return normalized(address)

    def routes(self) -> Routes:
        media, pages = Media(self._reception), Pages(self._reception)
        verify = self._reception.verify
        max_upload = self.config.max_upload_bytes + OVERHEAD_BYTES
        return (
            Route("GET", "/ws", self._sockets.handle, verify),
            Route("GET", "/sse", self._streams.listen, verify),
            Route("POST", "/events", self._streams.post, verify, max_bytes=wire.MAX_FRAME_BYTES),
            Route("POST", "/media", media.upload, verify, max_bytes=max_upload),
            Route("GET", "/media/{media_id}", media.fetch, verify),
            Route("GET", "/config", pages.config, verify),
            Route("POST", "/offline", pages.form, verify, max_bytes=MAX_FORM_BYTES),
        )
