"""Files sealed at rest: AES-256-GCM (NIST SP 800-38D) in pieces, so that any part can be read without the rest.

A sealed file is a header, ``MAGIC`` and a random salt, and pieces of ``PIECE_BYTES``, each followed by its tag. The key
of each file is derived from ours and the salt (HKDF, RFC 5869); a piece's nonce is its number, and the last piece says
that it is: pieces cannot be exchanged, left out or cut off unnoticed ("STREAM", Hoang et al. 2015).
"""

import io
import os
from pathlib import Path
from typing import IO, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from core.errors import ConfigInvalid

MAGIC: Final = b"LXSEAL1\n"
SALT_BYTES: Final = 16
HEADER_BYTES: Final = len(MAGIC) + SALT_BYTES
PIECE_BYTES: Final = 65_536
TAG_BYTES: Final = 16
SEALED_BYTES: Final = PIECE_BYTES + TAG_BYTES
KEY_BYTES: Final = 32


class FileKey:
    """The key under which files are sealed."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    @classmethod
    def load(cls, path: Path) -> "FileKey":
        """Return the key of the file at ``path``, 64 hexadecimal digits; ConfigInvalid when there is none."""
        try:
            key = bytes.fromhex(path.read_text("ascii").strip())
        except (OSError, ValueError) as error:
            raise ConfigInvalid({"media_key": f"no key can be read from {path}: {error}"}) from error
        if len(key) != KEY_BYTES:
            raise ConfigInvalid({"media_key": f"{path} holds no key of {2 * KEY_BYTES} hexadecimal digits"})
        return cls(key)

    def seal(self, source: IO[bytes], target: IO[bytes]) -> None:
        """Write ``source`` to ``target``, sealed."""
        salt = os.urandom(SALT_BYTES)
        cipher = self.cipher(salt)
        target.write(MAGIC + salt)
        number, piece = 0, source.read(PIECE_BYTES)
        while True:
            following = source.read(PIECE_BYTES)
            target.write(cipher.encrypt(_nonce(number, is_last=not following), piece, None))
            if not following:
                return
            number, piece = number + 1, following

    def cipher(self, salt: bytes) -> AESGCM:
        """Return the cipher of the file with this salt."""
        return AESGCM(HKDF(SHA256(), KEY_BYTES, salt, b"lianxin file").derive(self._key))


class SealedFile(io.RawIOBase):
    """A sealed file read as what it holds, from any place; OSError when it was altered."""

    def __init__(self, path: Path, key: FileKey) -> None:
        super().__init__()
        self._file = path.open("rb")
        header = self._file.read(HEADER_BYTES)
        rest = max(0, path.stat().st_size - HEADER_BYTES)
        self._pieces = max(1, -(-rest // SEALED_BYTES))
        self._size = max(0, rest - self._pieces * TAG_BYTES)
        self._cipher = key.cipher(header[len(MAGIC) :])
        self._at = 0
        self._kept = (-1, b"")  # the piece read last

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(0, start + offset)
        return self._at

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        if self._at >= self._size:
            return 0
        number, begin = divmod(self._at, PIECE_BYTES)
        found = self._piece(number)[begin : begin + len(buffer)]
        buffer[: len(found)] = found
        self._at += len(found)
        return len(found)

    def close(self) -> None:
        self._file.close()
        super().close()

    def _piece(self, number: int) -> bytes:
        if self._kept[0] != number:
            self._file.seek(HEADER_BYTES + number * SEALED_BYTES)
            nonce = _nonce(number, is_last=number == self._pieces - 1)
            try:
                self._kept = (number, self._cipher.decrypt(nonce, self._file.read(SEALED_BYTES), None))
            except InvalidTag as error:
                raise OSError("a sealed file was altered, or sealed under another key") from error
        return self._kept[1]


def is_sealed(path: Path) -> bool:
    """Whether the file at ``path`` is sealed."""
    with path.open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC


def _nonce(number: int, *, is_last: bool) -> bytes:
    return number.to_bytes(11, "big") + (b"\1" if is_last else b"\0")
