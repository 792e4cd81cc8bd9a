"""Signed proofs about files, so that nothing has to be remembered: who may attach one, and who may fetch one."""

import hashlib
import hmac
import os
import secrets
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec

from core.events import Attachment
from plugins.web_chat.identity import pad64, unpad64

LINK_LIFE_S: Final = 7 * 86_400
_KEY_BYTES: Final = 32


class TicketRefused(Exception):
    """A handle or a link was not made here, not for this visitor, or is too old."""


class Tickets:
    """Makes and checks the signatures of one instance."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def handle(self, attachment: Attachment, address: str) -> str:
        """Return what lets the visitor at ``address``, and nobody else, send ``attachment``."""
        body = pad64(msgspec.json.encode(attachment))
        return f"{body}.{self._sign('attach', address, body)}"

    def attachment(self, handle: str, address: str) -> Attachment:
        """Return the attachment of a ``handle`` that was made for ``address``."""
        body, _, signature = handle.partition(".")
        self._check(signature, "attach", address, body)
        return msgspec.json.decode(unpad64(body), type=Attachment)

    def link(self, media_id: str, now: datetime) -> str:
        """Return a relative URL that fetches a file for a week; given only to whom the file was sent or who sent it."""
        until = int(now.timestamp()) + LINK_LIFE_S
        return f"media/{media_id}?until={until}&sign={self._sign('fetch', media_id, str(until))}"

    def check_link(self, media_id: str, until: str, signature: str, now: datetime) -> None:
        """Return when the parts of a link are genuine and still good."""
        self._check(signature, "fetch", media_id, until)
        if int(until) < now.timestamp():
            raise TicketRefused("expired")

    def _check(self, signature: str, *parts: str) -> None:
        # compared as bytes: compare_digest refuses text beyond ASCII
        if not hmac.compare_digest(signature.encode(), self._sign(*parts).encode()):
            raise TicketRefused("wrong signature")

    def _sign(self, *parts: str) -> str:
        framed = b"".join(len(raw).to_bytes(4, "big") + raw for raw in (part.encode() for part in parts))
        return pad64(hmac.digest(self._key, framed, hashlib.sha256))


def load_key(path: Path) -> bytes:
    """Return the instance's own signing key, made at the first call; blocks on the disk."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        key = path.read_bytes()
        if len(key) == _KEY_BYTES:
            return key
        path.unlink()  # cut short by a crash while it was written
        return load_key(path)
    with os.fdopen(handle, "wb") as file:
        key = secrets.token_bytes(_KEY_BYTES)
        file.write(key)
    return key
