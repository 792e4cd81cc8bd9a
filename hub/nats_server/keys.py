"""nkey seeds of the embedded server's users: one file each, made when first asked for, read by us alone."""

import os
import tempfile
from pathlib import Path

import nkeys  # type: ignore[import-untyped]

from core.config import Secret
from core.ids import check_token


class Keys:
    """The seeds below one directory; whoever can read a seed is that user."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def seed(self, user: str) -> Secret:
        """Return the seed of ``user``, making one when there is none."""
        path = self._path(user)
        try:
            return Secret(path.read_text().strip())
        except FileNotFoundError:
            return self._make(path)

    def public(self, user: str) -> str:
        """Return the public key that the server knows ``user`` by."""
        pair = nkeys.from_seed(bytearray(self.seed(user).reveal().encode()))
        public: str = pair.public_key.decode()
        pair.wipe()
        return public

    def forget(self, user: str) -> None:
        """Remove the seed of ``user``; with the next configuration the old one opens nothing."""
        self._path(user).unlink(missing_ok=True)

    def _path(self, user: str) -> Path:
        return self._directory / f"{check_token(user)}.seed"

    def _make(self, path: Path) -> Secret:
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        seed: bytes = nkeys.encode_seed(os.urandom(32), nkeys.PREFIX_BYTE_USER)
        # written aside and linked: of several processes that make the same seed, all go on with the first one's
        number, name = tempfile.mkstemp(dir=self._directory)  # readable by us alone
        draft = Path(name)
        with os.fdopen(number, "wb") as file:
            file.write(seed + b"\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
        return Secret(path.read_text().strip())
