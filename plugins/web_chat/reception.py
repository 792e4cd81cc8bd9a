"""What the ways in share: the checks at the door, who is connected, and the hub behind."""

import asyncio
from contextlib import suppress
from typing import Final

from aiohttp import web

from core.channel import Link
from core.clock import Clock
from core.events import Attachment, History
from core.webhooks import Refused
from plugins.web_chat import wire
from plugins.web_chat.config import WebChatConfig
from plugins.web_chat.doors import check_origin, cross_origin_headers, remote_address
from plugins.web_chat.identity import IdentityRefused, Visitor, anonymous, identified, new_token
from plugins.web_chat.intake import Intake
from plugins.web_chat.limits import Buckets, Slots, TooMany
from plugins.web_chat.registry import Registry
from plugins.web_chat.session import LoadHistory, Session
from plugins.web_chat.tickets import Tickets

STARTING_S: Final = 3.0  # the door is there a moment before the channel runs


class Reception:
    """Lets people in while the channel runs."""

    def __init__(self, config: WebChatConfig, link: Link, clock: Clock) -> None:
        self.config = config
        self.link = link
        self.clock = clock
        self.registry = Registry(max_visitor=config.max_sockets_visitor)
        self.slots = Slots(max_total=config.max_sockets, max_ip=config.max_sockets_ip)
        self.intake = Intake(config, link.emit, self.registry, clock)
        self._tickets: Tickets | None = None
        self._opened = asyncio.Event()
        self._is_open = False
        limit = config.connections_per_min_ip
        self._connections = Buckets(per_min=limit, burst=limit, clock=clock)

    @property
    def tickets(self) -> Tickets:
        """The signer of file links, there since the channel ran for the first time."""
        assert self._tickets is not None
        return self._tickets

    def open(self, tickets: Tickets) -> None:
        """Begin to let people in."""
        self._tickets = tickets
        self._is_open = True
        self._opened.set()

    def close(self) -> None:
        """Let nobody in any more."""
        self._is_open = False

    async def verify(self, request: web.Request) -> None:
        """Check every request: the page is one that may talk to the channel, and that runs, or is about to."""
        check_origin(request, self.config.allowed_origins)
        with suppress(TimeoutError):
            async with asyncio.timeout(STARTING_S):
                await self._opened.wait()
        if not self._is_open:
            raise Refused(503, "not_ready")

    def headers(self, request: web.Request) -> dict[str, str]:
        """Return the headers of every answer."""
        return {"Cache-Control": "no-store", **cross_origin_headers(request, self.config.allowed_origins)}

    def enter(self, request: web.Request) -> str:
        """Count a new connection and return its remote address; Refused when there is no room. Pair with ``leave``."""
        ip = remote_address(request)
        if self._connections.take(ip):
            raise Refused(429, "too_many_connections")
        try:
            self.slots.enter(ip)
        except TooMany as error:
            raise Refused(503 if error.code == "busy" else 429, error.code) from error
        return ip

    def leave(self, ip: str) -> None:
        """Forget a connection counted by ``enter``."""
        self.slots.leave(ip)

    def identify(self, token: str | None, identity: str | None, *, language: str = "", page_url: str = "") -> Visitor:
        """Return who holds ``token`` or is named by ``identity``; IdentityRefused when it is not to be believed."""
        if identity is not None:
            key = self.config.identity_key.reveal()
            return identified(identity, key=key, now=self.clock.now(), language=language, page_url=page_url)
        if token is None:
            raise IdentityRefused("no_visitor")
        return anonymous(token, language=language, page_url=page_url)

    def admit(self, hello: wire.Hello) -> tuple[Session, wire.Welcome]:
        """Return the registered session of who says hello; IdentityRefused or TooMany otherwise."""
        made = new_token() if hello.visitor is None and hello.identity is None else None
        visitor = self.identify(made or hello.visitor, hello.identity, language=hello.language, page_url=hello.page_url)
        session = Session(visitor, hello.last, load=self._loader(visitor.address), file=self.file)
        self.registry.add(session)
        return session, wire.Welcome(visitor=made, name=visitor.profile.name)

    def file(self, attachment: Attachment) -> wire.File:
        """Return ``attachment`` as its visitor can fetch it."""
        return wire.File(
            url=self.tickets.link(attachment.media_id, self.clock.now()),
            mime=attachment.mime,
            name=attachment.name,
            size_bytes=attachment.size_bytes,
            width=attachment.width,
            height=attachment.height,
        )

    async def keep_alive(self) -> None:
        """Send everybody a sign of life, forever."""
        while True:
            await asyncio.sleep(self.config.ping_s)
            for session in self.registry:
                session.push(wire.Ping())

    def _loader(self, address: str) -> LoadHistory:
        async def load(after_seq: int, limit: int) -> History:
            return await self.link.history(address, after_seq=after_seq, limit=limit)

        return load
