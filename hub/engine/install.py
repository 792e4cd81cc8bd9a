"""Puts an Asterisk of our own below a prefix, without root: apt fetches and checks, nothing is installed elsewhere."""

import asyncio
import contextlib
import fcntl
import os
import re
import shutil
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import IO, Final

from hub.engine.binary import Asterisk, EngineMissing, find_private
from hub.engine.sources import Source, find_source

PACKAGES: Final = ("asterisk", "asterisk-modules", "asterisk-core-sounds-en")
LIMIT_S: Final = 1_800.0  # of one command: a slow line fetches 80 MB
NEEDED_BYTES: Final = 450_000_000  # packages, unpacked twice for a moment
_STATUS: Final = re.compile(r"^(?:dlstatus|pmstatus):[^:]*:([\d.]+):")
_UNPACK_AT: Final = 70  # per cent

Progress = Callable[[int, str], None]  # per cent, and what is being done


class InstallFailed(EngineMissing):
    """Fetching or unpacking went wrong; what was fetched is kept for the next attempt."""

    code = "engine_install_failed"


async def install(prefix: Path, progress: Progress, source: Source | None = None) -> Asterisk:
    """Return the Asterisk below ``prefix``, fetched from ``source`` or this machine's mirror when it is not there."""
    with await asyncio.to_thread(_lock, prefix):  # another one may be at it: its work is ours
        with contextlib.suppress(EngineMissing):
            return await asyncio.to_thread(find_private, prefix)
        return await _install(prefix, progress, source)


async def _install(prefix: Path, progress: Progress, source: Source | None) -> Asterisk:
    for tool in ("apt-get", "dpkg-deb"):
        if shutil.which(tool) is None:
            raise EngineMissing(
                f"{tool} is not on this machine, so no asterisk can be fetched: install asterisk 18 or newer with the "
                "system's package manager, or set engine.binary"
            )
    if source is None:
        source = await asyncio.to_thread(find_source)
    await asyncio.to_thread(_prepare, prefix, source)
    progress(0, f"asking {source.uri} ({source.suite})")
    await _fetch(prefix, ("update",), lambda share: progress(round(share * 0.1), "reading the list of packages"))
    await _fetch(
        prefix,
        ("-y", "install", "--download-only", "--no-install-recommends", *PACKAGES),
        lambda share: progress(10 + round(share * 0.6), "fetching packages"),
    )
    await _unpack(prefix, lambda share: progress(_UNPACK_AT + round(share * 0.3), "unpacking"))
    asterisk = await asyncio.to_thread(find_private, prefix)
    await asyncio.to_thread(_tidy, prefix)
    return asterisk


def _lock(prefix: Path) -> IO[str]:
    prefix.mkdir(parents=True, exist_ok=True)
    file = (prefix / "lock").open("w")
    fcntl.flock(file, fcntl.LOCK_EX)
    return file


def _prepare(prefix: Path, source: Source) -> None:
    for name in ("etc/apt.conf.d", "etc/preferences.d", "state/lists/partial", "cache/archives/partial"):
        (prefix / name).mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(prefix).free
    if free < NEEDED_BYTES:
        raise InstallFailed(f"{prefix} has {free >> 20} MiB left; {NEEDED_BYTES >> 20} MiB are needed for a moment")
    # nothing counts as installed, so every library comes along, libc included
    (prefix / "state/status").touch()
    (prefix / "etc/sources.list").write_text(f"{source}\n")


async def _fetch(prefix: Path, arguments: tuple[str, ...], report: Callable[[float], None]) -> None:
    options = {
        "Dir::Etc": prefix / "etc",
        "Dir::Etc::SourceList": prefix / "etc/sources.list",
        "Dir::Etc::SourceParts": "/dev/null",
        "Dir::State": prefix / "state",
        "Dir::State::status": prefix / "state/status",
        "Dir::Cache": prefix / "cache",
        "Acquire::Check-Valid-Until": "false",  # mirrors of a rolling suite may lag behind
        "Acquire::Languages": "none",
        "Acquire::Retries": 3,
        "APT::Sandbox::User": "root",
        "APT::Status-Fd": 2,
        "Dpkg::Use-Pty": 0,
    }
    flags = [part for name, value in options.items() for part in ("-o", f"{name}={value}")]
    said: list[str] = []
    async for line in _run("apt-get", *flags, *arguments):
        if match := _STATUS.match(line):
            report(float(match[1]))
        elif line.startswith(("E:", "Err:")):
            said.append(line)
    # apt ends with 0 though a list could not be read
    if said:
        raise InstallFailed("apt-get: " + "; ".join(said[-3:]))


async def _unpack(prefix: Path, report: Callable[[float], None]) -> None:
    """Unpack beside, then put in place: a half unpacked one is never found."""
    archives = sorted((prefix / "cache/archives").glob("*.deb"))
    draft = prefix / "root.new"
    await asyncio.to_thread(shutil.rmtree, draft, ignore_errors=True)
    draft.mkdir()
    for number, archive in enumerate(archives, start=1):
        async for _ in _run("dpkg-deb", "-x", str(archive), str(draft)):
            pass
        report(100 * number / len(archives))
    await asyncio.to_thread(shutil.rmtree, prefix / "root", ignore_errors=True)
    draft.replace(prefix / "root")


def _tidy(prefix: Path) -> None:
    """Remove what was only needed on the way: 80 MB of packages, 60 MB of lists."""
    for name in ("cache", "state", "etc"):
        shutil.rmtree(prefix / name, ignore_errors=True)


async def _run(*command: str) -> AsyncIterator[str]:
    """Yield what ``command`` prints; InstallFailed when it fails."""
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={**os.environ, "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"},
        start_new_session=True,
    )
    assert process.stdout is not None
    last: list[str] = []
    try:
        async with asyncio.timeout(LIMIT_S):
            async for line in process.stdout:
                text = line.decode(errors="replace").strip()
                if not _STATUS.match(text):
                    last = [*last[-2:], text]
                yield text
            status = await process.wait()
    except TimeoutError as error:
        raise InstallFailed(f"{command[0]} did not end within {LIMIT_S:g} s") from error
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if status != 0:
        raise InstallFailed(f"{command[0]} failed: {' | '.join(last)}")
