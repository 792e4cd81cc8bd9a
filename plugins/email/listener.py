"""Our own SMTP server: says 250 only when the hub has the mail (RFC 5321 section 4.2.5)."""

import asyncio
import logging
import ssl
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any, Final

from aiosmtpd.smtp import SMTP, Envelope, Session

from core.errors import ChannelNotReady, TryLater
from plugins.email.addresses import normalized
from plugins.email.authentication import Origin
from plugins.email.config import ListenerSettings

log = logging.getLogger(__name__)
logging.getLogger("mail.log").setLevel(logging.WARNING)  # aiosmtpd notes there who writes to whom

Take = Callable[[bytes, tuple[str, ...], Origin], Awaitable[None]]
MAX_LINE: Final = 65_536  # the standard says 1,000; programs that write HTML do not know that
MAX_RECIPIENTS: Final = 100
BIG_BYTES: Final = 4_194_304  # announced mails above this are taken one at a time
LATER: Final = "451 4.3.0 cannot be stored now, try again later"


class Listener:
    """Serves until cancelled; each mail is handed to ``take``."""

    def __init__(self, settings: ListenerSettings, take: Take, *, max_bytes: int) -> None:
        self._settings = settings
        self._take = take
        self._max_bytes = max_bytes
        self._open: Counter[str] = Counter()
        self._big: Session | None = None
        self._domains = {one[1:].lower() for one in settings.recipients if one.startswith("@")}
        self._addresses = {_bare(one) for one in settings.recipients if not one.startswith("@")}
        self.sessions: set[_Guarded] = set()
        self.port = 0

    async def serve(self, on_ready: Callable[[], None]) -> None:
        """Serve until cancelled; ChannelNotReady when the port cannot be had."""
        tls = self._tls()
        loop = asyncio.get_running_loop()
        try:
            server = await loop.create_server(
                lambda: _Guarded(self, tls), self._settings.host.strip("[]"), self._settings.port
            )
        except OSError as error:
            raise ChannelNotReady(
                f"cannot listen on {self._settings.host}:{self._settings.port}: {error.strerror}"
            ) from error
        try:
            self.port = server.sockets[0].getsockname()[1]
            on_ready()
            await server.serve_forever()
        finally:
            server.close()
            for session in list(self.sessions):
                session.hang_up()

    def admit(self, peer: str) -> bool:
        """Count a connection of ``peer`` in; False when there are too many."""
        if (
            self._open.total() >= self._settings.max_connections
            or self._open[peer] >= self._settings.max_connections_ip
        ):
            return False
        self._open[peer] += 1
        return True

    def leave(self, peer: str, session: Session | None) -> None:
        """Count a connection out."""
        self._open[peer] -= 1
        if not self._open[peer]:
            del self._open[peer]
        if session is not None and self._big is session:
            self._big = None

    def is_ours(self, address: str) -> bool:
        """Whether mails to ``address`` are for us; a detail behind + belongs to the address before it."""
        bare = _bare(address)
        local, _, domain = bare.rpartition("@")
        return (
            domain in self._domains
            or bare in self._addresses
            or f"{local.partition('+')[0]}@{domain}" in self._addresses
        )

    # what aiosmtpd calls

    async def handle_MAIL(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, mail_options: list[str]
    ) -> str:
        """Note who sends; one big mail at a time, so that memory is bounded."""
        size = next((int(one[5:]) for one in mail_options if one[:5].upper() == "SIZE=" and one[5:].isdigit()), 0)
        if size > BIG_BYTES:
            if self._big not in (None, session):
                return "452 4.3.1 busy with another large message, try again later"
            self._big = session
        envelope.mail_from = address
        envelope.mail_options.extend(mail_options)
        return "250 2.1.0 OK"

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, rcpt_options: list[str]
    ) -> str:
        """Take what is for us, refuse to relay."""
        if len(envelope.rcpt_tos) >= MAX_RECIPIENTS:
            return "452 4.5.3 too many recipients"
        if not self.is_ours(address):
            return "550 5.1.1 no such mailbox here"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Hand the mail over; 250 means that it is safe."""
        content = envelope.content
        assert isinstance(content, bytes)
        envelope.content = None
        return_path = f"Return-Path: <{envelope.mail_from or ''}>\r\n".encode("utf-8", "replace")
        try:
            client = str(session.peer[0]) if session.peer else ""
            origin = Origin(client, session.host_name or "", envelope.mail_from or "")
            await self._take(return_path + content, tuple(envelope.rcpt_tos), origin)
        except TryLater as error:
            log.warning("a mail was put off: %s", error.code)
            return LATER
        finally:
            if self._big is session:
                self._big = None
        return "250 2.0.0 OK: queued"

    async def handle_exception(self, error: Exception) -> str:
        """Answer when we failed: the mail stays with its sender."""
        log.error("a mail could not be taken: %s", type(error).__name__, exc_info=error)
        return LATER

    def _tls(self) -> ssl.SSLContext | None:
        if not self._settings.tls_certificate:
            return None
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        try:
            context.load_cert_chain(self._settings.tls_certificate, self._settings.tls_key)
        except (OSError, ssl.SSLError) as error:
            raise ChannelNotReady(f"certificate {self._settings.tls_certificate}: {error}") from error
        return context

    def protocol_options(self, tls: ssl.SSLContext | None) -> dict[str, Any]:
        """Return how a connection is served."""
        return {
            "data_size_limit": self._max_bytes,
            "enable_SMTPUTF8": True,
            "ident": "Lianxin",
            "timeout": self._settings.timeout_s,
            "tls_context": tls,
        }


class _Guarded(SMTP):
    """A connection that was counted; one too many is told so and closed."""

    line_length_limit = MAX_LINE

    def __init__(self, listener: Listener, tls: ssl.SSLContext | None) -> None:
        super().__init__(listener, **listener.protocol_options(tls))
        self._listener = listener
        self._peer = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if not self._peer:  # with STARTTLS it is made twice
            peer = str((transport.get_extra_info("peername") or ("local",))[0])
            if not self._listener.admit(peer):
                assert isinstance(transport, asyncio.Transport)
                transport.write(b"421 4.7.0 too many connections\r\n")
                transport.close()
                return
            self._peer = peer
            self._listener.sessions.add(self)
        super().connection_made(transport)

    def hang_up(self) -> None:
        """Break the connection off; what was not acknowledged comes again."""
        if isinstance(self.transport, asyncio.Transport):
            self.transport.abort()

    def connection_lost(self, error: Exception | None) -> None:
        if not self._peer:
            return
        self._listener.sessions.discard(self)
        self._listener.leave(self._peer, self.session)
        super().connection_lost(error)


def _bare(address: str) -> str:
    try:
        return normalized(address).removeprefix("mailto:")
    except ValueError:
        return ""
