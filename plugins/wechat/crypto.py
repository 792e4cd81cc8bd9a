"""Signatures and encryption of WeChat's and WeCom's callbacks ("消息加解密说明", both platforms alike).

AES-256-CBC with the key's first half as IV over random16 + length (4 bytes, big-endian) + message + receiver,
padded as in PKCS #7 but to blocks of 32.
"""

import base64
import binascii
import hashlib
import hmac
import os
from typing import Final

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

BLOCK: Final = 32
HEAD: Final = 20  # random bytes and the length


class NotForUs(ValueError):
    """A callback that was damaged, or encrypted for or by somebody else."""


def signature(*parts: str) -> str:
    """Return the signature over ``parts`` in whatever order."""
    return hashlib.sha1("".join(sorted(parts)).encode("utf-8", "replace")).hexdigest()  # noqa: S324 - their choice


def is_signed(given: str, *parts: str) -> bool:
    """Tell whether ``given`` is the signature over ``parts``."""
    return hmac.compare_digest(given.encode("utf-8", "replace"), signature(*parts).encode())


class CallbackCipher:
    """Opens and closes callbacks for one ``receiver`` (app id or corp id) under an EncodingAESKey."""

    def __init__(self, aes_key: str, receiver: str) -> None:
        key = base64.b64decode(aes_key + "=")
        self._cipher = Cipher(algorithms.AES(key), modes.CBC(key[:16]))
        self._receiver = receiver.encode()

    def decrypt(self, encrypted: str) -> bytes:
        """Return the message in base64 text ``encrypted``; NotForUs when it is none of ours."""
        try:
            data = base64.b64decode(encrypted, validate=True)
        except (binascii.Error, ValueError) as error:
            raise NotForUs("not base64") from error
        if not data or len(data) % 16:
            raise NotForUs("not whole blocks")
        decryptor = self._cipher.decryptor()
        padded = decryptor.update(data) + decryptor.finalize()
        plain = padded[: len(padded) - padded[-1]] if 1 <= padded[-1] <= BLOCK else b""
        end = HEAD + int.from_bytes(plain[16:HEAD], "big")
        if len(plain) < HEAD or not hmac.compare_digest(plain[end:], self._receiver):
            raise NotForUs("for another receiver, or another key")
        return plain[HEAD:end]

    def encrypt(self, message: bytes) -> str:
        """Return ``message`` encrypted, as base64 text."""
        plain = os.urandom(16) + len(message).to_bytes(4, "big") + message + self._receiver
        padding = BLOCK - len(plain) % BLOCK
        encryptor = self._cipher.encryptor()
        data = encryptor.update(plain + bytes([padding]) * padding) + encryptor.finalize()
        return base64.b64encode(data).decode()
