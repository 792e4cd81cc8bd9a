"""Brings what people sent to the hub: first their files into its store, then the message."""

import asyncio
import logging
import mimetypes
from typing import Final

import msgspec

from core.channel import Link
from core.errors import RequestFailed, TryLater
from core.events import Attachment, MessageReceived
from core.received import Missing, without_file
from plugins.wechat.api import Api, MediaTooLarge, Unanswered
from plugins.wechat.config import WeChatConfig
from plugins.wechat.errors import Refusal
from plugins.wechat.texts import text
from plugins.wechat.told import FileRef, Told

log = logging.getLogger(__name__)

TRIES: Final = 2
MIMES: Final = {"image": "image/jpeg", "voice": "audio/amr", "video": "video/mp4", "file": "application/octet-stream"}


class Intake:
    """Emits what was told; a file that cannot be had becomes a line that says so."""

    def __init__(self, config: WeChatConfig, link: Link) -> None:
        self._config = config
        self._link = link

    async def tell(self, told: Told, api: Api | None) -> None:
        """Return when the hub has it; TryLater when it has to come again."""
        event = told.event
        if isinstance(event, MessageReceived):
            for file in told.files:
                event = await self._with_file(event, file, api)
        await self._link.emit(event)

    async def _with_file(self, event: MessageReceived, file: FileRef, api: Api | None) -> MessageReceived:
        reason: Missing
        try:
            async with asyncio.timeout(self._config.media_timeout_s):
                attachment = await self._fetch(file, api)
        except MediaTooLarge:
            reason = "too_large"
        except (Refusal, Unanswered, TimeoutError) as error:
            log.info("a file could not be fetched: %s", error)
            reason = "gone"
        except (RequestFailed, ValueError) as error:
            log.warning("the hub refused a file: %s", error)
            reason = "refused"
        else:
            return msgspec.structs.replace(event, attachments=(*event.attachments, attachment))
        language = self._config.language
        return without_file(event, text(file.kind, language), reason, language)

    async def _fetch(self, file: FileRef, api: Api | None) -> Attachment:
        if api is None:
            raise TryLater("the platform cannot be reached")
        for attempt in range(TRIES):
            try:
                data, claimed = await api.download(file.media_id)
                break
            except Unanswered:
                if attempt == TRIES - 1:
                    raise
        mime = MIMES[file.kind] if claimed in ("", "application/octet-stream") else claimed
        name = f"{file.kind}{mimetypes.guess_extension(mime) or '.bin'}"
        attachment = await self._link.put_media(data, mime=mime, name=name)
        return msgspec.structs.replace(attachment, is_voice=file.kind == "voice")
