"""Seals settings before they are stored: AES-256-GCM (NIST SP 800-38D) under a key file that only we may read."""

import base64
import binascii
import os
import re
from pathlib import Path
from typing import Final, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from hub.store.errors import KeyUnusable

KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12
SEALED: Final = re.compile(r"sealed:([0-9a-f]{8}):([A-Za-z0-9_-]+={0,2})")
LINE: Final = re.compile(r"([0-9a-f]{8}) ([0-9a-f]{64})")


class Sealer:
    """Seals with the newest key of a key file and opens with the one that sealed.

    The file has one key a line, newest last: its id (8 hexadecimal digits), a space, 64 hexadecimal digits.
    """

    def __init__(self, path: Path, keys: dict[str, AESGCM]) -> None:
        self._path = path
        self._keys = keys

    @classmethod
    def load(cls, path: Path) -> Self:
        """Return the sealer of the key file at ``path``, which is made when missing; KeyUnusable when damaged."""
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            _write(path, _new_line())
        lines = path.read_text("ascii", errors="replace").split("\n")
        keys: dict[str, AESGCM] = {}
        for number, line in enumerate(filter(None, lines), 1):
            match = LINE.fullmatch(line)
            if match is None:
                raise KeyUnusable(f"{path.name}: line {number} is not a key")
            keys[match[1]] = AESGCM(bytes.fromhex(match[2]))
        if not keys:
            raise KeyUnusable(f"{path.name} holds no key")
        return cls(path, keys)

    def seal(self, text: str) -> str:
        """Return ``text`` as one word that only this key file opens; different each time."""
        key_id, key = list(self._keys.items())[-1]
        nonce = os.urandom(NONCE_BYTES)
        sealed = nonce + key.encrypt(nonce, text.encode(), key_id.encode())
        return f"sealed:{key_id}:{base64.urlsafe_b64encode(sealed).decode()}"

    def open(self, sealed: str) -> str:
        """Return what was sealed; KeyUnusable when it was altered or sealed under a key that is not here."""
        match = SEALED.fullmatch(sealed)
        if match is None:
            raise KeyUnusable("not a sealed value")
        key = self._keys.get(match[1])
        if key is None:
            raise KeyUnusable(f"key {match[1]} is not in {self._path.name}")
        try:
            raw = base64.urlsafe_b64decode(match[2])
            return key.decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], match[1].encode()).decode()
        except (InvalidTag, binascii.Error, ValueError) as error:
            raise KeyUnusable("a sealed value was altered") from error

    def is_current(self, sealed: str) -> bool:
        """Return whether ``sealed`` was sealed under the newest key; seal it again otherwise."""
        return sealed.startswith(f"sealed:{list(self._keys)[-1]}:")

    def rotate(self) -> Self:
        """Add a new key to the file, and return the sealer that uses it."""
        _write(self._path, self._path.read_text("ascii").rstrip("\n") + "\n" + _new_line())
        return self.load(self._path)


def _new_line() -> str:
    return f"{os.urandom(4).hex()} {os.urandom(KEY_BYTES).hex()}\n"


def _write(path: Path, text: str) -> None:
    unfinished = path.with_name(path.name + ".unfinished")
    unfinished.unlink(missing_ok=True)
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)
