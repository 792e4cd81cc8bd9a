"""One numbered stream of deltas per user: what a browser missed is sent again, or a snapshot when that is gone.

Each user's deltas are numbered without a gap from the moment their desk was first opened in
this hub process (``epoch``). All browsers of one user read the same stream.
"""

import asyncio
import secrets
from collections import deque
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final, TypeAlias

import msgspec

from core.events import Event
from hub.desktop.patches import Patch, Viewer, patches

if TYPE_CHECKING:
    from hub.desktop.screens import Screen

QUEUE_FRAMES: Final = 500  # a browser that is further behind is sent away and starts from its last number
BACKLOG_BYTES: Final = 1_048_576  # by user

Shared: TypeAlias = dict[bytes, bytes]  # what was encoded for one commit's readers, each text once

_encoder = msgspec.json.Encoder()


class Connection:
    """One browser: frames wait here until its writer takes them. Thousands are idle, so it is kept small."""

    __slots__ = ("_frames", "_waiter", "bye_code", "screen", "session_id", "watches")

    def __init__(self, session_id: str = "") -> None:
        self.session_id = session_id
        self.bye_code = ""
        self.watches = False  # whether it shows the wallboard
        self.screen: Screen | None = None  # what it says it shows
        self._frames: list[bytes] = []  # an empty list is ten times smaller than an empty deque
        self._waiter: asyncio.Future[None] | None = None

    def push(self, frame: bytes) -> None:
        """Queue ``frame``; one too many ends the connection with code ``slow``."""
        if self.bye_code:
            return
        if len(self._frames) >= QUEUE_FRAMES:
            self.close("slow")
            return
        self._frames.append(frame)
        self._wake()

    @property
    def is_behind(self) -> bool:
        """Whether frames wait to be taken."""
        return bool(self._frames)

    def close(self, code: str) -> None:
        """Drop what is queued and end the connection."""
        if not self.bye_code:
            self.bye_code = code
            self._frames.clear()
            self._wake()

    async def take(self) -> bytes | None:
        """Return the next frame as soon as there is one, None when the connection is over; for one writer alone."""
        while not self._frames and not self.bye_code:
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        return self._frames.pop(0) if self._frames else None

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


class UserFeed:
    """The deltas of one user and the browsers that read them."""

    def __init__(self, viewer: Viewer, *, backlog: int) -> None:
        self.viewer = viewer
        self.epoch = secrets.token_hex(8)
        self.seq = 0
        self.connections: set[Connection] = set()
        self._backlog: deque[bytes] = deque(maxlen=backlog)  # what changed, encoded; the last one has number ``seq``
        self._bytes = 0

    def apply(self, events: Iterable[Event], shared: Shared) -> None:
        """Number and send what ``events`` change for this user, as one delta."""
        if changed := [patch for event in events for patch in patches(event, self.viewer)]:
            self.push(changed, shared)

    def push(self, changed: list[Patch], shared: Shared) -> None:
        """Number and send ``changed`` as one delta; what others are sent, too, is kept once, by ``shared``."""
        self.seq += 1
        encoded = _encoder.encode(changed)
        encoded = shared.setdefault(encoded, encoded)
        if len(self._backlog) == self._backlog.maxlen:
            self._bytes -= len(self._backlog[0])
        self._backlog.append(encoded)
        self._bytes += len(encoded)
        while self._bytes > BACKLOG_BYTES and len(self._backlog) > 1:
            self._bytes -= len(self._backlog.popleft())
        if self.connections:
            frame = _delta(self.seq, encoded)
            for connection in tuple(self.connections):
                connection.push(frame)

    def signal(self, frame: bytes) -> None:
        """Send something that is not part of the state."""
        for connection in self.connections:
            connection.push(frame)

    def show(self, frame: bytes) -> None:
        """Send the wallboard's figures to the browsers that show it and keep up; the next ones make up for them."""
        for connection in self.connections:
            if connection.watches and not connection.is_behind:
                connection.push(frame)

    def missed(self, epoch: str | None, seq: int) -> list[bytes] | None:
        """Return the delta frames after ``seq``, or None when only a snapshot will do."""
        if epoch != self.epoch or not 0 <= seq <= self.seq:
            return None
        first = self.seq - len(self._backlog) + 1
        if seq + 1 < first or self.seq - seq >= QUEUE_FRAMES:
            return None  # forgotten, or more than a connection's queue holds
        return [_delta(number, encoded) for number, encoded in enumerate(self._backlog, first) if number > seq]


def _delta(seq: int, encoded: bytes) -> bytes:
    return b'{"type":"delta","seq":%d,"patches":%b}' % (seq, encoded)
