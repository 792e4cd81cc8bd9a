"""Keeps on disk what was taken from the platform and could not be told to the hub in time."""

import asyncio
import os
from pathlib import Path


class Spool:
    """Messages in the order they came, one file each; ``news`` is set when there is another."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.news = asyncio.Event()

    async def keep(self, name: str, message: bytes) -> None:
        """Return when ``message`` lies safely on disk; the same ``name`` again changes nothing."""
        await asyncio.to_thread(self._write, name, message)
        self.news.set()

    async def kept(self) -> list[tuple[Path, bytes]]:
        """Return what is kept, oldest first."""
        return await asyncio.to_thread(self._read)

    async def drop(self, path: Path) -> None:
        """Forget a message that was told."""
        await asyncio.to_thread(path.unlink, missing_ok=True)

    def _write(self, name: str, message: bytes) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        if list(self._folder.glob(f"*-{name}")):
            return
        numbers = [int(path.name.partition("-")[0]) for path in self._folder.glob("[0-9]*-*")]
        new = self._folder / f".{name}"
        new.touch(0o600)  # people's words
        with new.open("wb") as file:
            file.write(message)
            file.flush()
            os.fsync(file.fileno())
        new.replace(self._folder / f"{max(numbers, default=0) + 1:08}-{name}")

    def _read(self) -> list[tuple[Path, bytes]]:
        return [(path, path.read_bytes()) for path in sorted(self._folder.glob("[0-9]*-*"))]
