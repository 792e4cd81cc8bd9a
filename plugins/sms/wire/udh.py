"""The user data header's concatenation elements (3GPP TS 23.040, 9.2.3.24.1 and .8)."""

from dataclasses import dataclass
from typing import Final

_CONCATENATED_8: Final = 0x00
_CONCATENATED_16: Final = 0x08
MAX_PARTS: Final = 255


@dataclass(frozen=True, slots=True)
class Concatenation:
    """Where a part belongs: part ``number`` (from 1) of ``total``, among those with the same ``reference``."""

    reference: int
    total: int
    number: int
    is_16_bit: bool = False


def build(place: Concatenation) -> bytes:
    """Return the header, its length octet included."""
    if place.is_16_bit:
        return bytes(
            (6, _CONCATENATED_16, 4, place.reference >> 8 & 0xFF, place.reference & 0xFF, place.total, place.number)
        )
    return bytes((5, _CONCATENATED_8, 3, place.reference & 0xFF, place.total, place.number))


def parse(user_data: bytes) -> tuple[Concatenation | None, bytes]:
    """Return where a part belongs and what follows the header; ValueError when there is no whole header.

    Elements of other kinds are skipped. A part that cannot be (number 0, or beyond the total) is none.
    """
    if not user_data or len(user_data) < user_data[0] + 1:
        raise ValueError("the user data header is cut off")
    header, body = user_data[1 : user_data[0] + 1], user_data[user_data[0] + 1 :]
    place = None
    while len(header) >= 2:
        kind, length = header[0], header[1]
        value, header = header[2 : 2 + length], header[2 + length :]
        if kind == _CONCATENATED_8 and len(value) == length == 3:
            place = Concatenation(value[0], value[1], value[2])
        elif kind == _CONCATENATED_16 and len(value) == length == 4:
            place = Concatenation(int.from_bytes(value[:2], "big"), value[2], value[3], is_16_bit=True)
    return sane(place), body


def take_off(user_data: bytes) -> tuple[Concatenation | None, bytes]:
    """Do as ``parse``, but take data without a whole header as text: odd letters are better than none."""
    try:
        return parse(user_data)
    except ValueError:
        return None, user_data


def sane(place: Concatenation | None) -> Concatenation | None:
    """Return ``place`` unless it is impossible, or says that there is only one part."""
    if place is None or not 1 <= place.number <= place.total <= MAX_PARTS or place.total == 1:
        return None
    return place
