"""Alphabets of short messages: how many units a character takes, and how many units a part carries.

Limits follow 140 octets of user data (3GPP TS 23.040): less 6 for a header with an 8-bit
reference, less 7 with 16 bits.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from core.events import SmsAlphabet
from plugins.sms.wire import gsm7


@dataclass(frozen=True, slots=True)
class Alphabet:
    """One encoding: ``units`` a whole message may take, and each part of a long one by the size of its reference."""

    name: SmsAlphabet
    units: int
    units_8: int
    units_16: int
    encode: Callable[[str], bytes]
    decode: Callable[[bytes], str]
    cost: Callable[[str], int]  # of one character
    fits: Callable[[str], bool]


def _codec(name: str) -> tuple[Callable[[str], bytes], Callable[[bytes], str], Callable[[str], bool]]:
    def encode(text: str) -> bytes:
        return text.encode(name)

    def decode(data: bytes) -> str:
        return data.decode(name, errors="replace")

    def fits(text: str) -> bool:
        try:
            text.encode(name)
        except UnicodeEncodeError:
            return False
        return True

    return encode, decode, fits


def _ucs2(data: bytes) -> str:
    if data.startswith(b"\xff\xfe"):  # some phones and gateways send the other order, with a mark
        return data[2:].decode("utf-16-le", errors="replace")
    return data.decode("utf-16-be", errors="replace").removeprefix("\ufeff")


_ascii, _ascii_text, _is_ascii = _codec("ascii")
_latin1, _latin1_text, _is_latin1 = _codec("latin-1")
_utf16, _, _is_utf16 = _codec("utf-16-be")
_gb, _gb_text, _is_gb = _codec("gb18030")

GSM7: Final = Alphabet("gsm7", 160, 153, 152, gsm7.encode, gsm7.decode, lambda char: len(gsm7.SEPTETS[char]), gsm7.fits)
ASCII: Final = Alphabet("ascii", 160, 153, 152, _ascii, _ascii_text, lambda _: 1, _is_ascii)
LATIN1: Final = Alphabet("latin1", 140, 134, 133, _latin1, _latin1_text, lambda _: 1, _is_latin1)
UCS2: Final = Alphabet("ucs2", 70, 67, 66, _utf16, _ucs2, lambda char: 1 + (char > "\uffff"), _is_utf16)
GB18030: Final = Alphabet("gb18030", 140, 134, 133, _gb, _gb_text, lambda char: len(_gb(char)), _is_gb)

ALPHABETS: Final[dict[SmsAlphabet, Alphabet]] = {
    alphabet.name: alphabet for alphabet in (GSM7, ASCII, LATIN1, UCS2, GB18030)
}
