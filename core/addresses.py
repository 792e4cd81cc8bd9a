"""Addresses as people write them, brought to the one form they are stored in: ``tel:+8613800000000``.

Numbers follow E.164; those without a country code are mainland ones. What a channel receives is normalised by the
channel itself; this is for addresses that an agent, a flow or a list names.
"""

import re
import unicodedata
from typing import Final

MAX_CHARS: Final = 512
COUNTRY: Final = "86"
NUMBER_SCHEMES: Final = frozenset({"tel", "fax"})

_SEPARATORS: Final = re.compile(r"[\s\-‐-―().]+")
_SHORT: Final = re.compile(r"1\d{2,4}|9\d{4}", re.ASCII)  # emergency and service numbers, dialled as they are
_MOBILE: Final = re.compile(r"1[3-9]\d{9}", re.ASCII)
_LANDLINE: Final = re.compile(r"0([1-9]\d{8,10})", re.ASCII)  # trunk prefix, area code, 7 or 8 digits
_INTERNATIONAL: Final = re.compile(r"\+[1-9]\d{6,14}", re.ASCII)
_EMAIL: Final = re.compile(r"[a-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63}){1,8}", re.ASCII)
_SCHEME: Final = re.compile(r"([a-z][a-z0-9+.-]{0,15}):", re.ASCII)
_OTHER: Final = re.compile(r"[^\s\x00-\x1f\x7f]+")


def scheme_of(uri: str) -> str:
    """Return the scheme of address ``uri``."""
    return uri.partition(":")[0]


def channel_of(uri: str) -> str:
    """Return the word for how written messages reach ``uri``: its scheme, and ``sms`` for a telephone number."""
    scheme = scheme_of(uri)
    return "sms" if scheme == "tel" else scheme


def guess_scheme(text: str) -> str:
    """Return the scheme that ``text`` names or looks like: ``mailto`` with an @, else ``tel``."""
    if found := _SCHEME.match(text.strip()):
        return found[1]
    return "mailto" if "@" in text else "tel"


def normalize(text: str, scheme: str = "") -> str:
    """Return ``text`` as an address of ``scheme``, by default the one it looks like; ValueError when it is none."""
    scheme = scheme or guess_scheme(text)
    plain = unicodedata.normalize("NFKC", text).strip().removeprefix(f"{scheme}:")
    if scheme in NUMBER_SCHEMES:
        value = _number(plain)
    elif scheme == "mailto":
        value = plain.lower()
        if not _EMAIL.fullmatch(value):
            raise ValueError("not an email address")
    else:
        value = plain
        if not _OTHER.fullmatch(value):
            raise ValueError(f"not an address of scheme {scheme}")
    if len(value) + len(scheme) + 1 > MAX_CHARS:
        raise ValueError(f"longer than {MAX_CHARS} characters")
    return f"{scheme}:{value}"


def _number(text: str) -> str:
    digits = _SEPARATORS.sub("", text)
    if digits.startswith("00"):
        digits = f"+{digits[2:]}"
    if _SHORT.fullmatch(digits) or _INTERNATIONAL.fullmatch(digits):
        return digits
    if _MOBILE.fullmatch(digits):
        return f"+{COUNTRY}{digits}"
    if _MOBILE.fullmatch(digits.removeprefix(COUNTRY)) and digits.startswith(COUNTRY):
        return f"+{digits}"
    if found := _LANDLINE.fullmatch(digits):
        return f"+{COUNTRY}{found[1]}"
    raise ValueError("not a telephone number")
