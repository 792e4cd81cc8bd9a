"""Seals the keys in a backup: AES-256-GCM (NIST SP 800-38D) under a recovery code that is kept elsewhere.

The code has 160 random bits, so that a key is derived from it without slowing down guesses (HKDF, RFC 5869).
"""

import base64
import os
import re
import tempfile
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from core.errors import LianxinError

CODE_BYTES: Final = 20
SALT_BYTES: Final = 16
NONCE_BYTES: Final = 12
PURPOSE: Final = b"lianxin backup keys 1"


class RecoveryCodeWrong(LianxinError):
    """The recovery code is not the one that the backup's keys were sealed under; nothing was changed."""

    code = "recovery_code_wrong"


def recovery_code(path: Path) -> str:
    """Return the installation's code from the file at ``path``, which is made when missing."""
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        letters = base64.b32encode(os.urandom(CODE_BYTES)).decode()
        number, name = tempfile.mkstemp(dir=path.parent)  # readable by us alone
        unfinished = Path(name)
        with os.fdopen(number, "w") as file:
            file.write("-".join(re.findall("....", letters)) + "\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(unfinished, path)  # of two that make one, both go on with the first one's
        except FileExistsError:
            pass
        finally:
            unfinished.unlink()
    return path.read_text("ascii").strip()


def seal(data: bytes, code: str) -> bytes:
    """Return ``data`` such that only ``code`` opens it; different each time."""
    salt, nonce = os.urandom(SALT_BYTES), os.urandom(NONCE_BYTES)
    return salt + nonce + _cipher(code, salt).encrypt(nonce, data, PURPOSE)


def unseal(sealed: bytes, code: str) -> bytes:
    """Return what was sealed; RecoveryCodeWrong when ``code`` does not open it."""
    salt, nonce, rest = sealed[:SALT_BYTES], sealed[SALT_BYTES:][:NONCE_BYTES], sealed[SALT_BYTES + NONCE_BYTES :]
    try:
        return _cipher(code, salt).decrypt(nonce, rest, PURPOSE)
    except (InvalidTag, ValueError) as error:
        raise RecoveryCodeWrong("the recovery code does not open the keys of this backup") from error


def _cipher(code: str, salt: bytes) -> AESGCM:
    letters = "".join(filter(str.isalnum, code)).upper().encode()
    return AESGCM(HKDF(algorithm=SHA256(), length=32, salt=salt, info=PURPOSE).derive(letters))
