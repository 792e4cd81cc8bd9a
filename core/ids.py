"""Sortable identifiers (UUIDv7, RFC 9562 section 5.7) and ids that are safe in a subject."""

import hashlib
import os
import re
import threading
import time
import uuid
from typing import Final

TOKEN: Final = re.compile(r"[a-z0-9_-]{1,64}")

_lock = threading.Lock()
_last = 0


def new_id() -> str:
    """Return a UUIDv7 as 36 lower-case characters; every one sorts after all earlier ones of this process."""
    return str(uuid.UUID(int=_clock_and_counter() << 64 | 0b10 << 62 | int.from_bytes(os.urandom(8), "big") >> 2))


def _clock_and_counter() -> int:
    """Return 48 bits of milliseconds, the version, and 12 counting bits (RFC 9562 section 6.2, method 1)."""
    global _last  # noqa: PLW0603 - the one counter of this process
    with _lock:
        now = time.time_ns() // 1_000_000 << 12 | int.from_bytes(os.urandom(2), "big") >> 5
        _last = max(now, _last + 1)
        return _last >> 12 << 16 | 0x7 << 12 | _last & 0xFFF


def derived_id(*parts: str) -> str:
    """Return the same 32 hexadecimal characters for the same ``parts``, different ones for different parts."""
    framed = b"".join(len(raw).to_bytes(4, "big") + raw for raw in (part.encode() for part in parts))
    return hashlib.blake2b(framed, digest_size=16).hexdigest()


def check_token(value: str) -> str:
    """Return ``value`` when it may stand in a subject; ValueError otherwise."""
    if TOKEN.fullmatch(value) is None:
        raise ValueError(f"not a subject token ([a-z0-9_-], 1-64 characters): {value!r}")
    return value
