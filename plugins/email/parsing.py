"""Reads mails away from the event loop: small ones in a thread, big ones in a process with limits of its own."""

import asyncio
import contextlib
import logging
import os
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import msgspec

import plugins
from plugins.email.wire import Ours, Parsed, parse

log = logging.getLogger(__name__)

BIG_BYTES: Final = 131_072  # a hostile page of this size holds the interpreter, and with it the loop, for some 35 ms
LIMIT_S: Final = 60.0
HEAD_BYTES: Final = 131_072  # what is read of a mail that cannot be read whole
_ROOT: Final = Path(plugins.__file__).parent.parent


class Reader:
    """Reads one mail at a time in a process, any number in threads; ``folder`` is for what is under way."""

    def __init__(self, folder: Path, ours: Ours) -> None:
        self._folder = folder
        self._ours = ours
        self._turn = asyncio.Semaphore(1)

    def clear(self) -> None:
        """Remove what an earlier process left; it will come again."""
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(parents=True, exist_ok=True)

    @asynccontextmanager
    async def read(self, raw: bytes | Path) -> AsyncIterator[Parsed]:
        """Yield the mail ``raw``; its files exist until the block ends."""
        if size_of(raw) <= BIG_BYTES:
            yield await asyncio.to_thread(_parse_small, raw, self._ours)
            return
        folder = Path(await asyncio.to_thread(tempfile.mkdtemp, dir=self._folder))
        try:
            path = raw if isinstance(raw, Path) else folder / "mail.eml"
            if isinstance(raw, bytes):
                await asyncio.to_thread(path.write_bytes, raw)
                raw = b""
            async with self._turn:
                yield await self._parse_big(path, folder)
        finally:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)

    async def _parse_big(self, path: Path, folder: Path) -> Parsed:
        search = os.pathsep.join(filter(None, (str(_ROOT), os.environ.get("PYTHONPATH"))))
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", "plugins.email.worker", str(path), str(folder)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": search},
        )
        try:
            async with asyncio.timeout(LIMIT_S):
                answer, _ = await process.communicate(msgspec.json.encode(self._ours))
            return msgspec.json.decode(answer, type=Parsed)
        except (TimeoutError, msgspec.MsgspecError) as error:
            log.warning("a mail of %d bytes was only read in part: %s", size_of(path), type(error).__name__)
            parsed = await asyncio.to_thread(_parse_head, path, self._ours)
            return msgspec.structs.replace(parsed, warnings=(*parsed.warnings, "broken"))
        finally:
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await process.wait()


def size_of(raw: bytes | Path) -> int:
    """Return how many bytes the mail has."""
    return raw.stat().st_size if isinstance(raw, Path) else len(raw)


def _parse_small(raw: bytes | Path, ours: Ours) -> Parsed:
    return parse(raw.read_bytes() if isinstance(raw, Path) else raw, ours)


def _parse_head(path: Path, ours: Ours) -> Parsed:
    with path.open("rb") as file:
        return parse(file.read(HEAD_BYTES), ours)
