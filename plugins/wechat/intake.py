"""Brings what people sent to the hub: first their files into its store, then the message."""

import asyncio
import logging
import mimetypes
from collections import Counter
from typing import Final

import msgspec

from core.channel import Link
from core.errors import RequestFailed, TryLater
from core.events import Attachment, MessageReceived
from core.received import Missing, without_file
from plugins.wechat.api import Api, MediaTooLarge, Unanswered
from plugins.wechat.config import WeChatConfig
from plugins.wechat.errors import Refusal, may_pass
from plugins.wechat.texts import text
from plugins.wechat.told import FileKind, FileRef, Told

log = logging.getLogger(__name__)

MAX_TRIES: Final = 8  # a file that cannot be fetched does not hold the words of all for ever
MIMES: Final = {"image": "image/jpeg", "voice": "audio/amr", "video": "video/mp4", "file": "application/octet-stream"}


class Intake:
    """Emits what was told; a file that cannot be had becomes a line that says so."""

    def __init__(self, config: WeChatConfig, link: Link) -> None:
        self._config = config
        self._link = link
        self._tries: Counter[str] = Counter()

    async def tell(self, told: Told, api: Api | None) -> None:
        """Return when the hub has it; TryLater when it has to come again."""
        event = told.event
        if isinstance(event, MessageReceived):
            for file in told.files:
                event = await self._with_file(event, file, api)
        await self._link.emit(event)

    async def _with_file(self, event: MessageReceived, file: FileRef, api: Api | None) -> MessageReceived:
        found = await self._fetched(file, api)
        if isinstance(found, tuple):
            try:
                attachment = await self._kept(file.kind, *found)
            except RequestFailed as error:
                log.warning("the hub refused a file: %s", error)
                found = "refused"
            else:
                return msgspec.structs.replace(event, attachments=(*event.attachments, attachment))
        language = self._config.language
        return without_file(event, text(file.kind, language), found, language)

    async def _fetched(self, file: FileRef, api: Api | None) -> tuple[bytes, str] | Missing:
        """Return a file and its MIME type, or why it is not to be had; TryLater while that may change."""
        if api is None:
            raise TryLater("the platform cannot be reached")
        try:
            async with asyncio.timeout(self._config.media_timeout_s):
                data, mime = await api.download(file.media_id)
        except MediaTooLarge:
            return "too_large"
        except (Refusal, Unanswered, TimeoutError) as error:
            log.info("a file could not be fetched: %s", error)
            if isinstance(error, Refusal) and not may_pass(error):
                return "gone"
            self._tries[file.media_id] += 1
            if self._tries[file.media_id] < MAX_TRIES:
                raise TryLater(f"a file could not be fetched: {type(error).__name__}") from error
            del self._tries[file.media_id]
            return "unreachable"
        self._tries.pop(file.media_id, None)
        return (data, mime) if data else "empty"

    async def _kept(self, kind: FileKind, data: bytes, claimed: str) -> Attachment:
        mime = MIMES[kind] if claimed in ("", "application/octet-stream") else claimed
        name = f"{kind}{mimetypes.guess_extension(mime) or '.bin'}"
        attachment = await self._link.put_media(data, mime=mime, name=name)
        return msgspec.structs.replace(attachment, is_voice=kind == "voice")
