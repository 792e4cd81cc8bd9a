"""One audio connection over RTP: a tone or a file goes out, what comes in is kept and listened to.

It lives in a thread of its own, so that a test's loop that is busy neither tears keys nor makes gaps; when a packet
came is what the kernel says, whenever it is read.
"""

import asyncio
import os
import random
import selectors
import socket
import struct
import threading
import time
from array import array
from collections import deque
from collections.abc import Callable
from contextlib import suppress

from tests.plugins.voice.support.audio import FRAME, SILENCE, WINDOW, from_ulaw, is_silent, to_ulaw, tone_frame
from tests.plugins.voice.support.ear import WITHIN_S, Ear

DIGITS = "0123456789*#ABCD"
T1_S = 0.5  # how long RFC 3261 waits before a request is sent again
SO_TIMESTAMPNS = 35  # Linux; Python has no name for it
NICENESS = -10  # where we may


class AudioLine(Ear):
    """Sends 50 packets a second from ``start`` on; ``heard`` is all that came, ``arrivals`` when."""

    def __init__(self) -> None:
        super().__init__()
        self.arrivals: list[float] = []
        self.digits = ""
        self.said_at = 0.0  # when the first packet of what is being said was sent
        self.far_end: tuple[str, int] | None = None
        self._keys: deque[tuple[bytes, bool] | asyncio.Event | None] = deque()
        self._key_time = 0
        self._frame: Callable[[int], bytes] = lambda index: SILENCE
        self._sequence = random.randrange(1 << 15)
        self._time = random.randrange(1 << 30)
        self._source = random.randrange(1 << 32)
        self._index = 0
        self._last_event = -1
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._is_closing = False

    async def open(self, host: str) -> int:
        """Return the port that was bound."""
        self._loop = asyncio.get_running_loop()
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self._socket.bind((host, 0))
        self._socket.setblocking(False)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        port: int = self._socket.getsockname()[1]
        return port

    def start(self, far_end: tuple[str, int]) -> None:
        self.far_end = far_end

    async def close(self) -> None:
        self._is_closing = True
        if self._thread is not None:
            await asyncio.to_thread(self._thread.join)
            self._socket.close()

    def say(self, frequency_hz: float | None) -> None:
        """Send a tone from now on, None: silence."""
        self.said_at = 0.0
        self._frame = (lambda index: SILENCE) if frequency_hz is None else lambda index: tone_frame(frequency_hz, index)

    def play(self, samples: "array[int]") -> None:
        """Send ``samples`` (8 kHz) once, then silence."""
        frames = iter(
            [to_ulaw(samples[at : at + FRAME]).ljust(FRAME, SILENCE[:1]) for at in range(0, len(samples), FRAME)]
        )
        self._frame = lambda index: next(frames, SILENCE)

    def mute(self) -> None:
        """Send nothing at all, like a dead microphone's device."""
        self._frame = lambda index: b""

    async def hears_silence(self, *, within_s: float = WITHIN_S) -> None:
        """Return when 200 ms came, from now on, in which there was nothing, or when nothing came for 200 ms."""
        begin, begun = len(self.heard), time.time()

        def is_quiet() -> bool:
            last = max(begun, self.arrivals[-1] if self.arrivals else 0.0)
            return time.time() - last > 0.2 or (len(self.heard) - begin >= WINDOW and is_silent(self.heard[-WINDOW:]))

        await self._until(is_quiet, "silence", within_s)

    async def press(self, digits: str) -> None:
        """Press keys, one after the other (RFC 4733); return when the last one is let go."""
        released = asyncio.Event()
        packets: list[tuple[bytes, bool] | asyncio.Event | None] = []
        for digit in digits:
            for step in range(1, 9):
                is_end = step > 5
                duration = min(step, 6) * FRAME
                packets.append((struct.pack("!BBH", DIGITS.index(digit), 0x80 * is_end | 10, duration), step == 1))
            packets.extend([None] * 3)
        self._keys.extend([*packets, released])
        await released.wait()

    @property
    def longest_gap_s(self) -> float:
        """Return the longest time in which nothing came."""
        return max(
            (later - sooner for sooner, later in zip(self.arrivals, self.arrivals[1:], strict=False)), default=0.0
        )

    @property
    def missing_s(self) -> float:
        """Return how much audio did not come in the time since the first that did; what was late is not missing."""
        return self.arrivals[-1] - self.arrivals[0] - 0.02 * (len(self.arrivals) - 1) if self.arrivals else 0.0

    def _run(self) -> None:
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)
        with selectors.DefaultSelector() as selector:
            selector.register(self._socket, selectors.EVENT_READ)
            due = time.monotonic()
            while not self._is_closing:
                if self.far_end is None:
                    due = time.monotonic() + 0.02
                elif due <= time.monotonic():
                    self._send_one()
                    due += 0.02
                if selector.select(max(0.0, due - time.monotonic())):
                    self._receive()

    def _receive(self) -> None:
        with suppress(BlockingIOError, ConnectionRefusedError):  # the other side may have closed its port already
            while True:
                data, notes, _, _ = self._socket.recvmsg(2_048, 64)
                seconds, nanoseconds = struct.unpack("@ll", notes[0][2])
                self._hear(data, seconds + nanoseconds / 1e9)

    def _send_one(self) -> None:
        match self._keys.popleft() if self._keys else self._frame(self._index):
            case (payload, is_first):
                if is_first:
                    self._key_time = self._time  # all packets of a key carry the time of its beginning
                self._emit(payload, 101, self._key_time, marker=is_first)
            case asyncio.Event() as released:
                self._tell(released)
            case bytes(payload) if payload:
                self.said_at = self.said_at or time.time()
                self._emit(payload, 0, self._time)
        self._index += 1
        self._time = (self._time + FRAME) & 0xFFFFFFFF

    def _emit(self, payload: bytes, kind: int, stamp: int, *, marker: bool = False) -> None:
        header = struct.pack("!BBHII", 0x80, kind | 0x80 * marker, self._sequence, stamp, self._source)
        self._sequence = (self._sequence + 1) & 0xFFFF
        with suppress(OSError):
            self._socket.sendto(header + payload, self.far_end)

    def _hear(self, data: bytes, at: float) -> None:
        if len(data) < 12 or data[0] >> 6 != 2:
            return
        kind, stamp, payload = data[1] & 0x7F, data[4:8], data[12 + 4 * (data[0] & 0x0F) :]
        self.arrivals.append(at)
        if kind == 0:
            self.heard.extend(from_ulaw(payload))
        elif kind == 101 and payload[1] & 0x80 and stamp != self._last_event:
            self._last_event = stamp
            self.digits += DIGITS[payload[0] & 0x0F]
        if not self.news.is_set():
            self._tell(self.news)

    def _tell(self, event: asyncio.Event) -> None:
        assert self._loop is not None
        with suppress(RuntimeError):  # the loop may be closed already
            self._loop.call_soon_threadsafe(event.set)
