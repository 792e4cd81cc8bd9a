"""Starts the whole house as a newcomer would: ``lianxin run --demo`` in an empty folder."""

import asyncio
import os
import re
import signal
import socket
import sys
from dataclasses import dataclass
from pathlib import Path

START_S = 60.0


@dataclass
class House:
    """A running hub with its processes."""

    url: str
    data: Path
    process: asyncio.subprocess.Process
    first_password: str

    def pids(self, name: str) -> list[int]:
        """Return the processes below the supervisor whose command line has ``name``."""
        found = []
        for entry in Path("/proc").iterdir():
            if not entry.name.isdecimal():
                continue
            try:
                parent = int(re.search(r"PPid:\s+(\d+)", (entry / "status").read_text())[1])  # type: ignore[index]
                command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except (OSError, TypeError):
                continue
            if parent == self.process.pid and name in command:
                found.append(int(entry.name))
        return found

    def kill(self, name: str) -> None:
        """SIGKILL the processes whose command line has ``name``."""
        for pid in self.pids(name):
            os.kill(pid, signal.SIGKILL)


async def start_house(data: Path, *arguments: str) -> House:
    """Start and wait for the line that says ready."""
    with socket.socket() as probe:  # a fixed port: a hub that is started again must be where it was
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-P", "-m", "lianxin", "run", "--data", str(data), "--port", str(port), *arguments,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    assert process.stdout is not None
    lines: list[str] = []
    password = ""
    try:
        async with asyncio.timeout(START_S):
            while True:
                line = (await process.stdout.readline()).decode()
                assert line, f"the house did not start: {lines}"
                lines.append(line)
                if match := re.search(r"admin / (\S+)", line):
                    password = match[1]
                if match := re.match(r"ready (http\S+)", line):
                    break
    except BaseException:
        if process.returncode is None:
            process.kill()
            await process.wait()
        raise
    drain = asyncio.create_task(_drain(process.stdout))
    house = House(match[1], data, process, password)
    house.drain = drain  # type: ignore[attr-defined]  # kept from the garbage collector
    return house


async def stop_house(house: House) -> None:
    """Stop it as Ctrl-C would."""
    if house.process.returncode is None:
        house.process.send_signal(signal.SIGINT)
        async with asyncio.timeout(20):
            await house.process.wait()
    house.drain.cancel()  # type: ignore[attr-defined]


async def _drain(stream: asyncio.StreamReader) -> None:
    while await stream.readline():
        pass
