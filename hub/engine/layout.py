"""Where the engine's files lie in the data directory."""

import hashlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

MAX_SOCKET_PATH: Final = 100  # asterisk.ctl must fit into sockaddr_un's 108 bytes


def layout_of(data_dir: Path, engine_name: str = "") -> "Layout":
    """Return where an engine lies: the one without a name in ``engine``, others in a folder of ``engines``."""
    return Layout(data_dir.resolve() / (f"engines/{engine_name}" if engine_name else "engine"))


@dataclass(frozen=True, slots=True)
class Layout:
    """One engine's folders below ``root``, an absolute path."""

    root: Path

    @property
    def etc(self) -> Path:
        """Return where its configuration is written to."""
        return self.root / "etc"

    @property
    def recordings(self) -> Path:
        """Return where ARI puts recordings."""
        return self.root / "spool" / "recording"

    @property
    def prompts(self) -> Path:
        """Return where announcements lie, one folder below per purpose."""
        return self.root / "prompts"

    @property
    def announcements(self) -> Path:
        """Return where what callers hear lies while call control is away."""
        return self.prompts / "fallback"

    @property
    def music(self) -> Path:
        """Return where our own music on hold lies."""
        return self.root / "music"

    @property
    def state(self) -> Path:
        """Return the note of the engine that runs."""
        return self.root / "engine.json"

    @property
    def output(self) -> Path:
        """Return what it printed before its log was open."""
        return self.root / "log" / "output"

    @property
    def run(self) -> Path:
        """Return where its control socket lies: below ``root``, or for a long path in the temporary folder."""
        own = self.root / "run"
        if len(os.fsencode(own / "asterisk.ctl")) <= MAX_SOCKET_PATH:
            return own
        digest = hashlib.sha256(os.fsencode(self.root)).hexdigest()[:16]
        return Path(tempfile.gettempdir(), f"lianxin-engine-{digest}")

    def make(self) -> None:
        """Make every folder; only our user may look into them."""
        for name in ("etc", "db", "keys/keys", "agi", "log", "spool/recording", "spool/tmp", "prompts", "music"):
            (self.root / name).mkdir(mode=0o700, parents=True, exist_ok=True)
        self.root.chmod(0o700)
        self.run.mkdir(mode=0o700, exist_ok=True)
        status = self.run.stat()
        if status.st_uid != os.getuid() or status.st_mode & 0o077:
            raise PermissionError(f"{self.run} is open to others")
