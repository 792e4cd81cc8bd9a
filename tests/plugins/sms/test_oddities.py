"""What phone networks hand over against all rules ends as a message, or is known for what it is; nothing is lost."""

import struct
from collections import Counter

from core.events import MessageStatus
from plugins.sms.backends.smpp import pdu as smpp
from plugins.sms.backends.smpp.pdu import Address, Command, ShortMessage
from plugins.sms.numbers import sender_address
from tests.plugins.sms.support.orders import CITIZEN, order
from tests.plugins.sms.support.smsc import NUMBER, Smsc
from tests.plugins.sms.support.stand import MemoryHub, running

UNREADABLE = "[收到一条此处无法显示的消息，请让对方换一种方式发送]"


def body(data: bytes | str = b"", *, source: str = "8613800138000", ton: int = 1, **fields: object) -> bytes:
    """Return the body of a deliver_sm; text goes as UCS-2."""
    given = {"data_coding": 8, **fields} if isinstance(data, str) else fields
    octets = data.encode("utf-16-be") if isinstance(data, str) else data
    message = ShortMessage(Address(source, ton, 1), Address(NUMBER, 1, 1), octets, **given)  # type: ignore[arg-type]
    return smpp.pack_message(message)


def data_sm(text: bytes, *, esm_class: int = 0, coding: int = 8, tlvs: bytes = b"") -> bytes:
    """Return the body of a data_sm (4.7.1)."""
    addresses = b"\1\x018613800138000\0" + b"\1\1" + NUMBER.encode() + b"\0"
    payload = b"\x04\x24" + len(text).to_bytes(2, "big") + text if text else b""
    return b"\0" + addresses + bytes((esm_class, 0, coding)) + payload + tlvs


def sar(reference: int, total: int, number: int) -> dict[int, bytes]:
    return {0x020C: reference.to_bytes(2, "big"), 0x020E: bytes([total]), 0x020F: bytes([number])}


def utf16(text: str) -> bytes:
    return text.encode("utf-16-be")


ODD: list[tuple[str, int, bytes, tuple[str, str] | None]] = [
    ("a header of no length", 5, body(b"\0" + utf16("无头"), esm_class=0x40, data_coding=8), (CITIZEN, "无头")),
    ("a header that is cut off", 5, body(b"\xff\x41", esm_class=0x40), (CITIZEN, "àA")),
    ("a header bit without data", 5, body(b"", esm_class=0x40), (CITIZEN, UNREADABLE)),
    ("ports only", 5, body(b"\x06\x05\x04\x0b\x84\x23\xf0port", esm_class=0x40), (CITIZEN, "port")),
    ("part 0 of 2", 5, body(b"\5\0\3\7\2\0zero", esm_class=0x40), (CITIZEN, "zero")),
    ("part 3 of 2", 5, body(b"\5\0\3\7\2\3three", esm_class=0x40), (CITIZEN, "three")),
    ("16 bits, second part", 5, body(b"\6\x08\4\0\7\2\2wide", esm_class=0x40), None),
    ("8 bits, second part", 5, body(b"\5\0\3\7\2\2row", esm_class=0x40), None),
    ("8 bits, first part", 5, body(b"\5\0\3\7\2\1nar", esm_class=0x40), (CITIZEN, "narrow")),
    ("16 bits, first part", 5, body(b"\6\x08\4\0\7\2\1very ", esm_class=0x40), (CITIZEN, "very wide")),
    ("TLVs, second part", 5, body("二段", tlvs=sar(300, 2, 2)), None),
    ("TLVs, first part", 5, body("一段", tlvs=sar(300, 2, 1)), (CITIZEN, "一段二段")),
    ("TLVs that say nothing", 5, body("独一", tlvs=sar(301, 1, 1)), (CITIZEN, "独一")),
    ("a payload", 5, body(b"", data_coding=8, tlvs={0x0424: utf16("整条" * 200)}), (CITIZEN, "整条" * 200)),
    ("shorter than its length says", 5, body("尾巴没了")[:-2], (CITIZEN, "尾巴没")),
    ("a TLV that is cut off", 5, body("有尾") + b"\x04\x24\x00\x09x", (CITIZEN, "有尾")),
    ("stray octets", 5, body("零头") + b"\xff\xff\xff", (CITIZEN, "零头")),
    ("half a character", 5, body(utf16("半") + b"\x60", data_coding=8), (CITIZEN, "半\ufffd")),
    ("8-bit data", 5, body(b"UTF-8: \xe6\x82\xa8", data_coding=4), (CITIZEN, "UTF-8: 您")),
    ("a coding of no standard", 5, body(b"\xc4\xfa", data_coding=15), (CITIZEN, "您")),
    ("nothing at all", 5, body(b"", source="8613900139000"), ("tel:+8613900139000", UNREADABLE)),
    (
        "from a name",
        5,
        body("验证码", source="ALI PAY", ton=5),
        ("tel:anonymous-ALI%20PAY", "验证码"),
    ),
    ("from nobody", 5, body("谁", source=""), ("tel:anonymous-nobody", "谁")),
    ("by data_sm", 0x103, data_sm(utf16("另一条路")), (CITIZEN, "另一条路")),
    ("a receipt on the way", 5, body(b"id:1 stat:ENROUTE err:000", esm_class=0x20), None),
    ("a receipt of no known state", 5, body(b"id:1 stat:WHATEVER1 err:7", esm_class=4), None),
    ("a receipt about nothing", 5, body(b"thank you", esm_class=4), None),
    ("a receipt of nobody's", 5, body(b"id:4711 stat:DELIVRD", esm_class=4), None),
    ("cut off before its words", 5, body("没有")[:9], None),
]


def test_the_address_of_the_longest_name_fits() -> None:
    assert len(sender_address("😀" * 64, "CN")) <= 512


async def test_odd_units_are_shown_or_known_for_what_they_are(hub: MemoryHub, smsc: Smsc) -> None:
    expected = Counter(shown for _, _, _, shown in ODD if shown is not None)
    async with running(hub, await smsc.start()) as channel:
        assert await channel.send(order("回执给谁")) == "1"
        for number, (_, command, unit, _) in enumerate(ODD, 70_000):
            smsc.order("raw", data=(struct.pack(">IIII", 16 + len(unit), command, 0, number) + unit).hex())
        await hub.until(lambda: len(hub.messages) >= expected.total())
        by_data_sm = data_sm(b"id:1 stat:DELIVRD", esm_class=4, coding=0)
        head = struct.pack(">IIII", 16 + len(by_data_sm), Command.DATA_SM, 0, 80_000)
        smsc.order("raw", data=(head + by_data_sm).hex())
        await hub.status("m-1", "delivered")
    assert Counter(hub.texts) == expected
    assert {one.sender for one in hub.messages if one.is_automatic} == {
        "tel:anonymous-ALI%20PAY",
        "tel:anonymous-nobody",
    }
    names = {one.sender: one.profile.name for one in hub.messages if one.profile is not None}
    assert names == {
        "tel:anonymous-ALI%20PAY": "ALI PAY（不是号码，无法回复）",
        "tel:anonymous-nobody": "没有号码的发件人（无法回复）",
    }
    statuses = [one.status for one in hub.events if isinstance(one, MessageStatus)]
    assert statuses == ["delivered"], "the receipts before said nothing final"
