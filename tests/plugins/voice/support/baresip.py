"""baresip as a desk phone that we did not write: its SIP, its audio and its keys, in a process of its own."""

import asyncio
import importlib.util
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from tests.plugins.voice.support.ear import WITHIN_S, Ear
from tests.plugins.voice.support.engine import RTP_FIRST, RTP_LAST

PROGRAM = Path(__file__).with_name("baresip_process.py")
HEADER_BYTES = 44  # of the WAV file it writes
LOOK_S = 0.05  # how long the file is left alone


class Baresip(Ear):
    """One telephone with one call at a time; it says a tone and keeps what it hears."""

    def __init__(self, user: str, process: asyncio.subprocess.Process, folder: Path) -> None:
        super().__init__()
        self.user = user
        self._process = process
        self._folder = folder
        self._events: asyncio.Queue[str] = asyncio.Queue()
        self._tasks = (asyncio.create_task(self._follow()), asyncio.create_task(self._listen()))

    async def register(self, *, within_s: float = WITHIN_S) -> None:
        """Return when it is registered, however long its account is on the way to the engine."""
        async with asyncio.timeout(within_s):
            self.order("register")
            while await self.tells("REGISTER_OK", "REGISTER_FAIL") != "REGISTER_OK":
                self.order("register")

    async def rings(self) -> "Baresip":
        """Return when it is called."""
        await self.tells("CALL_INCOMING")
        return self

    async def answer(self) -> None:
        """Pick the call up; return when it has been acknowledged."""
        self.order("answer")
        await self.tells("CALL_ESTABLISHED")

    async def ended(self) -> None:
        """Return when the other side has ended the call."""
        await self.tells("CALL_CLOSED")

    def unregister(self) -> None:
        """Say good-bye to the engine, as a phone does that is switched off."""
        self.order("unregister")

    def press(self, digits: str) -> None:
        self.order(f"press {digits}")

    def order(self, words: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{words}\n".encode())

    async def tells(self, *names: str, within_s: float = WITHIN_S) -> str:
        """Return which of these events of baresip it told next."""
        told: list[str] = []
        try:
            async with asyncio.timeout(within_s):
                while (name := await self._events.get()) not in names:
                    assert name, f"baresip ended: {self._log()}"
                    told.append(name)
                return name
        except TimeoutError:
            raise AssertionError(f"none of {names} within {within_s:g} s, but {told}: {self._log()}") from None

    async def vanish(self) -> None:
        """Kill it: without a word, like a phone whose cable was pulled."""
        with suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()

    async def close(self) -> None:
        await self.vanish()
        for task in self._tasks:
            task.cancel()
        await asyncio.wait(self._tasks)

    async def _follow(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            self._events.put_nowait(line.decode().strip())
        self._events.put_nowait("")

    async def _listen(self) -> None:
        """Read on in the file that it writes."""
        file, at = self._folder / "heard.wav", HEADER_BYTES
        while True:
            await asyncio.sleep(LOOK_S)
            with suppress(FileNotFoundError), file.open("rb") as audio:
                audio.seek(at)
                data = audio.read()
                whole = data[: len(data) // 2 * 2]
                at += len(whole)
                if whole:
                    self.heard.frombytes(whole)
                    self.news.set()

    def _log(self) -> str:
        return (self._folder / "baresip.log").read_text(errors="replace")[-2_000:]


@asynccontextmanager
async def baresip(
    sip: tuple[str, int], folder: Path, user: str, password: str, *, says_hz: float
) -> AsyncIterator[Baresip]:
    """Yield the telephone of ``user`` at ``sip``, not registered yet; skips the test where there is no baresip."""
    if importlib.util.find_spec("baresip") is None:
        pytest.skip("needs baresip: pip install baresip-python")
    folder.mkdir()
    settings = {
        "user": user,
        "password": password,
        "domain": f"{sip[0]}:{sip[1]}",
        "says_hz": round(says_hz),
        "network": f"rtp_ports {RTP_FIRST}-{RTP_LAST}",
    }
    with (folder / "baresip.log").open("wb") as log:
        # -P, or ``import baresip`` would find this module, which lies beside the program
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-P", PROGRAM, json.dumps(settings), cwd=folder, env={**os.environ, "TMPDIR": str(folder)},
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=log,
        )  # fmt: skip
    phone = Baresip(user, process, folder)
    try:
        yield phone
    finally:
        await phone.close()
