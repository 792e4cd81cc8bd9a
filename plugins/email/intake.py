"""Makes a message, or a status, of each mail that came in; returns only when the hub has it."""

import asyncio
import logging
import os
from collections import OrderedDict
from pathlib import Path
from typing import Final

from core.channel import Link
from core.errors import RequestFailed
from core.events import Attachment, Mail, MessageReceived, MessageStatus, Profile
from plugins.email.addresses import normalized
from plugins.email.authentication import Authentication, Origin
from plugins.email.automatic import is_robot
from plugins.email.bodies import File
from plugins.email.bounces import Report
from plugins.email.config import EmailConfig
from plugins.email.headers import Mailbox
from plugins.email.html import place_pictures
from plugins.email.parsing import Reader, size_of
from plugins.email.scanner import NotScanned, Scanner
from plugins.email.tokens import Tokens
from plugins.email.verdicts import Verdicts
from plugins.email.wire import Ours, Parsed

log = logging.getLogger(__name__)

UNKNOWN: Final = "mailto:unknown@invalid"  # who wrote a mail that does not say it (RFC 2606 section 2)
MAX_ANSWERED: Final = 10_000
MAX_STORED_BYTES: Final = 20_971_520  # what the hub's store of files takes


class Intake:
    """Takes mails from wherever they come; ``robots`` are addresses whose last mail was automatic."""

    def __init__(self, config: EmailConfig, link: Link, tokens: Tokens) -> None:
        self._config = config
        self._link = link
        self._tokens = tokens
        self._own = own_addresses(config)
        trusted = frozenset(one.lower() for one in config.trusted_servers)
        self.reader = Reader(link.data_dir / "spool", Ours(addresses=self._own, trusted=trusted))
        listener = config.listener
        self._authentication = Authentication(listener.dns_servers) if listener and listener.checks_senders else None
        self._scanner = Scanner(config.clamd) if config.clamd else None
        self.robots: OrderedDict[str, None] = OrderedDict()

    async def take(self, raw: bytes | Path, recipients: tuple[str, ...] = (), origin: Origin | None = None) -> None:
        """Hand over one mail; TryLater when it has to come again.

        ``origin`` is known of mails that came by our own server.
        """
        if size_of(raw) == 0:
            log.warning("skipped an empty mail")
            return
        async with self.reader.read(raw) as parsed:
            if parsed.report is not None and await self._note(parsed.report):
                return
            verdicts = parsed.verdicts
            if origin is not None and self._authentication is not None and isinstance(raw, bytes):
                verdicts = await self._authentication.check(raw, origin, parsed.sender)
            await self._receive(parsed, raw, recipients, verdicts)

    async def _note(self, report: Report) -> bool:
        """Report what became of a message of ours; False when the report is about none."""
        message_id = self._ours(report.message_ids)
        if message_id is None:
            return False
        if report.outcome == "delayed":
            return True  # the server goes on trying
        code = report.code if report.outcome == "failed" else ""
        await self._link.emit(
            MessageStatus(message_id=message_id, status=report.outcome, code=code, reason=report.reason)
        )
        return True

    async def _receive(
        self, parsed: Parsed, raw: bytes | Path, recipients: tuple[str, ...], verdicts: Verdicts
    ) -> None:
        sender = self._sender(parsed)
        warnings = list(parsed.warnings)
        danger = await self._danger(parsed)
        attachments: list[Attachment] = []
        media_ids: dict[str, str] = {}
        original = ""
        if danger:
            warnings.append(danger)
            await asyncio.to_thread(self._set_aside, raw, "quarantine", parsed.external_id)
        else:
            original = await self._keep_original(raw, parsed, warnings)
            for file in parsed.files:
                kept = await self._keep(file, warnings)
                if kept is None:
                    continue
                if file.is_inline and f"cid:{file.content_id}" in parsed.html:
                    media_ids[file.content_id] = kept.media_id
                else:
                    attachments.append(kept)
        page = ""
        if parsed.html:
            shown = place_pictures(parsed.html, media_ids).encode()
            kept = await self._stored(shown[:MAX_STORED_BYTES], "text/html", "mail.html")
            page = kept.media_id if kept else ""
            if kept is None or len(shown) > MAX_STORED_BYTES:
                warnings.append("truncated")
        self._remember(sender, parsed.is_automatic)
        answers = self._ours((*reversed(parsed.references), *parsed.recipients, *recipients))
        await self._link.emit(
            MessageReceived(
                external_id=parsed.external_id,
                sender=sender,
                text=parsed.text,
                attachments=tuple(attachments),
                profile=Profile(name=parsed.sender_name) if parsed.sender_name else None,
                sent_at=parsed.sent_at,
                answers=(answers,) if answers else (),
                is_automatic=parsed.is_automatic,
                mail=Mail(
                    subject=parsed.subject,
                    sender=str(Mailbox(parsed.sender_name, parsed.sender)),
                    to=parsed.to,
                    cc=parsed.cc,
                    message_id=parsed.message_id,
                    references=parsed.references,
                    is_reply=parsed.is_reply,
                    quoted=parsed.quoted,
                    html_media_id=page,
                    original_media_id=original,
                    has_remote_images=parsed.has_remote_images,
                    verdicts=verdicts.words,
                    sender_check=verdicts.sender_check,
                    warnings=tuple(dict.fromkeys(warnings)),
                ),
            )
        )

    def _sender(self, parsed: Parsed) -> str:
        """Return who is to be answered: the sender, or where a form on a website says the citizen is."""
        is_form = parsed.reply_to and (is_robot(parsed.sender) or parsed.sender.lower() in self._own)
        for address in (parsed.reply_to if is_form else parsed.sender, parsed.sender, parsed.reply_to):
            try:
                return normalized(address)
            except ValueError:
                continue
        return UNKNOWN

    def _ours(self, names: tuple[str, ...]) -> str | None:
        return next((found for name in names if (found := self._tokens.check(name))), None)

    def _remember(self, sender: str, is_automatic: bool) -> None:
        self.robots.pop(sender, None)
        if is_automatic:
            self.robots[sender] = None
            if len(self.robots) > MAX_ANSWERED:
                self.robots.popitem(last=False)

    async def _danger(self, parsed: Parsed) -> str:
        """Return why the mail's files must reach nobody, as a warning, "" when they may; larger ones never do."""
        if self._scanner is None:
            return ""
        for file in parsed.files:
            if file.size_bytes > MAX_STORED_BYTES:
                continue
            try:
                name = await self._scanner.find(await _data(file))
            except NotScanned:
                log.warning("a file of a mail is too large for clamd (StreamMaxLength): the mail was put aside")
                return "not_scanned"
            if name:
                log.warning("a mail holds %s and was put aside", name)
                return "malware"
        return ""

    async def _keep(self, file: File, warnings: list[str]) -> Attachment | None:
        if file.size_bytes == 0:
            return None
        if file.size_bytes > self._config.max_attachment_bytes:
            warnings.append("attachment_too_large")
            return None
        if file.name.rpartition(".")[2].lower() in self._config.refused_types:
            warnings.append("attachment_refused")
            return None
        if (kept := await self._stored(await _data(file), file.mime, file.name)) is None:
            warnings.append("attachment_too_large")
        return kept

    async def _keep_original(self, raw: bytes | Path, parsed: Parsed, warnings: list[str]) -> str:
        if size_of(raw) <= MAX_STORED_BYTES:
            data = await asyncio.to_thread(raw.read_bytes) if isinstance(raw, Path) else raw
            name = "".join(char for char in parsed.subject if char.isalnum())[:40] or "mail"
            if (kept := await self._stored(data, "message/rfc822", f"{name}.eml")) is not None:
                return kept.media_id
        warnings.append("original_on_disk")
        await asyncio.to_thread(self._set_aside, raw, "originals", parsed.external_id)
        return ""

    async def _stored(self, data: bytes, mime: str, name: str) -> Attachment | None:
        """Return a file that the hub keeps, None when it never will: one whose limit is lower than ours, say."""
        try:
            return await self._link.put_media(data, mime=mime, name=name)
        except RequestFailed as error:
            log.warning("the hub refused a file of a mail: %s", error)
            return None

    def _set_aside(self, raw: bytes | Path, folder: str, external_id: str) -> None:
        """Keep a mail on this machine, for the administrator's eyes only."""
        place = self._link.data_dir / folder
        place.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = place / f"{self._tokens.sign(external_id).partition('.')[0]}.eml"
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            if isinstance(raw, bytes):
                file.write(raw)
                return
            with raw.open("rb") as source:
                while chunk := source.read(1_048_576):
                    file.write(chunk)


def own_addresses(config: EmailConfig) -> frozenset[str]:
    """Return the addresses that are ours: what comes from them is our own and came back."""
    found = [config.address, *(mailbox.username for mailbox in config.mailboxes if "@" in mailbox.username)]
    return frozenset(address.lower() for address in found)


async def _data(file: File) -> bytes:
    return await asyncio.to_thread(Path(file.path).read_bytes) if file.path else file.data
