"""Reads the processes of this installation from /proc: the supervisor's descendants (Linux, proc(5))."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

PROC: Final = Path("/proc")
PAGE: Final = os.sysconf("SC_PAGE_SIZE")
TICKS: Final = os.sysconf("SC_CLK_TCK")

Role = Literal["supervisor", "hub", "bus", "search", "plugin", "engine", "other"]


@dataclass(frozen=True, slots=True)
class Seen:
    """One process at one moment; ``cpu_s`` is all it has used so far."""

    pid: int
    parent: int
    role: Role
    started_ticks: int
    cpu_s: float
    memory_bytes: int


def family(pid: int, proc: Path = PROC) -> list[Seen]:
    """Return ``pid``'s parent with all its descendants, or ``pid`` alone when its parent is none of ours.

    Empty where there is no /proc.
    """
    everyone = {one.pid: one for path in _numbered(proc) if (one := _read(path)) is not None}
    own = everyone.get(pid)
    if own is None:
        return []
    root = everyone.get(own.parent, own)
    if root.role != "supervisor":
        root = own
    found, queue = [root], [root.pid]
    while queue:
        parent = queue.pop()
        children = [one for one in everyone.values() if one.parent == parent]
        found += children
        queue += [one.pid for one in children]
    return found


def _numbered(proc: Path) -> list[Path]:
    try:
        return [path for path in proc.iterdir() if path.name.isdecimal()]
    except OSError:
        return []


def _read(path: Path) -> Seen | None:
    """Return the process, or None when it has just ended."""
    try:
        # the name in parentheses may hold spaces and parentheses itself: what follows the last one counts
        fields = (path / "stat").read_text(errors="replace").rpartition(") ")[2].split()
        pages = int((path / "statm").read_text().split()[1])
        command = (path / "cmdline").read_bytes().split(b"\0")
    except (OSError, IndexError):
        return None
    return Seen(
        pid=int(path.name),
        parent=int(fields[1]),
        role=_role([part.decode(errors="replace") for part in command]),
        started_ticks=int(fields[19]),
        cpu_s=(int(fields[11]) + int(fields[12])) / TICKS,
        memory_bytes=pages * PAGE,
    )


def _role(command: list[str]) -> Role:
    name = Path(command[0]).name
    if name == "nats-server":
        return "bus"
    if name == "asterisk":
        return "engine"
    modules = {"hub": "hub", "hub.knowledge.search": "search", "core.host": "plugin"}
    module = command[command.index("-m") + 1] if "-m" in command[:-1] else ""
    if module and module != "lianxin":
        return modules.get(module, "other")  # type: ignore[return-value]
    is_ours = module == "lianxin" or any(Path(part).name == "lianxin" for part in command[:3])
    return "supervisor" if is_ours and "run" in command else "other"
