"""Small things the tests share."""

import hashlib
import hmac
import json
from typing import Any, Final

from plugins.web_chat.identity import anonymous, pad64

KEY: Final = "a key of at least thirty-two characters"


def address_of(chat: Any) -> str:
    """Return the address of the visitor who was just welcomed."""
    return anonymous(chat.welcome["visitor"]).address


def sign(claim: dict[str, Any], key: str = KEY) -> str:
    """Return a signed identity, written as a site's own back end would."""
    body = pad64(json.dumps(claim).encode())
    return f"{body}.{pad64(hmac.digest(key.encode(), body.encode(), hashlib.sha256))}"
