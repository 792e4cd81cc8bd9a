"""The GSM 7-bit default alphabet with its extension table (3GPP TS 23.038, 6.2.1), one septet in each byte.

SMPP and Kannel carry septets unpacked. A character of the extension table is the escape and a second septet.
"""

from typing import Final

ESCAPE: Final = 0x1B

_BASIC: Final = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENSION: Final = {
    0x0A: "\f", 0x14: "^", 0x28: "{", 0x29: "}", 0x2F: "\\", 0x3C: "[", 0x3D: "~", 0x3E: "]", 0x40: "|", 0x65: "€",
}  # fmt: skip

SEPTETS: Final[dict[str, bytes]] = {
    **{char: bytes([code]) for code, char in enumerate(_BASIC) if code != ESCAPE},
    **{char: bytes([ESCAPE, code]) for code, char in _EXTENSION.items()},
}


def fits(text: str) -> bool:
    """Tell whether every character of ``text`` is in the alphabet."""
    return all(char in SEPTETS for char in text)


def encode(text: str) -> bytes:
    """Return the septets of ``text``; ValueError naming the first character that has none."""
    try:
        return b"".join([SEPTETS[char] for char in text])
    except KeyError as error:
        raise ValueError(f"not in the GSM alphabet: {error.args[0]!r}") from None


def decode(septets: bytes) -> str:
    """Return the text of ``septets``; never fails.

    An unknown escape sequence shows its second septet's basic character, as the standard says; a bit 7 is ignored.
    """
    text: list[str] = []
    is_escaped = False
    for code in (byte & 0x7F for byte in septets):
        if is_escaped:
            text.append(_EXTENSION.get(code, " " if code == ESCAPE else _BASIC[code]))
            is_escaped = False
        elif code == ESCAPE:
            is_escaped = True
        else:
            text.append(_BASIC[code])
    return "".join(text)


def unpack(octets: bytes, *, fill_bits: int = 0) -> bytes:
    """Return the septets packed in ``octets`` (3GPP TS 23.038, 6.1.2.1), after ``fill_bits`` (0–6) of padding."""
    bits = int.from_bytes(octets, "little") >> fill_bits
    count = max(0, (len(octets) * 8 - fill_bits) // 7)
    return bytes((bits >> 7 * index) & 0x7F for index in range(count))
