"""Brings updates to the hub: files first, each person's in order, and nothing confirmed that is not stored."""

import asyncio
import logging
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any, Final
from weakref import WeakValueDictionary

import msgspec
from telegram import Bot
from telegram.error import BadRequest, RetryAfter, TelegramError

from core.channel import Link
from core.errors import ChannelNotReady, RequestFailed, TryLater
from core.events import MessageReceived
from core.received import Missing, without_file
from plugins.telegram.config import TelegramConfig
from plugins.telegram.errors import retry_after_s
from plugins.telegram.texts import text
from plugins.telegram.told import FileRef, GroupJoined, Told, interpret
from plugins.telegram.wire import MAX_DOWNLOAD_BYTES, Update, UpdateUnreadable, read_update

log = logging.getLogger(__name__)

MAX_TRIES: Final = 10  # a file that cannot be fetched holds words back for some 20 s, or as long as Telegram wants us
MAX_WAIT_S: Final = 30.0  # to wait; when that is longer than this, words come without their files
MAX_DOWNLOADS: Final = 4


class Intake:
    """Takes updates in batches or one by one; what was taken once is not taken again while it is unconfirmed."""

    def __init__(self, bot: Bot, config: TelegramConfig, link: Link) -> None:
        self._bot = bot
        self._config = config
        self._link = link
        self._taken: set[int] = set()
        self._tries: Counter[str] = Counter()
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._downloads = asyncio.Semaphore(MAX_DOWNLOADS)
        self._throttled_until = 0.0  # on the loop's clock

    async def take_batch(self, raw: Sequence[Any]) -> tuple[int, bool]:
        """Return the number up to which everything is taken, exclusive, and whether that is the whole batch."""
        ids = [one["update_id"] for one in raw if isinstance(one, dict) and isinstance(one.get("update_id"), int)]
        if not ids:
            raise ChannelNotReady("Telegram's answer makes no sense")
        lanes: dict[str, list[Update]] = defaultdict(list)
        for one in raw:
            try:
                update = read_update(one)
            except UpdateUnreadable as error:
                log.warning("skipped an unreadable update: %s", error)
                continue
            lanes[_lane(update)].append(update)
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._take_lane(lane)) for lane in lanes.values()]
        missed = [update_id for task in tasks if (update_id := task.result()) is not None]
        end = min(missed, default=max(ids) + 1)
        self._taken = {update_id for update_id in self._taken if update_id >= end}
        return end, not missed

    async def take_one(self, update: Update) -> None:
        """Return when the hub has ``update``, after those of the same person that came before it; or TryLater."""
        async with self._turns.setdefault(_lane(update), asyncio.Lock()):
            await self._take(update)

    async def _take(self, update: Update) -> None:
        match interpret(update, self._config.language):
            case Told() as told:
                await self._tell(told)
            case GroupJoined(chat_id=chat_id):
                link = f"https://t.me/{self._bot.username}"
                await self._try(self._bot.send_message(chat_id, text("group", self._config.language, link=link)))

    async def _take_lane(self, lane: Sequence[Update]) -> int | None:
        """Take one person's updates; return the number of the first that has to come again."""
        for update in lane:
            if update.update_id in self._taken:
                continue
            try:
                await self._take(update)
            except TryLater as error:
                log.info("update %d has to come again: %s", update.update_id, error.code)
                return update.update_id
            self._taken.add(update.update_id)
        return None

    async def _tell(self, told: Told) -> None:
        if told.callback_id:  # until then the button shows that it works
            answering = asyncio.create_task(self._try(self._bot.answer_callback_query(told.callback_id)))
            try:
                await self._link.emit(told.event)
            finally:
                await answering
            return
        event = told.event
        if isinstance(event, MessageReceived):
            for file in told.files:
                event = await self._with_file(event, file)
        await self._link.emit(event)

    async def _with_file(self, event: MessageReceived, file: FileRef) -> MessageReceived:
        """Return ``event`` with the file, or with a line that says why it is not there."""
        found = await self._fetched(file) if file.size_bytes <= MAX_DOWNLOAD_BYTES else "too_large"
        if isinstance(found, bytes):
            try:
                attachment = await self._link.put_media(found, mime=file.mime, name=file.name)
            except RequestFailed as error:
                log.warning("the hub refused a file: %s", error.code)
                found = "refused"
            else:
                attachment = msgspec.structs.replace(attachment, is_voice=file.is_voice)
                return msgspec.structs.replace(event, attachments=(*event.attachments, attachment))
        language = self._config.language
        return without_file(event, text("file", language, name=file.name), found, language)

    async def _fetched(self, file: FileRef) -> bytes | Missing:
        """Return the file's bytes, or why they are not to be had; TryLater while that may change."""
        now = asyncio.get_running_loop().time
        wait_s = self._throttled_until - now()
        if wait_s > MAX_WAIT_S:
            return "unreachable"
        if wait_s > 0:
            raise TryLater("Telegram wants us to wait")
        try:
            async with self._downloads, asyncio.timeout(self._config.media_timeout_s):
                remote = await self._bot.get_file(file.file_id)
                data = bytes(await remote.download_as_bytearray())
        except BadRequest as error:
            words = error.message.lower()
            if "too big" in words:
                return "too_large"
            if "temporarily" in words and self._shall_retry(file):
                raise TryLater("Telegram cannot find a file now") from error
            return "gone"
        except (TelegramError, TimeoutError) as error:
            wait_s = retry_after_s(error) if isinstance(error, RetryAfter) else 0.0
            self._throttled_until = max(self._throttled_until, now() + wait_s)
            if wait_s <= MAX_WAIT_S and self._shall_retry(file):
                raise TryLater(f"a file could not be fetched: {type(error).__name__}") from error
            return "unreachable"
        self._tries.pop(file.file_id, None)
        return "too_large" if len(data) > MAX_DOWNLOAD_BYTES else data or "empty"

    def _shall_retry(self, file: FileRef) -> bool:
        self._tries[file.file_id] += 1
        if self._tries[file.file_id] < MAX_TRIES:
            return True
        del self._tries[file.file_id]
        return False

    async def _try(self, call: Any) -> None:
        """Await what is good to have and no harm to miss."""
        try:
            await call
        except TelegramError as error:
            log.debug("Telegram refused a courtesy: %s", type(error).__name__)


def _lane(update: Update) -> str:
    match update:
        case Update(callback_query=query) if query is not None:
            return f"user {query.sender.id}"
        case Update(message=message) if message is not None:
            return f"user {message.chat.id}"
        case Update(edited_message=message) if message is not None:
            return f"user {message.chat.id}"
    return ""
