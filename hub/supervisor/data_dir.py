"""The data directory: where things lie in it, and the lock that keeps a second supervisor out."""

import fcntl
import os
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import msgspec

from core.errors import LianxinError
from core.ids import check_token
from hub.births import birth
from hub.nats_server import Keys

MAX_SOCKET_PATH: Final = 100  # sockaddr_un holds 108 bytes on Linux, 104 on macOS


class DataDirUnusable(LianxinError):
    """The directory cannot be made or written."""

    code = "data_dir_unusable"


class DataDirBusy(LianxinError):
    """Another supervisor works in this data directory."""

    code = "data_dir_busy"


class RunningHub(msgspec.Struct, frozen=True, kw_only=True):
    """How the command line reaches the supervisor that runs: left in the data directory while it does."""

    pid: int
    nats_url: str
    birth: str = ""  # with the number tells the process from later ones; empty where the system does not say


@dataclass(slots=True)
class DataDir:
    """One installation's files; ``lock`` first."""

    path: Path
    _lock: int | None = None
    _sockets: Path | None = field(default=None)

    @property
    def nats(self) -> Path:
        """Return the embedded server's directory."""
        return self.path / "nats"

    @property
    def logs(self) -> Path:
        """Return where the children's logs lie."""
        return self.path / "logs"

    @property
    def keys(self) -> Keys:
        """Return the seeds of the users on the bus."""
        return Keys(self.nats / "keys")

    def plugin(self, instance: str) -> Path:
        """Return the instance's own directory, made when it is not there."""
        path = self.path / "plugins" / check_token(instance)
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        return path

    def socket(self, instance: str) -> Path:
        """Return where the instance serves HTTP: a socket that only our user can open."""
        if self._sockets is None:
            folder = self.path.resolve() / "sockets"
            if len(os.fsencode(folder)) + 70 > MAX_SOCKET_PATH:
                folder = Path(tempfile.mkdtemp(prefix="lianxin-"))
            folder.mkdir(mode=0o700, exist_ok=True)
            self._sockets = folder
        return self._sockets / check_token(instance)

    def lock(self) -> None:
        """Make the directory ours until the process ends; DataDirBusy when it is somebody's."""
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise DataDirUnusable(f"the data cannot be kept in {self.path}: {error.strerror}") from error
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(handle)
            running = self.running()
            by = f" (process {running.pid})" if running else ""
            raise DataDirBusy(f"{self.path} is in use by another lianxin run{by}") from error
        self._lock = handle
        self._announcement.unlink(missing_ok=True)  # of one that was killed

    def announce(self, nats_url: str) -> None:
        """Leave word of how to reach us."""
        word = RunningHub(pid=os.getpid(), nats_url=nats_url, birth=birth(os.getpid()))
        self._announcement.write_bytes(msgspec.json.encode(word))

    def leave(self) -> None:
        """Take the word back and let others in."""
        self._announcement.unlink(missing_ok=True)
        if self._sockets is not None and self._sockets.parent != self.path.resolve():
            for path in self._sockets.iterdir():
                path.unlink()
            self._sockets.rmdir()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def running(self) -> RunningHub | None:
        """Return how to reach the supervisor of this directory, or None when none runs that left word."""
        try:
            word = msgspec.json.decode(self._announcement.read_bytes(), type=RunningHub)
        except (OSError, msgspec.MsgspecError):
            return None
        return word if birth(word.pid) == word.birth else None

    @property
    def _announcement(self) -> Path:
        return self.path / "running.json"
