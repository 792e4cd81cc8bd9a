"""Passwords: argon2id (RFC 9106), a policy that asks for length, and random first passwords."""

import asyncio
import os
import secrets
from typing import Final

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

MIN_LENGTH: Final = 10  # characters; length helps more than classes (NIST SP 800-63B section 5.1.1.2)
MAX_LENGTH: Final = 128
_MEMORY_KIB: Final = 19_456  # with 2 iterations: OWASP's second choice, ~60 ms here
_ITERATIONS: Final = 2
_ALPHABET: Final = "abcdefghjkmnpqrstuvwxyz23456789"  # nothing that looks like another
_TOO_COMMON: Final = ("password", "12345678", "qwerty", "lianxin", "abcdefg", "11111111", "88888888", "iloveyou")


async def hash_password(password: str) -> str:
    """Return the PHC string to store; runs in a thread."""
    return await asyncio.to_thread(_hash, password)


async def verify_password(password: str, phc: str) -> bool:
    """Return whether ``password`` matches; as slow for a wrong one; runs in a thread."""
    return await asyncio.to_thread(_verify, password, phc)


def weakness(password: str, username: str) -> str | None:
    """Return why ``password`` is too weak in one word, or None when it will do."""
    lowered = password.lower()
    if len(password) < MIN_LENGTH:
        return "too_short"
    if len(password) > MAX_LENGTH:
        return "too_long"
    if username and username.lower() in lowered:
        return "contains_username"
    if len(set(password)) < 5 or any(word in lowered for word in _TOO_COMMON):
        return "too_common"
    return None


def random_password() -> str:
    """Return four groups of four easily read characters, about 79 bits."""
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(4)) for _ in range(4))


def _kdf(salt: bytes) -> Argon2id:
    return Argon2id(salt=salt, length=32, iterations=_ITERATIONS, lanes=1, memory_cost=_MEMORY_KIB)


def _hash(password: str) -> str:
    return _kdf(os.urandom(16)).derive_phc_encoded(password.encode())


def _verify(password: str, phc: str) -> bool:
    try:
        Argon2id.verify_phc_encoded(password.encode(), phc)
    except InvalidKey:
        return False
    return True
