"""What a widget says becomes events for the hub; nothing is acknowledged before it is stored."""

import math
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

import msgspec

from core.clock import Clock
from core.errors import BusUnavailable
from core.events import (
    ContactArrived,
    Event,
    MessageReceived,
    MessagesRead,
    MessageStatus,
    TypingReported,
)
from core.tasks import Tasks
from plugins.web_chat import wire
from plugins.web_chat.config import WebChatConfig
from plugins.web_chat.identity import Visitor
from plugins.web_chat.limits import Buckets
from plugins.web_chat.registry import Registry
from plugins.web_chat.session import Session
from plugins.web_chat.texts import text
from plugins.web_chat.tickets import TicketRefused, Tickets

BURST: Final = 20  # messages at once, whatever the rate in the long run
TYPING_PER_MIN: Final = 60
RETRY_MS: Final = 2000

Stored = wire.Message | wire.Opened | wire.Offline
Emit = Callable[[Event], Awaitable[None]]


class Intake:
    """Turns frames into events, in the order of their arrival, within each person's limits."""

    def __init__(self, config: WebChatConfig, emit: Emit, registry: Registry, clock: Clock) -> None:
        self._config = config
        self._emit = emit
        self._registry = registry
        self._by_visitor = Buckets(per_min=config.messages_per_min, burst=BURST, clock=clock)
        self._by_ip = Buckets(per_min=config.messages_per_min_ip, burst=config.messages_per_min_ip, clock=clock)
        self._reporting = Tasks()
        self._typing = Buckets(per_min=TYPING_PER_MIN, burst=BURST, clock=clock)

    async def take(
        self, frame: wire.ClientFrame, session: Session, ip: str, tickets: Tickets
    ) -> wire.ServerFrame | None:
        """Hand ``frame`` to the hub and return what the widget is to be told."""
        address = session.visitor.address
        match frame:
            case wire.Message() | wire.Opened() | wire.Offline():
                return await self._store(frame, session, ip, tickets)
            case wire.Typing(on=on):
                if not self._typing.take(address):
                    await self._report(TypingReported(sender=address, is_typing=on))
            case wire.Seen(seq=seq):
                for message_id in session.confirm(seq):
                    self._report_later(MessageStatus(message_id=message_id, status="delivered", external_id=message_id))
            case wire.Read(seq=seq):
                if session.advance_read(seq):
                    await self._report(MessagesRead(sender=address, up_to_seq=seq))
            case wire.Hello():
                return wire.Error(code="hello_twice")
        return None

    async def store_form(self, frame: wire.Offline, visitor: Visitor, ip: str) -> bool:
        """Hand a form that came without a session to the hub; False when the sender has to come back later.

        BusUnavailable when it could not be stored.
        """
        if len(frame.text) > self._config.max_text or self._by_ip.take(ip):
            return False
        await self._emit(_form(frame, visitor))
        return True

    async def _store(self, frame: Stored, session: Session, ip: str, tickets: Tickets) -> wire.ServerFrame:
        address = session.visitor.address
        if wait_s := max(self._by_visitor.take(address), self._by_ip.take(ip)):
            return wire.Retry(cid=frame.cid, after_ms=math.ceil(wait_s * 1000))
        try:
            event = self._event(frame, session.visitor, tickets)
        except _Unfit as unfit:
            return wire.Refused(cid=frame.cid, code=unfit.code)
        sessions = {session, *self._registry.of(address)}
        if isinstance(event, MessageReceived):
            for each in sessions:  # before the hub can answer it
                each.expect_own(frame.cid)
        try:
            await self._emit(event)
        except BusUnavailable:
            for each in sessions:
                each.forget_own(frame.cid)
            return wire.Retry(cid=frame.cid, after_ms=RETRY_MS)
        if isinstance(event, MessageReceived):
            for other in sessions - {session}:
                other.echo(event)
        return wire.Ack(cid=frame.cid)

    def _event(self, frame: Stored, visitor: Visitor, tickets: Tickets) -> Event:
        match frame:
            case wire.Opened():
                return ContactArrived(sender=visitor.address, arrival_id=frame.cid, profile=visitor.profile)
            case wire.Offline():
                self._check_length(frame.text)
                return _form(frame, visitor)
            case wire.Message():
                self._check_length(frame.text)
                try:
                    attachments = tuple(tickets.attachment(handle, visitor.address) for handle in frame.attachments)
                except TicketRefused as error:
                    raise _Unfit("bad_attachment") from error
                words = _without_nul(frame.text)
                if not (words.strip() or attachments or frame.choice):
                    raise _Unfit("empty")
                return MessageReceived(
                    external_id=frame.cid,
                    sender=visitor.address,
                    text=words,
                    attachments=attachments,
                    choice=frame.choice,
                    profile=visitor.profile,
                )

    def _check_length(self, words: str) -> None:
        if len(words) > self._config.max_text:
            raise _Unfit("too_long")

    def _report_later(self, event: Event) -> None:
        """Report without keeping the visitor's next frame waiting: statuses wait for company."""
        self._reporting.start(self._report(event))

    async def _report(self, event: Event) -> None:
        with suppress(BusUnavailable):  # nothing a person wrote; the next reconnect tells it again
            await self._emit(event)


class _Unfit(Exception):
    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def _form(frame: wire.Offline, visitor: Visitor) -> MessageReceived:
    """Return the form as a message; name and telephone number stand in the text too, where people read them."""
    language = visitor.profile.language
    lines = [text("offline.message", language, text=frame.text)]
    if frame.name:
        lines.append(text("offline.name", language, name=frame.name))
    if frame.phone:
        lines.append(text("offline.phone", language, phone=frame.phone))
    profile = visitor.profile
    if not profile.is_verified:
        profile = msgspec.structs.replace(profile, name=_without_nul(frame.name))
    return MessageReceived(
        external_id=frame.cid,
        sender=visitor.address,
        text=_without_nul("\n".join(lines)),
        profile=msgspec.structs.replace(profile, phone=frame.phone),
    )


def _without_nul(words: str) -> str:
    return words.replace("\0", "")  # PostgreSQL cannot store it
