"""Phone numbers: one canonical form for each, short codes kept, and which of our own numbers writes to whom."""

import re
from functools import lru_cache
from typing import Final
from urllib.parse import quote, unquote

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat

SCHEME: Final = "tel:"
ANONYMOUS: Final = "tel:anonymous-"  # as the hub names callers who withhold their number: nobody can be reached there
NOBODY: Final = "nobody"
_SHORT: Final = re.compile(r"[0-9]{3,8}")
# Chinese service numbers, lengthened by their owners; +86 and ten digits is a phone in Beijing
_SERVICE: Final = re.compile(r"\+?(86)?(106[0-9]{2,18})")
_MARKS: Final = re.compile(r"[\s().\-\u00a0\u2010-\u2015/]+")
_NAME: Final = re.compile(r"(?=[^A-Z]*[A-Z])[A-Z0-9 &._-]{2,11}", re.IGNORECASE)
_MAX_WRITTEN: Final = 64
_MAX_NAME: Final = 40  # of characters, each twelve in an address at most, which has room for 512


@lru_cache(maxsize=8_192)  # a citizen's number is read at each message, part and receipt; reading it takes 0.1 ms
def canonical(written: str, region: str = "CN") -> str:
    """Return ``written`` as ``tel:+<E.164>``, or ``tel:<digits>`` for short and service codes; ValueError otherwise.

    A number without country code belongs to ``region``.
    """
    if len(written) > _MAX_WRITTEN:
        raise ValueError("not a phone number: too long")
    number = written.strip()
    if number[: len(SCHEME)].lower() == SCHEME:
        number = number[len(SCHEME) :]
    number = _MARKS.sub("", number)
    if not re.fullmatch(r"\+?[0-9]{3,23}", number, re.ASCII):
        raise ValueError("not a phone number: only digits and a leading + make one")
    if number.startswith("00"):
        number = "+" + number[2:]
    if region == "CN" and (found := _SERVICE.fullmatch(number)) and (not found[1] or len(found[2]) > 10):
        return SCHEME + found[2]
    if _SHORT.fullmatch(number):
        return SCHEME + number
    parsed = _parsed(number, region)
    formed = phonenumbers.format_number(parsed, PhoneNumberFormat.E164)
    # what the hub writes to has that form already, and reading it takes the most of a short message's time
    if formed != number and phonenumbers.format_number(_parsed(formed, region), PhoneNumberFormat.E164) != formed:
        raise ValueError("not a phone number: its country reads it in two ways")
    return SCHEME + formed


def sender_address(written: str, region: str) -> str:
    """Return the address of who sent something: that of a number or, where there is none, one that has no answer."""
    try:
        return canonical(written, region)
    except ValueError:
        return ANONYMOUS + (quote(written.strip()[:_MAX_NAME], safe="", errors="replace") or NOBODY)


def name_in(address: str) -> str | None:
    """Return the name in the address of a sender without number, "" when there is not even that; None for numbers."""
    if not address.startswith(ANONYMOUS):
        return None
    name = unquote(address.removeprefix(ANONYMOUS))
    return "" if name == NOBODY else name


def is_sender(text: str) -> bool:
    """Tell whether ``text`` may stand as our own number: digits, or up to eleven letters, digits and signs."""
    return bool(re.fullmatch(r"\+?[0-9]{1,21}", text, re.ASCII) or (text.isascii() and _NAME.fullmatch(text)))


def _parsed(number: str, region: str) -> phonenumbers.PhoneNumber:
    try:
        parsed = phonenumbers.parse(number, region)
        if not phonenumbers.is_possible_number(parsed) and not number.startswith("+"):
            # carriers hand over 8613800138000 without the plus
            parsed = phonenumbers.parse("+" + number, region)
    except NumberParseException as error:
        raise ValueError(f"not a phone number: {error}") from None
    if not phonenumbers.is_possible_number(parsed):
        raise ValueError("not a phone number: no such length in its country")
    return parsed
