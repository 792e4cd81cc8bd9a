"""CMPP 2.0 and 3.0 units, built and taken apart (China Mobile Peer to Peer, "CMPP" sections 7 and 8)."""

import hashlib
import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import Final, Literal

from plugins.sms.backends.exchange import Framing, Pdu

Version = Literal["2.0", "3.0"]

MAX_PDU_BYTES: Final = 8192
RESPONSE: Final = 0x80000000
REPORT_BYTES: Final = 8 + 7 + 10 + 10  # what we read of a status report; the rest varies between gateways
_HEADER: Final = struct.Struct(">III")


class Command(IntEnum):
    """Command ids of requests; an answer has the highest bit set as well."""

    CONNECT = 1
    TERMINATE = 2
    SUBMIT = 4
    DELIVER = 5
    ACTIVE_TEST = 8


@dataclass(frozen=True, slots=True)
class Submit:
    """One part to a citizen; ``content`` includes the user data header when ``has_header``."""

    destination: str
    source: str
    content: bytes
    msg_fmt: int
    total: int = 1
    number: int = 1
    has_header: bool = False
    wants_report: bool = True
    service_id: str = ""
    sp_id: str = ""
    fee_type: str = "01"
    fee_code: str = "0"


@dataclass(frozen=True, slots=True)
class Deliver:
    """What the gateway hands over: a message or, when ``is_report``, a status report about one of ours."""

    msg_id: bytes
    source: str
    destination: str
    content: bytes
    msg_fmt: int = 0
    has_header: bool = False
    is_report: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    """A status report; ``stat`` is one word of seven letters."""

    msg_id: bytes
    stat: str


class CmppFraming(Framing):
    """The 12-byte header."""

    def pack(self, pdu: Pdu) -> bytes:
        return _HEADER.pack(12 + len(pdu.body), pdu.command, pdu.sequence) + pdu.body

    def unpack(self, buffer: bytearray) -> Pdu | None:
        if len(buffer) < 12:
            return None
        length, command, sequence = _HEADER.unpack_from(buffer)
        if not 12 <= length <= MAX_PDU_BYTES:
            raise ValueError(f"a unit of {length} bytes")
        if len(buffer) < length:
            return None
        body = bytes(buffer[12:length])
        del buffer[:length]
        return Pdu(command, sequence, body)

    def is_answer(self, pdu: Pdu) -> bool:
        return bool(pdu.command & RESPONSE)


def connect_body(sp_id: str, secret: str, version: Version, timestamp: str) -> bytes:
    """Return the body of CONNECT; ``timestamp`` is MMDDHHMMSS."""
    number = {"2.0": 0x20, "3.0": 0x30}[version]
    return _fixed(sp_id, 6) + sp_proof(sp_id, secret, timestamp) + struct.pack(">BI", number, int(timestamp))


def sp_proof(sp_id: str, secret: str, timestamp: str) -> bytes:
    """Return AuthenticatorSource."""
    return _md5(_fixed(sp_id, 6) + bytes(9) + secret.encode() + timestamp.encode())


def connect_answer(body: bytes, version: Version) -> tuple[int, bytes]:
    """Return status and AuthenticatorISMG; ValueError when it is cut off."""
    width = 4 if version == "3.0" else 1
    if len(body) < width + 16:
        raise ValueError("the answer to CONNECT is cut off")
    return int.from_bytes(body[:width], "big"), body[width : width + 16]


def gateway_proof(status: int, proof: bytes, secret: str, version: Version) -> bytes:
    """Return the AuthenticatorISMG a gateway that knows the secret answers with."""
    return _md5(status.to_bytes(4 if version == "3.0" else 1, "big") + proof + secret.encode())


def submit_body(submit: Submit, version: Version) -> bytes:
    """Return the body of SUBMIT."""
    is_3 = version == "3.0"
    terminal = 32 if is_3 else 21
    kind = b"\0" if is_3 else b""  # the number is real, no pseudonym
    return b"".join(
        (
            bytes(8),
            bytes((submit.total, submit.number, submit.wants_report, 1)),
            _fixed(submit.service_id, 10),
            b"\x02",  # the service provider pays
            _fixed("", terminal) + kind,
            bytes((0, submit.has_header, submit.msg_fmt)),
            _fixed(submit.sp_id, 6),
            _fixed(submit.fee_type, 2),
            _fixed(submit.fee_code, 6),
            bytes(34),  # valid and due at once
            _fixed(submit.source, 21),
            b"\x01" + _fixed(submit.destination, terminal) + kind,
            bytes((len(submit.content),)) + submit.content,
            bytes(20 if is_3 else 8),
        )
    )


def submit_answer(body: bytes, version: Version) -> tuple[bytes, int]:
    """Return message id and result; ValueError when it is cut off."""
    width = 4 if version == "3.0" else 1
    if len(body) < 8 + width:
        raise ValueError("the answer to SUBMIT is cut off")
    return body[:8], int.from_bytes(body[8 : 8 + width], "big")


def deliver_of(body: bytes, version: Version) -> Deliver:
    """Return what a DELIVER carries, ValueError when it is cut off before its words."""
    terminal = 33 if version == "3.0" else 21  # version 3 adds a type
    start = 8 + 21 + 10 + 3 + terminal
    if len(body) < start + 2:
        raise ValueError("the body of DELIVER is cut off")
    return Deliver(
        msg_id=body[:8],
        destination=_text(body[8:29]),
        has_header=body[40] == 1,
        msg_fmt=body[41],
        source=_text(body[42 : 42 + min(terminal, 32)]),
        is_report=body[start] == 1,
        content=body[start + 2 : start + 2 + body[start + 1]],
    )


def deliver_answer(msg_id: bytes, result: int, version: Version) -> bytes:
    """Return the body that acknowledges a DELIVER."""
    return msg_id + result.to_bytes(4 if version == "3.0" else 1, "big")


def report_of(content: bytes) -> Report:
    """Return the status report in the content of a DELIVER; ValueError when it is cut off."""
    if len(content) < REPORT_BYTES:
        raise ValueError("the status report is cut off")
    return Report(content[:8], _text(content[8:15]).strip())


def _fixed(text: str, size: int) -> bytes:
    return text.encode("ascii", "replace")[:size].ljust(size, b"\0")


def _text(field: bytes) -> str:
    return field.split(b"\0", 1)[0].decode("latin-1")


def _md5(data: bytes) -> bytes:
    return hashlib.md5(data, usedforsecurity=False).digest()  # the protocol knows no other
