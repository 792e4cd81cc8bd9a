"""What data coding values mean, and the text of received bytes (SMPP 3.4, 5.2.19; 3GPP TS 23.038, 4)."""

from typing import Final

from plugins.sms.wire.alphabets import ASCII, GB18030, GSM7, LATIN1, UCS2, Alphabet

_SMPP: Final[dict[int, str]] = {
    1: "ascii", 3: "latin-1", 5: "shift_jis", 6: "iso8859-5", 7: "iso8859-8", 10: "iso2022_jp", 13: "shift_jis",
    14: "euc_kr", 15: "gb18030",  # 15 is reserved in SMPP and GBK in CMPP and in China's SMPP gateways
}  # fmt: skip
SMPP_CODES: Final[dict[str, int]] = {"gsm7": 0, "ascii": 1, "latin1": 3, "ucs2": 8, "gb18030": 15}
CMPP_CODES: Final[dict[str, int]] = {"ascii": 0, "ucs2": 8, "gb18030": 15}


def alphabet_of(data_coding: int) -> Alphabet | None:
    """Return the alphabet that the general data coding groups of TS 23.038 name, None when it is 8-bit data.

    Groups 00xx and 01xx carry it in bits 3–2, 1111 in bit 2 (245 is 8-bit data, class 1), 1110 is UCS-2.
    """
    group = data_coding >> 4
    if group == 0xF:
        return None if data_coding & 0x04 else GSM7
    if group == 0xE:
        return UCS2
    if group in (0xC, 0xD):
        return GSM7
    return {0: GSM7, 1: None, 2: UCS2}.get(data_coding >> 2 & 0x03, GSM7)


def smpp_text(data: bytes, data_coding: int, default: Alphabet) -> str:
    """Return the text of ``data``; never fails.

    ``default`` is what the SMSC means by 0. Data that claims to be 8-bit is read as UTF-8 when it is, else as Latin-1.
    """
    if data_coding == 0:
        return default.decode(data)
    if data_coding == 8:
        return UCS2.decode(data)
    if codec := _SMPP.get(data_coding):
        return data.decode(codec, errors="replace")
    if data_coding < 0x10:
        return _binary(data)
    alphabet = alphabet_of(data_coding)
    return _binary(data) if alphabet is None else alphabet.decode(data)


def cmpp_text(data: bytes, msg_fmt: int) -> str:
    """Return the text of CMPP ``data``: 0 ASCII, 8 UCS-2, 15 GBK, others as they look."""
    alphabet = {0: ASCII, 3: LATIN1, 8: UCS2, 9: UCS2, 15: GB18030}.get(msg_fmt)
    if alphabet in (None, ASCII) and any(byte > 0x7F for byte in data):
        return GB18030.decode(data)  # gateways that label GBK as ASCII
    return _binary(data) if alphabet is None else alphabet.decode(data)


def _binary(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1")
