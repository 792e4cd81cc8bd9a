"""A server that cannot now is asked again, and nobody is told that it refused."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from core.config import decode_settings
from core.errors import ChannelAuthFailed, ChannelNotReady, SendDeferred, SendRejected
from core.events import Mail, SendMessage
from plugins.email.adapter import EmailChannel
from plugins.email.config import EmailConfig, MailboxSettings, SmtpSettings
from plugins.email.imap import Mailbox
from plugins.email.outgoing import Outgoing
from tests.plugins.email.far_end import Relay, free_port
from tests.plugins.memory_link import MemoryLink, running


@pytest.fixture
async def relay() -> AsyncIterator[Relay]:
    relay = Relay()
    yield relay
    await relay.stop()


async def test_an_automatic_mail_that_is_put_off_counts_once(relay: Relay, tmp_path: Path) -> None:
    def order(message_id: str) -> SendMessage:
        mail = Mail(subject="结果")
        return SendMessage(
            message_id=message_id, recipient="mailto:lin@example.cn", text="已派修", sender_kind="flow", mail=mail
        )

    link = MemoryLink(tmp_path)
    config = decode_settings(EmailConfig, {**await relay.start(), "automatic_per_day": 1})
    channel = EmailChannel(config, link)
    async with running(channel, link):
        for _ in range(2):
            relay.script("451 4.3.0 try again later")
            with pytest.raises(SendDeferred):
                await channel.send(order("m-1"))
        await channel.send(order("m-1"))
        with pytest.raises(SendRejected, match="nothing automatic"):
            await channel.send(order("m-2"))
    assert len(relay.sent) == 1


@pytest.mark.parametrize(
    ("answer", "raised"),
    [
        ("454 4.7.0 Temporary authentication failure", ChannelNotReady),
        ("535 5.7.8 Authentication credentials invalid", ChannelAuthFailed),
    ],
)
async def test_a_server_that_cannot_check_passwords_now_has_refused_none(answer: str, raised: type[Exception]) -> None:
    verdict = AuthResult(success=False, handled=False, message=answer)
    server = Controller(object(), "127.0.0.1", free_port(), authenticator=lambda *_: verdict, auth_require_tls=False)
    await asyncio.to_thread(server.start)
    settings: dict[str, Any] = {"username": "hotline", "password": "p", "security": "none", "timeout_s": 5.0}
    outgoing = Outgoing(decode_settings(SmtpSettings, {"host": "127.0.0.1", "port": server.port, **settings}))
    try:
        with pytest.raises(raised):
            await outgoing.check()
    finally:
        await outgoing.close()
        await asyncio.to_thread(server.stop)


@asynccontextmanager
async def _imap(answer: str) -> AsyncIterator[int]:
    """Serve logins, each answered with ``answer`` or, when it is empty, by hanging up; yield the port."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"* OK ready\r\n")
        while line := await reader.readline():
            tag, command, *_ = line.split()
            if command == b"LOGIN":
                if not answer:
                    break
                writer.write(tag + f" {answer}\r\n".encode())
            else:
                writer.write(b"* CAPABILITY IMAP4rev1\r\n" + tag + b" OK done\r\n")
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


@pytest.mark.parametrize(
    ("answer", "raised"),
    [
        ("NO [UNAVAILABLE] Temporary authentication failure.", ChannelNotReady),
        ("NO [LIMIT] Too many connections", ChannelNotReady),
        ("", ChannelNotReady),
        ("NO [AUTHENTICATIONFAILED] Authentication failed.", ChannelAuthFailed),
    ],
)
async def test_a_mailbox_that_cannot_be_opened_now_has_refused_no_password(
    tmp_path: Path, answer: str, raised: type[Exception]
) -> None:
    async with _imap(answer) as port:
        given = {"name": "main", "host": "127.0.0.1", "port": port, "security": "none", "timeout_s": 5.0}
        settings = decode_settings(MailboxSettings, {**given, "username": "hotline", "password": "p"})
        mailbox = Mailbox(settings, tmp_path, _nobody, max_bytes=1_000)
        with pytest.raises(raised):
            await mailbox.check()


async def _nobody(_: Any) -> None:
    return None
