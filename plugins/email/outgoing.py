"""Hands mails to an SMTP server over a few kept connections (RFC 5321, DSN RFC 3461)."""

import asyncio
import contextlib
import logging
import ssl
import time
from collections.abc import Sequence
from typing import Final

import aiosmtplib

from core.errors import ChannelAuthFailed, ChannelNotReady, SendDeferred, SendRejected, SendUnknown
from plugins.email.bounces import reason_code
from plugins.email.config import SmtpSettings

log = logging.getLogger(__name__)

IDLE_S: Final = 30.0  # servers hang up after a minute or more
MAX_USES: Final = 100


class Outgoing:
    """Connections to one server; each carries one mail at a time."""

    def __init__(self, settings: SmtpSettings) -> None:
        self._settings = settings
        self._idle: list[tuple[aiosmtplib.SMTP, float, int]] = []
        self._slots = asyncio.Semaphore(settings.connections)
        self._tls = tls_context(settings.ca_file) if settings.security != "none" else None

    async def check(self) -> None:
        """Return when the server lets us in; ChannelNotReady or ChannelAuthFailed when it does not."""
        async with self._slots:
            client, uses = await self._take()
            try:
                await client.noop()
            except (aiosmtplib.SMTPException, OSError) as error:
                client.close()
                raise ChannelNotReady(f"mail server: {error}") from error
            self._idle.append((client, time.monotonic(), uses))

    async def send(
        self, sender: str, recipient: str, message: bytes, *, envelope_id: str, copies: Sequence[str] = ()
    ) -> None:
        """Return when the server has taken ``message``; a SendError or a channel error when it has not.

        Addresses of ``copies`` that the server refuses get none.
        """
        async with self._slots:
            client, uses = await self._take()
            is_handed_over = False
            try:
                await self._envelope(client, sender, (recipient, *copies), len(message), envelope_id)
                is_handed_over = True
                await client.data(message)
            except aiosmtplib.SMTPResponseException as error:
                await self._give_up(client)
                raise _refusal(error) from error
            except (aiosmtplib.SMTPException, OSError) as error:
                client.close()
                if is_handed_over:
                    raise SendUnknown("connection_lost", "the connection broke before the server answered") from error
                raise SendDeferred("unavailable", f"mail server: {type(error).__name__}") from error
            except BaseException:
                client.close()
                raise
            if uses + 1 < MAX_USES:
                self._idle.append((client, time.monotonic(), uses + 1))
            else:
                await self._give_up(client)

    async def close(self) -> None:
        """Hang up."""
        idle, self._idle = self._idle, []
        for client, _, _ in idle:
            client.close()

    async def _envelope(
        self, client: aiosmtplib.SMTP, sender: str, recipients: Sequence[str], size: int, envelope_id: str
    ) -> None:
        options = []
        if client.supports_extension("size"):
            options.append(f"SIZE={size}")
        if not (sender + "".join(recipients)).isascii():
            if not client.supports_extension("smtputf8"):
                raise SendRejected("address_not_supported", "the mail server knows no international addresses")
            options.append("SMTPUTF8")
        has_dsn = client.supports_extension("dsn")
        if has_dsn:
            options += ["RET=HDRS", f"ENVID={envelope_id}"]
        encoding = "utf-8" if "SMTPUTF8" in options else "ascii"
        await client.mail(sender, options=options, encoding=encoding)
        notify = ["NOTIFY=FAILURE,DELAY"] if has_dsn else []
        await client.rcpt(recipients[0], options=notify, encoding=encoding)
        for number, copy in enumerate(recipients[1:], 1):  # what becomes of copies is nobody's failure
            try:
                await client.rcpt(copy, options=["NOTIFY=NEVER"] if has_dsn else [], encoding=encoding)
            except aiosmtplib.SMTPRecipientRefused as error:
                log.warning("copy %d of a mail was refused: %d", number, error.code)

    async def _take(self) -> tuple[aiosmtplib.SMTP, int]:
        while self._idle:
            client, since, uses = self._idle.pop()
            if client.is_connected and time.monotonic() - since < IDLE_S:
                with contextlib.suppress(aiosmtplib.SMTPException, OSError):
                    await client.rset()
                    return client, uses
            client.close()
        return await self._connect(), 0

    async def _connect(self) -> aiosmtplib.SMTP:
        settings = self._settings
        client = aiosmtplib.SMTP(
            hostname=settings.host,
            port=settings.port,
            username=settings.username or None,
            password=settings.password.reveal() if settings.username else None,
            timeout=settings.timeout_s,
            use_tls=settings.security == "tls",
            start_tls=settings.security == "starttls",
            tls_context=self._tls,
        )
        try:
            await client.connect()
        except aiosmtplib.SMTPAuthenticationError as error:
            client.close()
            if error.code < 500:  # 454: the server cannot check passwords now (RFC 4954 section 6)
                raise ChannelNotReady(f"mail server: {error}") from error
            raise ChannelAuthFailed(f"mail server: {error.code} refused the user or password") from error
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            client.close()
            raise ChannelNotReady(f"mail server: {error}") from error
        return client

    async def _give_up(self, client: aiosmtplib.SMTP) -> None:
        with contextlib.suppress(aiosmtplib.SMTPException, OSError, TimeoutError):
            await client.quit(timeout=2)
        client.close()


def tls_context(ca_file: str) -> ssl.SSLContext:
    """Return a context that checks the server's certificate, against ``ca_file`` when it is given."""
    try:
        return ssl.create_default_context(cafile=ca_file or None)
    except (OSError, ssl.SSLError) as error:
        raise ChannelNotReady(f"certificate authorities {ca_file}: {error}") from error


def _refusal(error: aiosmtplib.SMTPResponseException) -> SendDeferred | SendRejected:
    text = f"{error.code} {error.message}"[:300]
    if 400 <= error.code < 500:
        return SendDeferred("throttled" if error.code in (421, 450, 452) else "refused_for_now", text)
    code = reason_code(text)
    return SendRejected("refused" if code == "bounced" else code, text)
