"""The one form of a mail address."""

import re
import unicodedata
from typing import Final

_MAILTO: Final = re.compile(r"^\s*mailto\s*:", re.IGNORECASE)
_LOCAL: Final = re.compile(r"[^\s@<>()\[\]\\,;:\"\x00-\x1f\x7f]{1,64}")
_LABEL: Final = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
MAX_LENGTH: Final = 200


def normalized(address: str) -> str:
    """Return ``mailto:local@domain`` in lower case, an international domain as IDNA; ValueError when it is none."""
    text = unicodedata.normalize("NFKC", _MAILTO.sub("", address)).strip().strip("<>").strip()
    local, at, domain = text.rpartition("@")
    if not at or _LOCAL.fullmatch(local) is None or local.startswith(".") or local.endswith(".") or ".." in local:
        raise ValueError("not a mail address")
    labels = [_ascii(label) for label in domain.lower().rstrip(".").split(".")]
    found = f"{local.lower()}@{'.'.join(labels)}"
    if not all(_LABEL.fullmatch(label) for label in labels) or len(found) > MAX_LENGTH:
        raise ValueError("not a mail address")
    if unicodedata.normalize("NFKC", found.lower()) != found:
        raise ValueError("not a mail address: letters without one form")
    return f"mailto:{found}"


def bare(uri: str) -> str:
    """Return the address of ``mailto:…`` as SMTP writes it."""
    return uri.removeprefix("mailto:")


def _ascii(label: str) -> str:
    if label.isascii():
        return label
    try:
        return label.encode("idna").decode("ascii")
    except UnicodeError as error:
        raise ValueError("not a mail address") from error
