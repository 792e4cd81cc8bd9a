"""One widget's connection, whatever carries it: first what was missed, then what happens, in order, each once.

Messages sent while nobody listens, or faster than a widget reads, are not kept here: the hub's history has them.
"""

import asyncio
import random
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

from core.backoff import Backoff
from core.errors import BusUnavailable, RequestFailed
from core.events import Attachment, History, HistoryMessage, MessageReceived, SendMessage
from plugins.web_chat import wire
from plugins.web_chat.identity import Visitor

MAX_WAITING: Final = 64  # frames; more and the messages among them are read from the history instead
MAX_REMEMBERED: Final = 256  # unconfirmed or unnumbered messages per connection
PAGE: Final = 50
QUEUE_REFRESH_S: Final = 10.0  # how old a waiting person's place in the queue may become
SETTLE_S: Final = 1.5  # after the flow spoke, the conversation may have moved on
NOT_DELIVERED: Final = frozenset({"queued", "sent", "deferred", "unknown"})

LoadHistory = Callable[[int, int], Awaitable[History]]  # (after_seq, limit)
MakeFile = Callable[[Attachment], wire.File]


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A frame to write; ``seq`` is where a widget resumes after it, None when it changes nothing."""

    data: bytes
    seq: int | None = None


class Session:
    """What one connection has been sent, and what it still has to be sent.

    ``load`` asks the hub's history of this visitor; ``file`` makes an attachment fetchable.
    """

    __slots__ = (
        "_cursor",
        "_file",
        "_floor",
        "_frames",
        "_is_behind",
        "_load",
        "_looked_up_to",
        "_orders",
        "_read",
        "_refresh_at",
        "_sent_above_floor",
        "_situation",
        "_unconfirmed",
        "_unnumbered",
        "_unnumbered_sent",
        "_wake",
        "visitor",
    )

    def __init__(self, visitor: Visitor, last: int, *, load: LoadHistory, file: MakeFile) -> None:
        self.visitor = visitor
        self._load = load
        self._file = file
        self._cursor = last  # the highest seq sent
        self._floor = last  # everything up to here was sent or is in the widget
        self._sent_above_floor: set[int] = set()
        self._frames: list[wire.ServerFrame] = []  # lists: an empty one is ten times smaller than an empty deque
        self._orders: list[SendMessage] = []
        self._is_behind = True
        self._looked_up_to = 0
        self._read = 0
        self._wake = asyncio.Event()
        self._unnumbered: dict[str, str] = {}  # own messages the hub will number without telling us
        self._unnumbered_sent: dict[str, str] = {}
        self._unconfirmed: dict[int, str] = {}  # seq → message_id
        self._situation: wire.SituationFrame | None = None
        self._refresh_at: float | None = None

    def push(self, frame: wire.ServerFrame) -> None:
        """Send ``frame`` as soon as the widget takes it; one too many and the oldest is dropped."""
        self._frames.append(frame)
        if len(self._frames) > MAX_WAITING:
            del self._frames[0]  # an acknowledgement is asked for again, all else is stale
        self._wake.set()

    def deliver(self, order: SendMessage) -> None:
        """Send the message in its turn."""
        if len(self._orders) < MAX_WAITING:
            self._orders.append(order)
        else:
            self._orders.clear()
            self._is_behind = True
        self._wake.set()

    def resume(self, last: int) -> None:
        """Start again behind ``last``: the far end lost what came after it."""
        self._cursor = self._floor = last
        self._sent_above_floor.clear()
        self._is_behind = True

    def expect_own(self, cid: str) -> None:
        """Note that the visitor's own message takes a number that no order will carry."""
        _remember(self._unnumbered, cid, cid)

    def forget_own(self, cid: str) -> None:
        """Take back ``expect_own``: the message was not stored."""
        self._unnumbered.pop(cid, None)

    def confirm(self, up_to_seq: int) -> list[str]:
        """Return the ids of the messages that are now delivered for the first time on this connection."""
        confirmed = [seq for seq in self._unconfirmed if seq <= up_to_seq]
        return [self._unconfirmed.pop(seq) for seq in confirmed]

    def advance_read(self, seq: int) -> bool:
        """Tell whether the person has read further than before; nothing that was not sent can be read."""
        if not self._read < seq <= self._cursor:
            return False
        self._read = seq
        return True

    def echo(self, message: MessageReceived) -> None:
        """Show what the visitor wrote in another window; the hub's number for it is not known yet."""
        attachments = tuple(self._file(attachment) for attachment in message.attachments)
        line = wire.Line(
            direction="in", kind="contact", cid=message.external_id, text=message.text, attachments=attachments
        )
        self.push(line)

    async def frames(self) -> AsyncGenerator[Outgoing, None]:
        """Yield what is to be written, forever; one reader at a time."""
        page: asyncio.Task[History] | None = None
        try:
            while True:
                self._wake.clear()
                while self._frames:
                    yield Outgoing(wire.encode(self._frames.pop(0)))
                if page is not None and page.done():
                    for frame in self._turn(page.result()):
                        yield frame
                    page = None
                elif page is None and self._needs_page():
                    self._is_behind, self._refresh_at = False, None
                    page = asyncio.create_task(self._page())
                    page.add_done_callback(lambda _: self._wake.set())
                elif page is None and self._orders:
                    if (line := self._next_line()) is not None:
                        yield line
                else:
                    await self._pause()
        finally:
            if page is not None:
                page.cancel()

    async def _pause(self) -> None:
        delay_s = None if self._refresh_at is None else max(0.0, self._refresh_at - _now())
        try:
            async with asyncio.timeout(delay_s):
                await self._wake.wait()
        except TimeoutError:
            self._is_behind = True

    def _needs_page(self) -> bool:
        return self._is_behind or (self._refresh_at is not None and self._refresh_at <= _now())

    async def _page(self) -> History:
        backoff = Backoff(first_s=0.5, limit_s=10.0)
        while True:
            try:
                return await self._load(self._cursor, PAGE)
            except (BusUnavailable, RequestFailed):
                await asyncio.sleep(backoff.next_s())

    def _turn(self, page: History) -> list[Outgoing]:
        """Return the page as frames; once nothing is missing any more, the situation follows."""
        was_newest = self._cursor == 0  # the hub answered with the newest page, older ones are not wanted
        frames = [self._line(message) for message in page.messages if message.seq > self._cursor]
        if page.has_more and page.messages and not was_newest:
            self._is_behind = True
        if self._is_behind:
            return frames
        self._floor = self._cursor
        self._sent_above_floor.clear()
        situation = wire.SituationFrame(situation=page.situation, place=page.place, wait_s=page.wait_s)
        if situation != self._situation:
            self._situation = situation
            frames.append(Outgoing(wire.encode(situation)))
        if page.situation == "queued":
            self._refresh_at = _now() + QUEUE_REFRESH_S * random.uniform(0.8, 1.2)  # noqa: S311 - spreading load
        return frames

    def _next_line(self) -> Outgoing | None:
        """Return the oldest waiting order as a frame; None when it was sent before or one before it is missing."""
        order = self._orders[0]
        if not order.seq:  # outside the numbering: shown as it comes
            self._orders.pop(0)
            return self._first_time(order)
        gap = order.seq - self._cursor - 1
        if gap > len(self._unnumbered) and order.seq > self._looked_up_to:
            self._looked_up_to = order.seq  # what the history does not know now, it will not know later
            self._is_behind = True
            return None
        self._orders.pop(0)
        if order.seq <= self._floor or order.seq in self._sent_above_floor:
            return None
        for cid in list(self._unnumbered)[: max(0, gap)]:
            del self._unnumbered[cid]
        if order.sender_kind != "agent" or self._situation is None or self._situation.situation != "active":
            self._refresh_at = _now() + SETTLE_S
        return self._line(_as_history(order))

    def _first_time(self, order: SendMessage) -> Outgoing | None:
        if order.message_id in self._unnumbered_sent:
            return None
        _remember(self._unnumbered_sent, order.message_id, order.message_id)
        return self._line(_as_history(order))

    def _line(self, message: HistoryMessage) -> Outgoing:
        is_own = message.direction == "in"
        self._cursor = max(self._cursor, message.seq)
        self._sent_above_floor.add(message.seq)
        if len(self._sent_above_floor) > MAX_REMEMBERED:
            self._floor = self._cursor
            self._sent_above_floor.clear()
        if is_own:
            self._unnumbered.pop(message.external_id, None)
        elif message.status in NOT_DELIVERED:
            _remember(self._unconfirmed, message.seq, message.message_id)
        line = wire.Line(
            seq=message.seq,
            id=message.message_id,
            direction=message.direction,
            cid=message.external_id if is_own else "",
            text=message.text,
            attachments=tuple(self._file(attachment) for attachment in message.attachments),
            choices=message.choices,
            name=message.sender_name,
            kind=message.sender_kind,
            at=message.sent_at,
            status=message.status,
        )
        return Outgoing(wire.encode(line), self._cursor)


def _as_history(order: SendMessage) -> HistoryMessage:
    return HistoryMessage(
        seq=order.seq,
        message_id=order.message_id,
        direction="out",
        text=order.text,
        attachments=order.attachments,
        choices=order.choices,
        sender_name=order.sender_name,
        sender_kind=order.sender_kind,
        sent_at=order.sent_at,
    )


def _remember(table: dict[Any, str], key: int | str, value: str) -> None:
    table[key] = value
    if len(table) > MAX_REMEMBERED:
        del table[next(iter(table))]


def _now() -> float:
    return asyncio.get_running_loop().time()
