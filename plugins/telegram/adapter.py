"""Talks to the Telegram Bot API with python-telegram-bot: updates by long poll or webhook, orders by its methods."""

import asyncio
import hmac
import json
import logging
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Any, Final
from urllib.parse import urlencode

from aiohttp import web
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup
from telegram.constants import ChatAction
from telegram.error import BadRequest, RetryAfter, TelegramError
from telegram.request import HTTPXRequest

from core.backoff import Backoff
from core.channel import Channel, Link, ServesHttp, ShowsTyping
from core.errors import (
    ChannelNotReady,
    LianxinError,
    SendDeferred,
    SendRejected,
    TryLater,
)
from core.events import Attachment, Carries, ChannelState, SendMessage
from core.parts import Progress
from core.underway import Underway
from core.webhooks import Refused, Route, Routes
from plugins.telegram.config import TelegramConfig
from plugins.telegram.errors import channel_error, retry_after_s, send_error
from plugins.telegram.intake import Intake
from plugins.telegram.outgoing import MAX_FILE_BYTES, Part, method, parts, rows
from plugins.telegram.wire import ALLOWED_UPDATES, UpdateUnreadable, parse_update

log = logging.getLogger(__name__)

POLL_SLACK_S: Final = 10.0  # how much later than asked a long poll may end
MAX_PAUSE_S: Final = 3.0  # what others wait for, too, while somebody's update has to come again
CONNECTIONS: Final = 16
MAX_UPDATE_BYTES: Final = 262_144  # texts have 4,096 characters, keyboards 100 buttons
PROOF_HEADER: Final = "X-Telegram-Bot-Api-Secret-Token"
_ADDRESS: Final = re.compile(r"(?:telegram:)?([1-9][0-9]{0,15})", re.IGNORECASE)

# these write request addresses, which contain the bot's token, and what people wrote
for _library in ("httpx", "httpcore", "telegram"):
    logging.getLogger(_library).setLevel(logging.CRITICAL)


class TelegramChannel(Channel[TelegramConfig], ServesHttp, ShowsTyping):
    """One bot; Telegram keeps its updates for 24 hours, until they are confirmed."""

    config_type = TelegramConfig
    _bot: Bot | None = None
    _intake: Intake | None = None

    def __init__(self, config: TelegramConfig, link: Link) -> None:
        super().__init__(config, link)
        self._progress = Progress()
        self._sends = Underway()

    @property
    def carries(self) -> Carries:
        return Carries(file_bytes=MAX_FILE_BYTES)

    async def run(self) -> None:
        try:
            async with self._connected() as (bot, poller):
                self._bot, self._intake = bot, Intake(bot, self.config, self.link)
                try:
                    await self._receive(self._intake, bot, poller)
                except (TelegramError, LianxinError):
                    self._bot = None
                    await self._sends.ended(self.config.timeout_s)  # a lost poll says nothing about them
                    raise
        except TelegramError as error:
            raise channel_error(error) from None  # its text may hold the token
        finally:
            self._bot = self._intake = None

    async def probe(self) -> None:
        try:
            async with self._connected():
                return
        except TelegramError as error:
            raise channel_error(error) from None

    async def send(self, message: SendMessage) -> str:
        if self._bot is None:
            raise SendDeferred("not_connected")
        try:
            chat_id = int(self.normalize(message.recipient).removeprefix("telegram:"))
        except ValueError as error:
            raise SendRejected("bad_address", "not a Telegram address") from error
        pieces = parts(message)
        if not pieces:
            raise SendRejected("empty", "nothing to send")
        with self._sends.mark():
            sent = await self._progress.send(message.message_id, pieces, partial(self._send_part, self._bot, chat_id))
        return sent[0]

    async def show_typing(self, recipient: str, *, is_typing: bool) -> None:
        if self._bot is None or not is_typing:
            return  # Telegram itself takes the sign away after five seconds
        with suppress(TelegramError, ValueError):
            await self._bot.send_chat_action(self.normalize(recipient).removeprefix("telegram:"), ChatAction.TYPING)

    def normalize(self, address: str) -> str:
        if (match := _ADDRESS.fullmatch(address.strip())) is None:
            raise ValueError("a Telegram address is telegram: and the number of a user")
        return f"telegram:{match[1]}"

    def routes(self) -> Routes:
        return (Route("POST", "/updates", self._on_update, self._verify, max_bytes=MAX_UPDATE_BYTES),)

    # in

    async def _receive(self, intake: Intake, bot: Bot, poller: HTTPXRequest) -> None:
        if self.config.mode == "webhook":
            await self._watch_webhook(bot)
        else:
            await bot.delete_webhook()
            await self.emit(ChannelState(state="ready"))
            await self._poll(intake, bot, poller)

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[tuple[Bot, HTTPXRequest]]:
        """Yield a bot whose token Telegram accepts, and what its long polls run on."""
        poller, requests = self._requests(1), self._requests(CONNECTIONS)
        bot = Bot(
            self.config.token.reveal(),
            base_url=f"{self.config.api_url.rstrip('/')}/bot",
            base_file_url=f"{self.config.api_url.rstrip('/')}/file/bot",
            request=requests,
            get_updates_request=poller,
        )
        async with bot:
            yield bot, poller

    def _requests(self, connections: int) -> HTTPXRequest:
        wait_s = self.config.timeout_s
        return HTTPXRequest(
            connection_pool_size=connections,
            proxy=self.config.proxy_url.reveal() or None,
            connect_timeout=wait_s,
            read_timeout=wait_s,
            write_timeout=wait_s,
            pool_timeout=wait_s,
            media_write_timeout=self.config.media_timeout_s,
            httpx_kwargs={"trust_env": False},  # what is set here decides, not the machine
        )

    async def _poll(self, intake: Intake, bot: Bot, poller: HTTPXRequest) -> None:
        offset, pause = 0, Backoff(first_s=0.5, limit_s=MAX_PAUSE_S)
        while True:
            try:
                updates = await self._updates(bot, poller, offset)
            except RetryAfter as error:
                await asyncio.sleep(retry_after_s(error))
                continue
            if not updates:
                offset = 0  # all is confirmed; after a quiet week Telegram may begin to count anew, and lower
                continue
            offset, is_whole = await intake.take_batch(updates)
            if is_whole:
                pause.reset()
            else:
                await asyncio.sleep(pause.next_s())

    async def _updates(self, bot: Bot, poller: HTTPXRequest, offset: int) -> list[Any]:
        """Return the next updates undecoded, so that one which python-telegram-bot cannot read spoils no batch."""
        wanted = {"timeout": self.config.poll_s, "allowed_updates": json.dumps(ALLOWED_UPDATES)}
        if offset:
            wanted["offset"] = offset
        url = f"{bot.base_url}/getUpdates?{urlencode(wanted)}"
        try:
            updates = await poller.post(url, read_timeout=self.config.poll_s + POLL_SLACK_S)
        except (KeyError, TypeError) as error:
            raise ChannelNotReady("Telegram's answer makes no sense") from error
        if not isinstance(updates, list):
            raise ChannelNotReady("Telegram's answer makes no sense")
        return updates

    async def _watch_webhook(self, bot: Bot) -> None:
        """Ask Telegram to bring updates, and see to it that this stays so."""
        url = f"{self.config.webhook_url.rstrip('/')}/channels/{self.link.instance}/updates"
        secret = self.config.webhook_secret.reveal()
        await bot.set_webhook(url, secret_token=secret, allowed_updates=ALLOWED_UPDATES)
        await self.emit(ChannelState(state="ready"))
        told = None
        while True:
            await asyncio.sleep(self.config.check_s)
            info = await bot.get_webhook_info()
            if info.url != url:
                raise ChannelNotReady("somebody else changed the bot's webhook")
            if info.last_error_date is not None and info.last_error_date != told and info.pending_update_count:
                told = info.last_error_date
                log.warning("Telegram could not deliver to the webhook: %s", info.last_error_message)

    async def _verify(self, request: web.Request) -> None:
        expected = self.config.webhook_secret.reveal() if self.config.mode == "webhook" else ""
        given = request.headers.get(PROOF_HEADER, "")
        if not expected or not hmac.compare_digest(given.encode("utf-8", "replace"), expected.encode()):
            raise Refused(403, "bad_secret", "not from Telegram: the secret token is missing or wrong")

    async def _on_update(self, request: web.Request) -> web.Response:
        if self._intake is None:
            raise TryLater("the channel is not connected")
        try:
            update = parse_update(await request.read())
        except UpdateUnreadable as error:
            log.warning("skipped an unreadable update: %s", error)
        else:
            await self._intake.take_one(update)
        return web.Response()

    # out

    async def _send_part(self, bot: Bot, chat_id: int, part: Part) -> str:
        buttons = [
            [InlineKeyboardButton(one.label, callback_data=one.key) for one in row] for row in rows(part.choices)
        ]
        markup = InlineKeyboardMarkup(buttons) if buttons else None
        try:
            if part.attachment is None:
                sent = await bot.send_message(chat_id, part.text, reply_markup=markup)
            else:
                data = await self._media(part.attachment)
                sent = await _send_file(bot, chat_id, part, data, markup)
        except TelegramError as error:
            raise send_error(error) from error
        return str(sent.message_id)

    async def _media(self, attachment: Attachment) -> bytes:
        if attachment.size_bytes > MAX_FILE_BYTES:
            raise SendRejected("file_too_large", "Telegram carries at most 50 MB")
        data, _ = await self.file(attachment)
        return data


async def _send_file(bot: Bot, chat_id: int, part: Part, data: bytes, markup: InlineKeyboardMarkup | None) -> Any:
    """Send a file as what it is; as a document when Telegram finds that it is no such thing."""
    assert part.attachment is not None
    kind = method(part.attachment)
    options: dict[str, Any] = {
        "caption": part.text or None,
        "reply_markup": markup,
        "filename": part.attachment.name or None,
    }
    if kind != "document":
        try:
            return await getattr(bot, f"send_{kind}")(chat_id, data, **options)
        except BadRequest as error:
            log.info("Telegram did not take a file as %s: sending it as a document: %s", kind, error.message)
    return await bot.send_document(chat_id, data, **options)
