"""Takes the taps of calls in progress and has each listened to for as long as the hub plans it."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Iterable
from datetime import UTC, datetime
from typing import Final

from core.bus import Bus
from core.errors import LianxinError
from core.events import LiveJob, TapRecognized, Utterance
from core.host.audio_socket import NotAudioSocket, read_name, sound
from core.transcription import HearsLive

log = logging.getLogger(__name__)

MAX_CONNECTIONS: Final = 1_024


class LiveSounds:
    """The taps of one transcriber."""

    def __init__(self, bus: Bus, instance: str, transcriber: HearsLive) -> None:
        self._bus = bus
        self._instance = instance
        self._transcriber = transcriber
        self._jobs: dict[str, LiveJob] = {}
        self._hearing: dict[str, asyncio.Task[None]] = {}
        self._connections: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def open(self) -> str:
        """Take taps from now on; return ``host:port``, empty when the transcriber's settings do not want any."""
        host = self._transcriber.live_host
        if not host:
            return ""
        try:
            self._server = await asyncio.start_server(self._accept, host, 0)
        except OSError as error:  # recordings are listened to all the same
            log.warning("calls in progress cannot be heard: %s is no address of this machine: %s", host, error)
            return ""
        return f"{host}:{self._server.sockets[0].getsockname()[1]}"

    async def close(self) -> None:
        """Hang up on all."""
        if self._server is not None:
            self._server.close()
        for task in self._connections:
            task.cancel()
        if self._connections:
            await asyncio.wait(self._connections)

    def arrange(self, jobs: Iterable[LiveJob]) -> int:
        """Listen to exactly these taps, once they come; return how many could be listened to."""
        self._jobs = {job.tap_id: job for job in jobs}
        for tap_id, task in self._hearing.items():
            if tap_id not in self._jobs:
                task.cancel()
        return self._transcriber.live_slots

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            if len(self._connections) <= MAX_CONNECTIONS:
                await self._take(task, reader)
        except NotAudioSocket as error:
            log.debug("a connection was refused: %s", error)
        except LianxinError as error:
            log.info("a tap is not listened to any more: %s", error)
        except asyncio.CancelledError:
            log.debug("a tap is not wanted any more")
        except Exception:
            log.exception("a tap could not be listened to")
        finally:
            self._connections.discard(task)
            writer.close()

    async def _take(self, task: asyncio.Task[None], reader: asyncio.StreamReader) -> None:
        tap_id = await read_name(reader)
        job = self._jobs.get(tap_id)
        if job is None or tap_id in self._hearing or len(self._hearing) >= self._transcriber.live_slots:
            return  # whoever taps the call tries again while that is planned
        self._hearing[tap_id] = task
        try:
            await self._transcriber.hear(_Tap(job, reader, self._bus, self._instance))
        finally:
            del self._hearing[tap_id]


class _Tap:
    """``core.transcription.LiveSound``."""

    def __init__(self, job: LiveJob, reader: asyncio.StreamReader, bus: Bus, instance: str) -> None:
        self.job = job
        self._reader = reader
        self._bus = bus
        self._instance = instance
        self._begun_at = datetime.now(UTC)
        self._n = 0

    async def samples(self) -> AsyncGenerator[tuple[bytes, int]]:
        is_first = True
        async for samples, rate_hz in sound(self._reader):
            if is_first:
                self._begun_at, is_first = datetime.now(UTC), False
            yield samples, rate_hz

    async def said(self, utterance: Utterance, *, is_final: bool) -> None:
        event = TapRecognized(
            tap_id=self.job.tap_id, n=self._n, is_final=is_final, begun_at=self._begun_at, utterance=utterance
        )
        self._n += is_final
        await self._bus.signal(event, self._instance)
