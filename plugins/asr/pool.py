"""Worker processes: as many as there are cores to use, forked from one that has the models loaded."""

import asyncio
import contextlib
import logging
import os
import socket
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from core.errors import ChannelNotReady
from plugins.asr.wire import MAX_LINE_BYTES, Heard, Load, Loaded, Measured, Stretch, Task

log = logging.getLogger(__name__)

LOAD_S: Final = 300.0  # large models on a slow disk
END_S: Final = 1.0

T = TypeVar("T", bound=msgspec.Struct)


class WorkerDied(Exception):
    """A worker ended in the middle of a task."""


class Worker:
    """The near end of one worker's line."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def measure(self, path: Path) -> Measured:
        """Return what the sound at ``path`` holds, as WAV."""
        self._ask(Task(path=str(path)))
        return await self._read(Measured)

    async def listen(self, task: Task) -> AsyncIterator[Stretch]:
        """Yield what is said, to the end of the channel."""
        self._ask(task)
        while line := await self._line():
            if line == b"\n":
                return
            yield msgspec.json.decode(line, type=Stretch)

    def begin(self, task: Task) -> None:
        """Let it listen to a sound that is not in a file: ``say`` it and ``hear`` what is in it."""
        self._ask(task)

    async def say(self, samples: bytes) -> None:
        """Let it hear more."""
        try:
            self._writer.write(samples)
            await self._writer.drain()
        except ConnectionError as error:
            raise WorkerDied(str(error)) from error

    def fall_silent(self) -> None:
        """Let it hear that nothing more comes."""
        with contextlib.suppress(OSError):
            self._writer.write_eof()

    async def hear(self) -> AsyncIterator[Heard]:
        """Yield what is being said, until it has heard everything."""
        while (line := await self._line()) != b"\n":
            yield msgspec.json.decode(line, type=Heard)

    def close(self) -> None:
        """Let it go; it ends by itself."""
        self._writer.close()

    def _ask(self, task: Task) -> None:
        self._writer.write(msgspec.json.encode(task) + b"\n")

    async def _read(self, kind: type[T]) -> T:
        return msgspec.json.decode(await self._line(), type=kind)

    async def _line(self) -> bytes:
        try:
            line = await self._reader.readline()
        except (ConnectionError, ValueError) as error:
            raise WorkerDied(str(error)) from error
        if not line.endswith(b"\n"):
            raise WorkerDied("its line was closed")
        return line


class Pool:
    """At most ``size`` workers; one that is busy when it is let go is replaced."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._free = asyncio.Semaphore(size)
        self._idle: list[Worker] = []
        self._control: socket.socket | None = None

    @asynccontextmanager
    async def forge(
        self, models: Mapping[str, Path], niceness: int, punctuation: Mapping[str, Path] | None = None
    ) -> AsyncIterator[asyncio.subprocess.Process]:
        """Have workers while the body runs; ChannelNotReady when the models cannot be loaded."""
        near, far = socket.socketpair()
        with near:
            near.setblocking(False)
            with far:
                process = await asyncio.create_subprocess_exec(
                    sys.executable, "-P", "-m", "plugins.asr.forge", str(far.fileno()),
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=asyncio.subprocess.DEVNULL,
                    pass_fds=(far.fileno(),),
                    env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
                )  # fmt: skip
            try:
                await self._load(near, models, niceness, punctuation or {})
                self._control = near
                yield process
            finally:
                self._control = None
                for worker in self._idle:
                    worker.close()
                self._idle.clear()
                near.close()
                await _end(process)

    @asynccontextmanager
    async def worker(self) -> AsyncIterator[Worker]:
        """Wait for a worker; when the body fails or is cancelled, it may be in the middle of a task and is dropped."""
        async with self._free:
            worker = self._idle.pop() if self._idle else await self._fork()
            try:
                yield worker
            except BaseException:
                worker.close()
                raise
            self._idle.append(worker)

    @asynccontextmanager
    async def ear(self) -> AsyncIterator[Worker]:
        """Have a worker beside the others, for a call in progress."""
        worker = await self._fork()
        try:
            yield worker
        finally:
            worker.close()

    async def _load(
        self, near: socket.socket, models: Mapping[str, Path], niceness: int, punctuation: Mapping[str, Path]
    ) -> None:
        loop = asyncio.get_running_loop()
        job = Load(models=_named(models), punctuation=_named(punctuation), niceness=niceness)
        await loop.sock_sendall(near, msgspec.json.encode(job) + b"\n")
        answer = b""
        try:
            async with asyncio.timeout(LOAD_S):
                while not answer.endswith(b"\n"):
                    if not (more := await loop.sock_recv(near, MAX_LINE_BYTES)):
                        raise ChannelNotReady("the recogniser ended while it loaded its models: is vosk installed?")
                    answer += more
        except TimeoutError as error:
            raise ChannelNotReady(f"the models were not loaded within {LOAD_S:g} s") from error
        loaded = msgspec.json.decode(answer, type=Loaded)
        if loaded.fault:
            raise ChannelNotReady(f"the models cannot be loaded: {loaded.fault}")
        if loaded.lack:
            log.warning("marks are put by pauses alone: %s", loaded.lack)

    async def _fork(self) -> Worker:
        if self._control is None:
            raise ChannelNotReady("there are no workers")
        near, far = socket.socketpair()
        with far:
            try:
                socket.send_fds(self._control, [b"w"], [far.fileno()])
            except OSError as error:
                near.close()
                raise ChannelNotReady(f"no worker can be had: {error}") from error
        return Worker(*await asyncio.open_connection(sock=near, limit=MAX_LINE_BYTES))


def _named(paths: Mapping[str, Path]) -> dict[str, str]:
    return {language: str(path) for language, path in paths.items()}


async def _end(process: asyncio.subprocess.Process) -> None:
    """Wait for a forge whose control socket was closed; one that loads models does not look at it."""
    try:
        async with asyncio.timeout(END_S):
            await process.wait()
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
