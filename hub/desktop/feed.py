"""One numbered stream of deltas per user: what a browser missed is sent again, or a snapshot when that is gone.

Each user's deltas are numbered without a gap from the moment their desk was first opened in
this hub process (``epoch``). All browsers of one user read the same stream.
"""

import asyncio
import secrets
from collections import deque
from collections.abc import Iterable
from typing import Final

import msgspec

from core.events import Event
from hub.desktop.patches import Patch, Viewer, patches

QUEUE_FRAMES: Final = 500  # a browser that is further behind is sent away and starts from its last number
BACKLOG_BYTES: Final = 1_048_576  # by user

_encoder = msgspec.json.Encoder()


class Connection:
    """One browser: frames wait here until its writer sends them."""

    def __init__(self) -> None:
        self.frames: asyncio.Queue[bytes | None] = asyncio.Queue(QUEUE_FRAMES)
        self.bye_code = ""

    def push(self, frame: bytes) -> None:
        """Queue ``frame``; a full queue ends the connection with code ``slow``."""
        try:
            self.frames.put_nowait(frame)
        except asyncio.QueueFull:
            self.close("slow")

    def close(self, code: str) -> None:
        """Drop what is queued and end the connection."""
        if self.bye_code:
            return
        self.bye_code = code
        while not self.frames.empty():
            self.frames.get_nowait()
        self.frames.put_nowait(None)


class UserFeed:
    """The deltas of one user and the browsers that read them."""

    def __init__(self, viewer: Viewer, *, backlog: int) -> None:
        self.viewer = viewer
        self.epoch = secrets.token_hex(8)
        self.seq = 0
        self.connections: set[Connection] = set()
        self._backlog: deque[tuple[int, bytes]] = deque(maxlen=backlog)
        self._bytes = 0

    def apply(self, events: Iterable[Event]) -> None:
        """Number and send what ``events`` change for this user, as one delta."""
        if changed := [patch for event in events for patch in patches(event, self.viewer)]:
            self._push(changed)

    def signal(self, frame: bytes) -> None:
        """Send something that is not part of the state."""
        for connection in self.connections:
            connection.push(frame)

    def missed(self, epoch: str | None, seq: int) -> list[bytes] | None:
        """Return the delta frames after ``seq``, or None when only a snapshot will do."""
        if epoch != self.epoch or not 0 <= seq <= self.seq:
            return None
        first = self.seq - len(self._backlog) + 1
        if seq + 1 < first:
            return None
        return [frame for number, frame in self._backlog if number > seq]

    def _push(self, changed: list[Patch]) -> None:
        self.seq += 1
        frame = b'{"type":"delta","seq":%d,"patches":%b}' % (self.seq, _encoder.encode(changed))
        if len(self._backlog) == self._backlog.maxlen:
            self._bytes -= len(self._backlog[0][1])
        self._backlog.append((self.seq, frame))
        self._bytes += len(frame)
        while self._bytes > BACKLOG_BYTES and len(self._backlog) > 1:
            self._bytes -= len(self._backlog.popleft()[1])
        for connection in tuple(self.connections):
            connection.push(frame)
