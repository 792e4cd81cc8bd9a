"""Unpacks winmail.dat (MS-OXTNEF): Outlook's wrapping around texts and attachments."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final

from plugins.email.charsets import decode

SIGNATURE: Final = 0x223E9F78
MAX_ATTACHMENTS: Final = 100
_LONG_NAME, _SHORT_NAME, _TAG, _HTML, _TEXT = 0x3707, 0x3704, 0x370E, 0x1013, 0x1000
_FIXED: Final = {  # bytes of a value by its MAPI type
    **dict.fromkeys((0x02, 0x03, 0x04, 0x0A, 0x0B), 4),
    **dict.fromkeys((0x05, 0x06, 0x07, 0x14, 0x40), 8),
    0x48: 16,
}


class _Attribute(IntEnum):
    RENDERING = 0x9002
    TITLE = 0x8010
    DATA = 0x800F
    PROPERTIES = 0x9005
    BODY = 0x800C
    MESSAGE_PROPERTIES = 0x9003


@dataclass(slots=True)
class Unpacked:
    """What a winmail.dat holds; attachments as name, MIME type and bytes."""

    text: str = ""
    html: str = ""
    is_cut: bool = False  # it says that there is more
    attachments: list[tuple[str, str, bytes]] = field(default_factory=list)


def unpack(data: bytes) -> Unpacked:
    """Return what can be read of ``data``; nothing of what is none."""
    found = Unpacked()
    if len(data) < 6 or struct.unpack_from("<I", data)[0] != SIGNATURE:
        return found
    name, mime, content = "", "", b""
    for kind, value, is_whole in _attributes(data):
        found.is_cut |= not is_whole
        match kind:
            case _Attribute.RENDERING:
                _keep(found, name, mime, content)
                name, mime, content = "", "", b""
            case _Attribute.TITLE:
                name = name or decode(value.rstrip(b"\0"))
            case _Attribute.DATA:
                content = value
            case _Attribute.PROPERTIES:
                properties = dict(_properties(value))
                name = properties.get(_LONG_NAME) or name or properties.get(_SHORT_NAME, "")
                mime = properties.get(_TAG, mime)
            case _Attribute.BODY:
                found.text = decode(value.rstrip(b"\0"))
            case _Attribute.MESSAGE_PROPERTIES:
                properties = dict(_properties(value))
                found.text = properties.get(_TEXT) or found.text
                found.html = properties.get(_HTML) or found.html
    _keep(found, name, mime, content)
    return found


def _keep(found: Unpacked, name: str, mime: str, content: bytes) -> None:
    if content and len(found.attachments) < MAX_ATTACHMENTS:
        found.attachments.append((name or "attachment", mime or "application/octet-stream", content))


def _attributes(data: bytes) -> Iterator[tuple[int, bytes, bool]]:
    """Yield kind and value of each attribute, and whether it is whole: the last one may be cut off."""
    at = 6
    while at + 9 <= len(data):
        _level, kind, _type, length = struct.unpack_from("<BHHI", data, at)
        at += 9
        yield kind, data[at : at + length], at + length <= len(data)
        at += length + 2  # a checksum that old programs get wrong


def _properties(data: bytes) -> Iterator[tuple[int, str]]:
    """Yield the textual MAPI properties of a block; it ends where it cannot be understood (MS-OXTNEF 2.1.3.4)."""
    if len(data) < 4:
        return
    (count,) = struct.unpack_from("<I", data)
    at = 4
    try:
        for _ in range(min(count, 1_000)):
            kind, number = struct.unpack_from("<HH", data, at)
            at += 4
            if number >= 0x8000:
                at = _skip_name(data, at)
            base = kind & 0x0FFF
            is_many = bool(kind & 0x1000)
            values = 1
            if is_many or base in (0x001E, 0x001F, 0x0102, 0x000D):
                (values,) = struct.unpack_from("<I", data, at)
                at += 4
            for _ in range(min(values, 1_000)):
                if size := _FIXED.get(base):
                    at += size
                    continue
                if base not in (0x001E, 0x001F, 0x0102, 0x000D):
                    return
                (length,) = struct.unpack_from("<I", data, at)
                value = data[at + 4 : at + 4 + length]
                at += 4 + (length + 3) // 4 * 4
                if base == 0x001F:
                    yield number, value.decode("utf-16-le", "replace").rstrip("\0")
                elif base == 0x001E or number == _HTML:
                    yield number, decode(value.rstrip(b"\0"))
    except struct.error:
        return


def _skip_name(data: bytes, at: int) -> int:
    (kind,) = struct.unpack_from("<I", data, at + 16)
    (length,) = struct.unpack_from("<I", data, at + 20)
    return at + 24 + ((length + 3) // 4 * 4 if kind == 1 else 0)
