"""Signs what we send, so that an answer or a returned mail is known to belong to it.

Message-IDs are ``<MESSAGE_ID.SIGNATURE@domain>`` and, where the server delivers ``name+detail``, Reply-To is
``name+MESSAGE_ID.SIGNATURE@domain``; the same message always gets the same.
"""

import base64
import hashlib
import hmac
import os
import re
from pathlib import Path
from typing import Final

from core.ids import derived_id

KEY_BYTES: Final = 32
_WORD: Final = re.compile(r"[a-z0-9_-]{1,64}")
_SIGNED: Final = re.compile(r"([a-z0-9_-]{1,64})\.([a-z2-7]{16})(?=@|$)")


class Tokens:
    """Makes and checks the signatures of one instance."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def sign(self, message_id: str) -> str:
        """Return ``message_id`` with its signature, in letters that stand anywhere in an address."""
        word = message_id if _WORD.fullmatch(message_id) else derived_id(message_id)
        return f"{word}.{self._signature(word)}"

    def message_id(self, message_id: str, domain: str) -> str:
        """Return the Message-ID under which ``message_id`` goes out."""
        return f"<{self.sign(message_id)}@{domain}>"

    def check(self, text: str) -> str | None:
        """Return the message of ours that ``text``, a Message-ID or an address, names; None when it names none."""
        for match in _SIGNED.finditer(text.lower()):
            if hmac.compare_digest(match[2], self._signature(match[1])):
                return match[1]
        return None

    def _signature(self, word: str) -> str:
        digest = hmac.new(self._key, word.encode(), hashlib.sha256).digest()
        return base64.b32encode(digest[:10]).decode().lower()


def load_key(path: Path) -> bytes:
    """Return the key kept at ``path``, made when there is none; OSError when it cannot be kept."""
    try:
        key = path.read_bytes()
    except FileNotFoundError:
        key = b""
    if len(key) == KEY_BYTES:
        return key
    key = os.urandom(KEY_BYTES)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".new")
    temporary.unlink(missing_ok=True)
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(key)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    return key
