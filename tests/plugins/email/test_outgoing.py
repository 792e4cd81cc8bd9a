"""Mails leave over a few kept connections, by TLS alone, and the server is asked to report what becomes of them."""

import asyncio
import re
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP

from core.config import decode_settings
from core.errors import ChannelNotReady
from plugins.email.config import SmtpSettings
from plugins.email.outgoing import Outgoing
from tests.certificates import make_certificate
from tests.plugins.email.far_end import free_port

HEAD = "hotline@lianxin.test", "lin@example.cn"


class Server(Controller):
    """A server with STARTTLS and DSN; ``asked`` holds what it was told, ``opened`` counts connections."""

    def __init__(self, tls: ssl.SSLContext) -> None:
        super().__init__(self, "127.0.0.1", free_port())
        self.tls = tls
        self.asked: list[str] = []
        self.opened = 0

    def factory(self) -> SMTP:
        self.opened += 1
        return _Session(self)

    async def handle_EHLO(  # noqa: N802
        self, server: Any, session: Any, envelope: Any, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        return [*responses[:-1], "250-DSN", responses[-1]]

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        return "250 2.0.0 taken"


class _Session(SMTP):
    """Notes the parameters of DSN, which aiosmtpd itself does not know."""

    def __init__(self, server: Server) -> None:
        super().__init__(server, tls_context=server.tls, require_starttls=True)
        self._asked = server.asked

    async def smtp_MAIL(self, arg: str | None) -> None:  # noqa: N802
        self._asked.append(str(arg))
        await super().smtp_MAIL(re.sub(r"> .*", ">", arg or ""))

    async def smtp_RCPT(self, arg: str | None) -> None:  # noqa: N802
        self._asked.append(str(arg))
        await super().smtp_RCPT(re.sub(r"> .*", ">", arg or ""))


@asynccontextmanager
async def _server(folder: Path) -> AsyncIterator[tuple[Server, Path]]:
    """Serve with a certificate of its own; yield the server and the certificate."""
    certificate, key = make_certificate(folder)
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(certificate, key)
    server = Server(tls)
    await asyncio.to_thread(server.start)
    try:
        yield server, certificate
    finally:
        await asyncio.to_thread(server.stop)


def _outgoing(server: Server, **settings: Any) -> Outgoing:
    given = {"host": "localhost", "port": server.port, "security": "starttls", "timeout_s": 10.0, **settings}
    return Outgoing(decode_settings(SmtpSettings, given))


async def test_mails_share_a_few_connections_and_name_themselves_for_reports(tmp_path: Path) -> None:
    async with _server(tmp_path) as (server, certificate):
        outgoing = _outgoing(server, ca_file=str(certificate), connections=2)
        opened = server.opened
        for _ in range(2):
            await asyncio.gather(
                *(outgoing.send(*HEAD, b"Subject: x\r\n\r\nx\r\n", envelope_id=f"m-{number}") for number in range(6))
            )
        await outgoing.send(*HEAD, b"x\r\n", envelope_id="m-9", copies=["wang@example.cn"])
        await outgoing.close()
        assert server.opened - opened <= 2
    mail, recipient, copy = server.asked[-3:]
    assert "RET=HDRS" in mail
    assert "ENVID=m-9" in mail
    assert "NOTIFY=FAILURE,DELAY" in recipient
    assert "NOTIFY=NEVER" in copy


async def test_a_server_whose_certificate_nobody_vouches_for_gets_nothing(tmp_path: Path) -> None:
    async with _server(tmp_path) as (server, _):
        outgoing = _outgoing(server)
        with pytest.raises(ChannelNotReady, match="CERTIFICATE_VERIFY_FAILED"):
            await outgoing.check()
        await outgoing.close()
    assert server.asked == []
