"""Who a visitor is: a random token kept by the widget, or a signed identity from the site they logged in to.

Nothing secret becomes part of an address: both are hashed one way.
"""

import base64
import binascii
import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from core.events import Profile
from core.ids import derived_id

SCHEME: Final = "web"
_ADDRESS: Final = re.compile(r"(?:web:)?((?:u-)?[0-9a-f]{32})")


@dataclass(frozen=True, slots=True)
class Visitor:
    """A person at a widget."""

    address: str
    profile: Profile

    @property
    def key(self) -> str:
        """The address without its scheme: unique, and safe in an id."""
        return self.address.partition(":")[2]


class IdentityRefused(Exception):
    """A signed identity is not to be believed; ``code`` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Claim(msgspec.Struct, frozen=True):
    """What a signed identity says; ``exp`` in seconds since 1970."""

    customer_id: Annotated[str, Meta(min_length=1, max_length=200)]
    exp: float
    name: Annotated[str, Meta(max_length=100)] = ""


def new_token() -> str:
    """Return 256 random bits as 43 characters."""
    return secrets.token_urlsafe(32)


def anonymous(token: str, *, language: str = "", page_url: str = "") -> Visitor:
    """Return the visitor who holds ``token``."""
    return Visitor(f"{SCHEME}:{derived_id('web_chat visitor', token)}", Profile(language=language, page_url=page_url))


def identified(signed: str, *, key: str, now: datetime, language: str = "", page_url: str = "") -> Visitor:
    """Return the citizen whom ``signed`` names: base64url(JSON claim) ``.`` base64url(HMAC-SHA256 of the former).

    IdentityRefused when no key is configured, the signature is wrong or the claim has expired.
    """
    if not key:
        raise IdentityRefused("identity_not_configured")
    body, _, signature = signed.partition(".")
    try:
        given = unpad64(signature)
        encoded = body.encode("ascii")
    except ValueError as error:
        raise IdentityRefused("bad_identity") from error
    if not hmac.compare_digest(given, hmac.digest(key.encode(), encoded, hashlib.sha256)):
        raise IdentityRefused("bad_identity")
    try:
        claim = msgspec.json.decode(unpad64(body), type=Claim)
    except (ValueError, msgspec.MsgspecError) as error:
        raise IdentityRefused("bad_identity") from error
    if claim.exp <= now.timestamp():
        raise IdentityRefused("identity_expired")
    profile = Profile(
        name=claim.name, customer_id=claim.customer_id, is_verified=True, language=language, page_url=page_url
    )
    return Visitor(f"{SCHEME}:u-{derived_id('web_chat customer', claim.customer_id)}", profile)


def normalized(address: str) -> str:
    """Return the canonical form of a web chat address; ValueError when it is none."""
    if (match := _ADDRESS.fullmatch(address.strip().lower())) is None:
        raise ValueError(f"not a web chat address: {address!r}")
    return f"{SCHEME}:{match[1]}"


def pad64(data: bytes) -> str:
    """Return ``data`` as base64url without padding (RFC 4648 section 5)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unpad64(text: str) -> bytes:
    """Return what ``pad64`` wrote; ValueError on anything else."""
    try:
        return base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise ValueError(str(error)) from error
