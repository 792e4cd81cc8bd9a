"""SIPp as callers and phones that we did not write: strict about SIP, with audio from a file of its own making."""

import asyncio
import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from tests.plugins.voice.support.scenarios import caller

TONE = bytes(0x80 | index % 64 for index in range(80_000))  # ten seconds of mu-law


class Sipp:
    """SIPp at work; what it logs is in ``log``."""

    def __init__(self, process: asyncio.subprocess.Process, log: Path) -> None:
        self.log = log
        self._process = process
        self._output = asyncio.create_task(process.communicate())

    async def finished(self, *, within_s: float) -> tuple[int, str]:
        """Return its exit status and what it printed."""
        async with asyncio.timeout(within_s):
            output, _ = await asyncio.shield(self._output)
        assert self._process.returncode is not None
        return self._process.returncode, output.decode(errors="replace")

    async def close(self) -> None:
        """Kill it, if it runs."""
        with suppress(ProcessLookupError):
            self._process.kill()
        await self._output

    def logged(self, word: str) -> dict[str, float]:
        """Return when it logged ``word``, by the number of the call."""
        text = self.log.read_text(errors="replace") if self.log.exists() else ""
        return {number: float(at) for number, at in re.findall(rf"{word} (\d+) .*?(\d{{10}}\.\d+)", text)}


@asynccontextmanager
async def sipp(folder: Path, name: str, scenario: str, *arguments: str) -> AsyncIterator[Sipp]:
    """Run ``scenario`` in ``folder`` until the end of the block; FileNotFoundError when there is no SIPp."""
    program = shutil.which("sipp")
    if program is None:
        raise FileNotFoundError("needs SIPp: sudo apt-get install sip-tester")
    (folder / f"{name}.xml").write_text(scenario)
    process = await asyncio.create_subprocess_exec(
        program, *arguments, "-sf", f"{name}.xml", "-i", "127.0.0.1", "-nostdin", "-trace_logs",
        "-log_file", f"{name}.log", cwd=folder, stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    running = Sipp(process, folder / f"{name}.log")
    try:
        yield running
    finally:
        await running.close()


async def call_in(sip: tuple[str, int], folder: Path, *, number: str, calls: int, per_s: int) -> tuple[int, str]:
    """Return SIPp's exit status and what it printed: each call waits to be answered and hung up."""
    arguments = (f"{sip[0]}:{sip[1]}", "-s", number, "-m", str(calls), "-r", str(per_s), "-timeout", "60")
    try:
        async with sipp(folder, "caller", caller("trunk"), *arguments, "-timeout_error") as callers:
            return await callers.finished(within_s=90)
    except FileNotFoundError as error:
        pytest.skip(str(error))


def successful(printed: str) -> int:
    """Return how many calls went as the scenario says, by the last figures that SIPp ``printed``."""
    found = re.findall(r"Successful call\s*\|\s*\d+\s*\|\s*(\d+)", printed)
    return int(found[-1]) if found else 0
