"""The engine's process: started in a session of its own, found again after our death, stopped in order.

It is nobody's child on purpose: its calls outlive whoever started it. What is known of it lies in a note beside
its files, and a process is taken for it only when its number, the machine's boot and its start time agree.
"""

import asyncio
import contextlib
import os
import secrets
import signal
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import aiohttp
import msgspec

from core.config import Secret
from core.errors import LianxinError, TryLater
from hub.births import birth
from hub.engine.announcements import place_announcements
from hub.engine.binary import Asterisk
from hub.engine.config import RELOADED_BY, USER, Plan, Ports, render, restart_needed
from hub.engine.layout import Layout
from hub.engine.music import write_music
from hub.engine.settings import EngineSettings

START_LIMIT_S: Final = 60.0
ANSWER_LIMIT_S: Final = 5.0
COMMAND_LIMIT_S: Final = 15.0
STOP_LIMIT_S: Final = 20.0
DRAIN_POLL_S: Final = 0.5
POLL_S: Final = 0.05
OUTPUT_TAIL: Final = 1_000
NICENESS: Final = -10


class EngineFailed(LianxinError):
    """The engine did not start or stop; the text holds what it said last."""

    code = "engine_failed"


class EngineAway(TryLater):
    """The engine does not answer now."""

    code = "engine_away"


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """What is written down of an engine; the ports and the password stay the same from run to run.

    ``pid`` is 0 while it is being started.
    """

    pid: int
    birth: str
    command: tuple[str, ...]
    version: str
    http_port: int
    sip_port: int
    tls_port: int
    password: str
    manager_port: int = 0  # 0: started by a version that had none


@dataclass(frozen=True, slots=True)
class Access:
    """How call control reaches the engine."""

    url: str
    username: str
    password: Secret


class Engine:
    """An engine that runs, or did when it was found."""

    def __init__(self, layout: Layout, note: Note) -> None:
        self.layout = layout
        self.note = note

    @property
    def access(self) -> Access:
        """Return how call control reaches it."""
        return Access(f"http://127.0.0.1:{self.note.http_port}", USER, Secret(self.note.password))

    def is_alive(self) -> bool:
        """Tell whether the process is there."""
        return birth(self.note.pid) == self.note.birth

    async def calls(self) -> int:
        """Return how many channels there are; EngineAway."""
        return len(msgspec.json.decode(await self._ask("/ari/channels"), type=list[msgspec.Raw]))

    async def answers(self) -> bool:
        """Tell whether ARI answers."""
        try:
            await self._ask("/ari/asterisk/info?only=status")
        except EngineAway:
            return False
        return True

    async def command(self, text: str) -> str:
        """Return what the engine's console answers to ``text``; EngineAway."""
        command = (*self.note.command, "-C", str(self.layout.etc / "asterisk.conf"), "-rx", text)
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        try:
            async with asyncio.timeout(COMMAND_LIMIT_S):
                output, _ = await process.communicate()
        except TimeoutError as error:
            raise EngineAway(f"{text!r} was not answered within {COMMAND_LIMIT_S:g} s") from error
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        if process.returncode != 0:
            raise EngineAway(f"{text!r}: {output.decode(errors='replace').strip()[-300:]}")
        return output.decode(errors="replace")

    async def apply(self, settings: EngineSettings, asterisk: Asterisk) -> tuple[str, ...]:
        """Have the settings take effect without touching calls; return what waits for a restart."""
        if not self.note.manager_port:
            self.note = msgspec.structs.replace(self.note, manager_port=_free_port())
            await asyncio.to_thread(_save, self.layout, self.note)
        note = self.note
        ports = Ports(sip=note.sip_port, http=note.http_port, manager=note.manager_port, tls=note.tls_port)
        wanted = _ports(settings, note)
        plan = Plan(settings, asterisk, self.layout, ports, Secret(self.note.password))
        changed = await asyncio.to_thread(_write, plan)
        for module in sorted({RELOADED_BY[name] for name in changed if name in RELOADED_BY}):
            await self.command(f"module reload {module}")
        return restart_needed([*changed, *(("ports",) if wanted != ports else ())])

    async def drain(self, limit_s: float) -> None:
        """Return at a moment without calls, or after ``limit_s``.

        Asterisk's own graceful stop is not used: from its beginning on ARI answers nobody, and call control
        could not even end the calls that are waited for.
        """
        with contextlib.suppress(TimeoutError, EngineAway):
            async with asyncio.timeout(limit_s):
                while await self.calls():  # noqa: ASYNC110 - asked, not told: nobody listens to events here
                    await asyncio.sleep(DRAIN_POLL_S)

    async def stop(self) -> None:
        """Return when it is gone, and every call with it; EngineFailed."""
        try:
            await self.command("core stop now")
        except EngineAway:
            if self.is_alive():
                os.kill(self.note.pid, signal.SIGTERM)
        try:
            async with asyncio.timeout(STOP_LIMIT_S):
                await self.wait()
        except TimeoutError as error:
            raise EngineFailed(f"the engine still runs {STOP_LIMIT_S:g} s after it was told to stop") from error

    async def kill(self) -> None:
        """End it at once, calls and all."""
        if self.is_alive():
            os.kill(self.note.pid, signal.SIGKILL)
            await self.wait()

    async def wait(self) -> None:
        """Return when the process is gone."""
        while self.is_alive():  # noqa: ASYNC110 - somebody else's child tells nobody of its end
            await asyncio.sleep(POLL_S)

    def last_words(self) -> tuple[str, ...]:
        """Return the last lines of its log."""
        return tuple(_said(self.layout).splitlines()[-20:])

    async def _ask(self, path: str) -> bytes:
        timeout = aiohttp.ClientTimeout(total=ANSWER_LIMIT_S)
        login = aiohttp.encode_basic_auth(self.access.username, self.access.password.reveal())
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout, headers={"Authorization": login}) as session,
                session.get(f"{self.access.url}{path}") as response,
            ):
                response.raise_for_status()
                return await response.read()
        except (aiohttp.ClientError, TimeoutError) as error:
            raise EngineAway(f"the engine does not answer: {str(error) or 'time-out'}") from error


def find(layout: Layout) -> Engine | None:
    """Return the engine that runs with these files, whoever started it."""
    note = _read(layout)
    if note is None:
        return None
    if not note.pid:  # whoever started it ended before it could write down the number
        if (pid := _search(_command(note.command, layout))) == 0:
            return None
        note = msgspec.structs.replace(note, pid=pid, birth=birth(pid))
        _save(layout, note)
    return Engine(layout, note) if birth(note.pid) == note.birth else None


async def start(settings: EngineSettings, asterisk: Asterisk, layout: Layout) -> Engine:
    """Return a new engine that answers; EngineFailed with what it said when it does not come up."""
    note = await asyncio.to_thread(_prepare, settings, asterisk, layout)
    _save(layout, note)  # before there is a process: should we end now, ``find`` searches for it
    pid = await asyncio.to_thread(_detach, _command(note.command, layout), layout.output, layout.root)
    engine = Engine(layout, msgspec.structs.replace(note, pid=pid, birth=birth(pid)))
    _save(layout, engine.note)
    try:
        async with asyncio.timeout(START_LIMIT_S):
            while not await engine.answers():
                if not engine.is_alive():
                    raise EngineFailed(f"asterisk ended at its start: {_said(layout)}")
                await asyncio.sleep(POLL_S)
            await engine.command("core waitfullybooted")
            transports = await engine.command("pjsip show transports")
            if missing := [name for name in ("transport-udp", "transport-tcp") if name not in transports]:
                raise EngineFailed(f"port {note.sip_port} is somebody else's ({', '.join(missing)}): {_said(layout)}")
    except TimeoutError as error:
        await engine.kill()
        raise EngineFailed(f"asterisk did not answer within {START_LIMIT_S:g} s: {_said(layout)}") from error
    except BaseException:
        await engine.kill()
        raise
    return engine


def _command(asterisk: tuple[str, ...], layout: Layout) -> tuple[str, ...]:
    return (*asterisk, "-C", str(layout.etc / "asterisk.conf"), "-f")


def _search(command: tuple[str, ...]) -> int:
    """Return the number of the process with just this command line, 0 when there is none."""
    wanted = b"\0".join(os.fsencode(part) for part in command) + b"\0"
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it has just ended
            if (folder / "cmdline").read_bytes() == wanted:
                return int(folder.name)
    return 0


def _detach(command: tuple[str, ...], output: Path, folder: Path) -> int:
    """Return the pid of ``command``, started in a session of its own by a shell that is gone at once.

    A child of ours would be taken along by our end, and by our terminal's Ctrl-C. Where we may, it goes before
    everything else of ours: what it does late is heard.
    """
    script = f'renice -n {NICENESS} $$ >/dev/null 2>&1; "$@" </dev/null >"$0" 2>&1 & echo $!'
    done = subprocess.run(  # noqa: S603 - the asterisk that was found
        ["/bin/sh", "-c", script, str(output), *command],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        cwd=folder,
        start_new_session=True,
        timeout=COMMAND_LIMIT_S,
        check=True,
    )
    return int(done.stdout)


def _prepare(settings: EngineSettings, asterisk: Asterisk, layout: Layout) -> Note:
    layout.make()
    if not settings.music and not (layout.music / "hold.wav").exists():
        write_music(layout.music / "hold.wav")
    place_announcements(layout.announcements)
    old = _read(layout)
    ports = _ports(settings, old)
    password = old.password if old else secrets.token_urlsafe(24)
    _write(Plan(settings, asterisk, layout, ports, Secret(password)))
    return Note(
        pid=0,
        birth="",
        command=asterisk.command,
        version=asterisk.version,
        http_port=ports.http,
        sip_port=ports.sip,
        tls_port=ports.tls,
        password=password,
        manager_port=ports.manager,
    )


def _write(plan: Plan) -> tuple[str, ...]:
    """Write every file that is not as it should be; return their names."""
    changed = []
    for name, text in render(plan).items():
        path = plan.layout.etc / name
        if path.exists() and path.read_text("utf-8") == text:
            continue
        draft = path.with_suffix(".new")
        draft.touch(mode=0o600)
        draft.write_text(text, "utf-8")
        draft.replace(path)
        changed.append(name)
    return tuple(changed)


def _ports(settings: EngineSettings, old: Note | None) -> Ports:
    """Return the ports of the settings; free ones stay what they were, so that call control finds them again."""
    return Ports(
        sip=settings.sip_port or (old.sip_port if old else _free_port()),
        http=settings.http_port or (old.http_port if old else _free_port()),
        manager=(old.manager_port if old else 0) or _free_port(),
        tls=(settings.tls_port or (old and old.tls_port) or _free_port()) if settings.tls_certificate else 0,
    )


def _free_port() -> int:
    """Return a port that was free a moment ago, for TCP and for UDP."""
    while True:
        with socket.socket() as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
            tcp.bind(("127.0.0.1", 0))
            port: int = tcp.getsockname()[1]
            with contextlib.suppress(OSError):
                udp.bind(("127.0.0.1", port))
                return port


def _read(layout: Layout) -> Note | None:
    try:
        return msgspec.json.decode(layout.state.read_bytes(), type=Note)
    except (OSError, msgspec.MsgspecError):
        return None


def _save(layout: Layout, note: Note) -> None:
    draft = layout.state.with_suffix(f".{os.getpid()}")  # supervisor and command line may both find an engine just now
    draft.touch(mode=0o600)
    draft.write_bytes(msgspec.json.encode(note))
    draft.replace(layout.state)


def _said(layout: Layout) -> str:
    texts = []
    for path in (layout.output, layout.root / "log" / "messages.log"):
        try:
            texts.append(path.read_text("utf-8", errors="replace").strip()[-OUTPUT_TAIL:])
        except OSError:
            continue
    return " | ".join(filter(None, texts)) or "nothing"
