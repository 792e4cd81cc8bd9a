"""The channel: orders go out by SMTP; mails come in from mailboxes and our own listener."""

import asyncio
import logging
import time
from collections import OrderedDict
from typing import Final, Literal

from core.channel import Channel, FindsSent, Link
from core.errors import (
    ChannelAuthFailed,
    ChannelNotReady,
    SendDeferred,
    SendError,
    SendRejected,
    SendUnknown,
)
from core.events import Attachment, Carries, SendMessage
from plugins.email.addresses import bare, normalized
from plugins.email.compose import Attached, compose
from plugins.email.config import EmailConfig
from plugins.email.imap import Mailbox
from plugins.email.intake import MAX_ANSWERED, Intake
from plugins.email.journal import Journal
from plugins.email.listener import Listener
from plugins.email.outgoing import Outgoing
from plugins.email.tokens import Tokens, load_key
from plugins.email.watch import Watch

log = logging.getLogger(__name__)

DAY_S: Final = 86_400.0


class EmailChannel(Channel[EmailConfig], FindsSent):
    """One address; what is sent has a Message-ID made from the order's, so a repetition is recognised everywhere."""

    config_type = EmailConfig

    def __init__(self, config: EmailConfig, link: Link) -> None:
        super().__init__(config, link)
        self._outgoing = Outgoing(config.smtp)
        self._journal: Journal | None = None
        self._tokens: Tokens | None = None
        self._intake: Intake | None = None
        self._filed = next((one for one in config.mailboxes if one.sent_folder), None)
        self._answered: OrderedDict[str, dict[str, float]] = OrderedDict()  # by address: messages, and when

    @property
    def carries(self) -> Carries:
        return Carries(is_formatted=True)

    async def run(self) -> None:
        try:
            key = await asyncio.to_thread(load_key, self.link.data_dir / "token.key")
            if self._journal is None:  # it outlives a run: sends under way still write into it
                self._journal = await asyncio.to_thread(Journal, self.link.data_dir / "sent.db")
        except OSError as error:
            raise ChannelNotReady(f"cannot keep the key or the journal: {error}") from error
        self._tokens = Tokens(key)
        self._intake = Intake(self.config, self.link, self._tokens)
        await asyncio.to_thread(self._intake.reader.clear)
        watch = Watch(self.emit, self.config.check_s)
        for mailbox in self.config.mailboxes:
            reader = Mailbox(mailbox, self.link.data_dir, self._intake.take, max_bytes=self.config.max_mail_bytes)
            watch.add(mailbox.name, reader.watch)
        if self.config.listener is not None:
            listener = Listener(self.config.listener, self._intake.take, max_bytes=self.config.max_mail_bytes)
            watch.add("listener", listener.serve)
        try:
            await watch.run(self._outgoing.check)
        finally:
            await self._outgoing.close()

    async def send(self, message: SendMessage) -> str:
        tokens, journal, intake = self._tokens, self._journal, self._intake
        if tokens is None or journal is None or intake is None:
            raise SendDeferred("not_connected")
        try:
            recipient = self.normalize(message.recipient)
        except ValueError as error:
            raise SendRejected("bad_address", "not a mail address") from error
        if message.sender_kind != "agent":
            self._count_automatic(message.message_id, recipient, recipient in intake.robots)
        attached = [await self._attached(one) for one in message.attachments]
        mail = await asyncio.to_thread(compose, message, self.config, tokens, attached)
        await asyncio.to_thread(journal.begin, message.message_id)
        try:
            copies = [] if message.mail is None else [bare(normalized(one)) for one in message.mail.cc]
            await self._outgoing.send(
                self.config.address, bare(recipient), mail, envelope_id=tokens.sign(message.message_id), copies=copies
            )
        except (SendUnknown, asyncio.CancelledError):
            raise
        except (SendError, ChannelNotReady, ChannelAuthFailed):
            await asyncio.to_thread(journal.forget, message.message_id)
            raise
        external_id = self._external_id(tokens, message.message_id)
        await asyncio.to_thread(journal.finish, message.message_id, external_id)
        await self._file(mail)
        return external_id

    async def find_sent(self, message_id: str) -> str | Literal[False]:
        if self._journal is None or self._tokens is None:
            raise SendDeferred("not_connected")
        found = await asyncio.to_thread(self._journal.find, message_id)
        if found is not None:
            return found
        external_id = self._external_id(self._tokens, message_id)
        if self._filed is not None and await self._sent_folder().find(external_id):
            return external_id
        raise SendUnknown("in_doubt", "the connection broke while the mail was handed over")

    def normalize(self, address: str) -> str:
        return normalized(address)

    async def probe(self) -> None:
        try:
            await self._outgoing.check()
            for mailbox in self.config.mailboxes:
                await Mailbox(mailbox, self.link.data_dir, _take_nothing, max_bytes=0).check()
        finally:
            await self._outgoing.close()

    def _external_id(self, tokens: Tokens, message_id: str) -> str:
        return tokens.message_id(message_id, self.config.address.rpartition("@")[2])

    def _count_automatic(self, message_id: str, recipient: str, is_robot: bool) -> None:
        """Let so many automatic mails go to one address a day; to robots none (RFC 3834 section 2).

        One that was put off counts once, however often it is tried again.
        """
        now = time.monotonic()
        recent = {sent: at for sent, at in self._answered.pop(recipient, {}).items() if now - at < DAY_S}
        self._answered[recipient] = recent
        if len(self._answered) > MAX_ANSWERED:
            self._answered.popitem(last=False)
        if is_robot or (message_id not in recent and len(recent) >= self.config.automatic_per_day):
            raise SendRejected("loop_guard", "nothing automatic answers an automatic mail, or too many to one address")
        recent.setdefault(message_id, now)

    async def _attached(self, attachment: Attachment) -> Attached:
        content, mime = await self.file(attachment)
        return attachment.name, mime, content

    async def _file(self, mail: bytes) -> None:
        """Put a copy into the folder of sent mails; the mail is out, whatever becomes of the copy."""
        if self._filed is None:
            return
        try:
            await self._sent_folder().file(mail)
        except (ChannelNotReady, ChannelAuthFailed) as error:
            log.warning("a sent mail was not filed: %s", error.code)

    def _sent_folder(self) -> Mailbox:
        assert self._filed is not None
        return Mailbox(self._filed, self.link.data_dir, _take_nothing, max_bytes=0)


async def _take_nothing(_raw: object) -> None:
    return None
