"""SMPP 3.4 units, built and taken apart (Short Message Peer to Peer Protocol Specification v3.4, sections 4 and 5)."""

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final

from plugins.sms.backends.exchange import Framing, Pdu

MAX_PDU_BYTES: Final = 131_072  # message_payload carries 64 KiB at most
RESPONSE: Final = 0x80000000
_HEADER: Final = struct.Struct(">IIII")

TLV_PAYLOAD: Final = 0x0424
TLV_RECEIPTED_ID: Final = 0x001E
TLV_MESSAGE_STATE: Final = 0x0427
TLV_SAR_REFERENCE: Final = 0x020C
TLV_SAR_TOTAL: Final = 0x020E
TLV_SAR_NUMBER: Final = 0x020F

ESM_UDHI: Final = 0x40
ESM_TYPE: Final = 0x3C
ESM_RECEIPTS: Final = frozenset({0x04, 0x20})  # the last word, and one in between


class Command(IntEnum):
    """Command ids of requests; an answer has the highest bit set as well."""

    GENERIC_NACK = 0x80000000
    BIND_RECEIVER = 0x01
    BIND_TRANSMITTER = 0x02
    SUBMIT_SM = 0x04
    DELIVER_SM = 0x05
    UNBIND = 0x06
    BIND_TRANSCEIVER = 0x09
    ENQUIRE_LINK = 0x15
    ALERT_NOTIFICATION = 0x0102
    DATA_SM = 0x0103


class Status(IntEnum):
    """The command statuses that are more than a number to us."""

    OK = 0x00
    BAD_COMMAND = 0x03
    SYSTEM_ERROR = 0x08
    BAD_DESTINATION = 0x0B
    BIND_FAILED = 0x0D
    BAD_PASSWORD = 0x0E
    BAD_SYSTEM_ID = 0x0F
    QUEUE_FULL = 0x14
    THROTTLED = 0x58
    TEMPORARY = 0x64  # ESME_RX_T_APPN: repeat it later
    PERMANENT = 0x65  # ESME_RX_P_APPN: never repeat it


@dataclass(frozen=True, slots=True)
class Address:
    """A number with its type and plan (5.2.5, 5.2.6)."""

    number: str
    ton: int = 0
    npi: int = 0


@dataclass(frozen=True, slots=True)
class ShortMessage:
    """The body of submit_sm and deliver_sm, which are alike; ``data`` includes the user data header."""

    source: Address
    destination: Address
    data: bytes = b""
    esm_class: int = 0
    data_coding: int = 0
    registered_delivery: int = 0
    protocol_id: int = 0
    priority: int = 0
    service_type: str = ""
    validity: str = ""
    tlvs: Mapping[int, bytes] = field(default_factory=dict)

    @property
    def is_receipt(self) -> bool:
        """Tell whether it reports on a message of ours."""
        return self.esm_class & ESM_TYPE in ESM_RECEIPTS

    @property
    def has_header(self) -> bool:
        """Tell whether ``data`` begins with a user data header."""
        return bool(self.esm_class & ESM_UDHI)

    def tlv_number(self, tag: int) -> int | None:
        """Return a TLV as a number, None when it is missing."""
        value = self.tlvs.get(tag)
        return int.from_bytes(value, "big") if value else None

    def tlv_text(self, tag: int) -> str:
        """Return a C-octet string TLV, whether or not it ends with its NUL."""
        return self.tlvs.get(tag, b"").split(b"\0", 1)[0].decode("latin-1")


class SmppFraming(Framing):
    """The 16-byte header."""

    def pack(self, pdu: Pdu) -> bytes:
        return _HEADER.pack(16 + len(pdu.body), pdu.command, pdu.status, pdu.sequence) + pdu.body

    def unpack(self, buffer: bytearray) -> Pdu | None:
        if len(buffer) < 16:
            return None
        length, command, status, sequence = _HEADER.unpack_from(buffer)
        if not 16 <= length <= MAX_PDU_BYTES:
            raise ValueError(f"a unit of {length} bytes")
        if len(buffer) < length:
            return None
        body = bytes(buffer[16:length])
        del buffer[:length]
        return Pdu(command, sequence, body, status)

    def is_answer(self, pdu: Pdu) -> bool:
        return bool(pdu.command & RESPONSE)


def bind_body(system_id: str, password: str, system_type: str, address_range: str) -> bytes:
    """Return the body of a bind (4.1.1)."""
    return (
        c_string(system_id, 16)
        + c_string(password, 9)
        + c_string(system_type, 13)
        + b"\x34\x00\x00"
        + c_string(address_range, 41)
    )


def pack_message(message: ShortMessage) -> bytes:
    """Return the body of a submit_sm or deliver_sm; data too long for short_message travels as message_payload."""
    short, tlvs = message.data, dict(message.tlvs)
    if len(short) > 254:
        short, tlvs[TLV_PAYLOAD] = b"", short
    parts = [
        c_string(message.service_type, 6),
        *(bytes((one.ton, one.npi)) + c_string(one.number, 21) for one in (message.source, message.destination)),
        bytes((message.esm_class, message.protocol_id, message.priority)),
        b"\0",  # schedule_delivery_time: now
        c_string(message.validity, 17),
        bytes((message.registered_delivery, 0, message.data_coding, 0, len(short))),
        short,
        *(tag.to_bytes(2, "big") + len(value).to_bytes(2, "big") + value for tag, value in tlvs.items()),
    ]
    return b"".join(parts)


def unpack_message(body: bytes) -> ShortMessage:
    """Return the message in the body of a submit_sm or deliver_sm; ValueError when it is cut off before its words."""
    reader = _Reader(body)
    service_type = reader.c_string()
    source_ton, source_npi = reader.octets(2)
    source = Address(reader.c_string(), source_ton, source_npi)
    destination_ton, destination_npi = reader.octets(2)
    destination = Address(reader.c_string(), destination_ton, destination_npi)
    esm_class, protocol_id, priority = reader.octets(3)
    reader.c_string()
    validity = reader.c_string()
    registered, _, data_coding, _, length = reader.octets(5)
    data = reader.up_to(length)
    tlvs = reader.tlvs()
    return ShortMessage(
        source=source,
        destination=destination,
        data=data or tlvs.get(TLV_PAYLOAD, b""),
        esm_class=esm_class,
        data_coding=data_coding,
        registered_delivery=registered,
        protocol_id=protocol_id,
        priority=priority,
        service_type=service_type,
        validity=validity,
        tlvs=tlvs,
    )


def unpack_data(body: bytes) -> ShortMessage:
    """Return the message in the body of a data_sm (4.7.1), whose words are a TLV; ValueError when it is cut off."""
    reader = _Reader(body)
    service_type = reader.c_string()
    source_ton, source_npi = reader.octets(2)
    source = Address(reader.c_string(), source_ton, source_npi)
    destination_ton, destination_npi = reader.octets(2)
    destination = Address(reader.c_string(), destination_ton, destination_npi)
    esm_class, registered, data_coding = reader.octets(3)
    tlvs = reader.tlvs()
    return ShortMessage(
        source=source,
        destination=destination,
        data=tlvs.get(TLV_PAYLOAD, b""),
        esm_class=esm_class,
        data_coding=data_coding,
        registered_delivery=registered,
        service_type=service_type,
        tlvs=tlvs,
    )


def message_id_of(body: bytes) -> str:
    """Return the id in an answer to submit_sm; some SMSCs leave out its NUL, or the whole body."""
    return body.split(b"\0", 1)[0].decode("latin-1")


def c_string(text: str, size: int) -> bytes:
    """Return a NUL-terminated string of at most ``size`` octets, cut when it is longer."""
    return text.encode("latin-1", "replace").replace(b"\0", b"?")[: size - 1] + b"\0"


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def octets(self, count: int) -> bytes:
        """Return the next ``count`` octets."""
        end = self._at + count
        if end > len(self._data):
            raise ValueError("the body is cut off")
        taken, self._at = self._data[self._at : end], end
        return taken

    def up_to(self, count: int) -> bytes:
        """Return the next ``count`` octets, or all that are left."""
        return self.octets(min(count, len(self._data) - self._at))

    def c_string(self) -> str:
        end = self._data.find(b"\0", self._at)
        if end < 0:
            raise ValueError("a string without end")
        taken, self._at = self._data[self._at : end], end + 1
        return taken.decode("latin-1")

    def tlvs(self) -> dict[int, bytes]:
        found: dict[int, bytes] = {}
        while self._at + 4 <= len(self._data):  # stray octets at the end, or a value that is cut off, are borne
            tag = int.from_bytes(self.octets(2), "big")
            found[tag] = self.up_to(int.from_bytes(self.octets(2), "big"))
        return found
