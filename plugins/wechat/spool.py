"""Keeps on disk what was taken from the platform and could not be told to the hub in time."""

import asyncio
import os
from pathlib import Path
from typing import Final

from core.errors import TryLater

MAX_MESSAGES: Final = 20_000  # of at most 64 KiB; beyond, the platform has to repeat itself


class SpoolFull(TryLater):
    """The hub has been away for so long that no more is kept here."""

    code = "spool_full"


class Spool:
    """Messages in the order they came, one file each; ``news`` is set when there is another."""

    def __init__(self, folder: Path, *, limit: int = MAX_MESSAGES) -> None:
        self._folder = folder
        self._limit = limit
        self._turn = asyncio.Lock()
        self._names: dict[str, str] | None = None  # of the messages, with their files; None: not looked at yet
        self._last = 0
        self.news = asyncio.Event()

    async def keep(self, name: str, message: bytes) -> None:
        """Return when ``message`` lies safely on disk; the same ``name`` again changes nothing. SpoolFull."""
        async with self._turn:
            names = await self._kept_names()
            if name not in names:
                if len(names) >= self._limit:
                    raise SpoolFull(f"{self._limit} messages wait for the hub already")
                self._last += 1
                file = f"{self._last:08}-{name}"
                await asyncio.to_thread(self._write, file, message)
                names[name] = file
        self.news.set()

    async def is_empty(self) -> bool:
        """Whether nothing waits."""
        async with self._turn:
            return not await self._kept_names()

    async def kept(self) -> list[tuple[Path, bytes]]:
        """Return what is kept, oldest first."""
        return await asyncio.to_thread(self._read)

    async def drop(self, path: Path) -> None:
        """Forget a message that was told."""
        async with self._turn:
            names = await self._kept_names()
            await asyncio.to_thread(path.unlink, missing_ok=True)
            names.pop(path.name.partition("-")[2], None)

    async def _kept_names(self) -> dict[str, str]:
        if self._names is None:
            files = await asyncio.to_thread(lambda: sorted(path.name for path in self._folder.glob("[0-9]*-*")))
            self._names = {file.partition("-")[2]: file for file in files}
            self._last = max((int(file.partition("-")[0]) for file in files), default=0)
        return self._names

    def _write(self, file: str, message: bytes) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        new = self._folder / f".{file}"
        new.touch(0o600)  # people's words
        with new.open("wb") as handle:
            handle.write(message)
            handle.flush()
            os.fsync(handle.fileno())
        new.replace(self._folder / file)

    def _read(self) -> list[tuple[Path, bytes]]:
        return [(path, path.read_bytes()) for path in sorted(self._folder.glob("[0-9]*-*"))]
