"""Sortable identifiers (UUIDv7, RFC 9562 section 5.7) and ids that are safe in a subject."""

import hashlib
import os
import re
import time
import uuid
from typing import Final

TOKEN: Final = re.compile(r"[a-z0-9_-]{1,64}")


def new_id() -> str:
    """Return a UUIDv7 as 36 lower-case characters; later ones sort after earlier ones (by the millisecond)."""
    stamp = time.time_ns() // 1_000_000
    random = int.from_bytes(os.urandom(10), "big")
    value = (stamp & 0xFFFF_FFFF_FFFF) << 80 | 0x7 << 76 | (random >> 68) << 64 | 0b10 << 62
    return str(uuid.UUID(int=value | random & 0x3FFF_FFFF_FFFF_FFFF))


def derived_id(*parts: str) -> str:
    """Return the same 32 hexadecimal characters for the same ``parts``, different ones for different parts."""
    framed = b"".join(len(raw).to_bytes(4, "big") + raw for raw in (part.encode() for part in parts))
    return hashlib.blake2b(framed, digest_size=16).hexdigest()


def check_token(value: str) -> str:
    """Return ``value`` when it may stand in a subject; ValueError otherwise."""
    if TOKEN.fullmatch(value) is None:
        raise ValueError(f"not a subject token ([a-z0-9_-], 1-64 characters): {value!r}")
    return value
