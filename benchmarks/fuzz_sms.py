"""Feeds the SMS plugin's parsers a million odd inputs: none may raise what is not expected, hang, or grow.

``python -m benchmarks.fuzz_sms [--inputs 1000000] [--seed 7]``. Inputs are real units of every protocol, damaged: bits
turned, bytes cut, doubled and swapped, lengths lied about. Prints what became of them by kind; exit status 1 on the
first surprise, with the input that caused it.
"""

import argparse
import contextlib
import json
import random
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable

from core.config import Secret
from core.errors import SendError
from plugins.sms.backends import Part
from plugins.sms.backends.cmpp import pdu as cmpp
from plugins.sms.backends.exchange import Framing
from plugins.sms.backends.http.gateway import field_at
from plugins.sms.backends.http.generic import GenericBackend
from plugins.sms.backends.http.kannel import text_of
from plugins.sms.backends.smpp import pdu as smpp
from plugins.sms.config import HttpSettings
from plugins.sms.numbers import canonical, name_in, sender_address
from plugins.sms.wire import codings, gsm7, udh
from plugins.sms.wire.alphabets import ALPHABETS, GSM7
from plugins.sms.wire.reassembly import Piece, Reassembly, joined
from plugins.sms.wire.receipts import parse_receipt, receipt_key, submitted_key
from plugins.sms.wire.segments import segments
from plugins.sms.wishes import consent_in

SLOW_S = 0.5  # of CPU; no input is worth more
FIT_SHARE = 0.7  # of inputs that begin as what the parser expects


def seeds() -> list[bytes]:
    """Return well-formed units to start from."""
    text = "您好🚒".encode("utf-16-be")
    part = udh.build(udh.Concatenation(7, 3, 2)) + text
    sender, receiver = smpp.Address("8613800138000", 1, 1), smpp.Address("1069")
    receipt = b"id:0a1 sub:001 dlvrd:001 submit date:2611221200 done date:2611221201 stat:DELIVRD err:000 text:x"
    deliver = bytes(8) + b"1069".ljust(21, b"\0") + bytes(10) + b"\0\1\x08" + b"13800138000".ljust(21, b"\0")
    return [
        smpp.pack_message(smpp.ShortMessage(sender, receiver, text, data_coding=8)),
        smpp.pack_message(smpp.ShortMessage(sender, receiver, part, esm_class=0x40, data_coding=8)),
        smpp.pack_message(smpp.ShortMessage(sender, receiver, receipt, esm_class=4, tlvs={0x1E: b"0a1\0"})),
        deliver + bytes((0, len(part))) + part + bytes(8),
        deliver + bytes((1, 60)) + bytes(8) + b"DELIVRD" + bytes(45) + bytes(8),
        receipt,
        part,
        b"+86 138-0013-8000",
        "退订 TD €{}".encode(),
        smpp.SmppFraming().pack(smpp.Pdu(5, 1, text)),
        cmpp.CmppFraming().pack(cmpp.Pdu(5, 1, deliver)),
        b"\0\1\x018613800138000\0\0\x001069\0\0\0\x08\x04\x24\0\x08" + text,
        bytes(8) + b"\0\0\0\x08" + bytes(20),
        b'[{"code": 0, "data": [{"id": "p-1", "to": "+8613800138000", "text": "\\u60a8\\ud83d"}]}]',
        b"utf-16-be\0" + text,
    ]


def damaged(source: random.Random, data: bytes) -> bytes:
    """Return ``data`` with a few things wrong."""
    raw = bytearray(data)
    for _ in range(source.randint(0, 4)):
        at = source.randrange(len(raw) + 1)
        match source.randrange(5):
            case 0 if at < len(raw):
                raw[at] ^= 1 << source.randrange(8)
            case 1:
                del raw[at : at + source.randint(1, 16)]
            case 2:
                raw[at:at] = source.randbytes(source.randint(1, 16))
            case 3:
                raw[at:at] = raw[at : at + 64]
            case _ if at < len(raw):
                raw[at] = source.choice((0, 1, 0x1B, 0x7F, 0x80, 0xFF))
    return bytes(raw)


def unframe(framing: Framing, data: bytes) -> None:
    """Take units off a stream until none is whole."""
    buffer = bytearray(data)
    while framing.unpack(buffer) is not None:
        pass


def read_smpp(data: bytes) -> None:
    """Do what the backend does with a deliver_sm."""
    read_message(smpp.unpack_message(data))


def read_message(message: smpp.ShortMessage) -> None:
    """Do what the backend does with a message, however it came."""
    text = codings.smpp_text(message.data, message.data_coding, GSM7)
    consent_in(text, ("TD",), ("DY",))
    if message.is_receipt:
        parse_receipt(text, id_tlv=message.tlv_text(0x1E), state_tlv=message.tlv_number(0x427))
    elif message.has_header:
        udh.take_off(message.data)


def read_cmpp(data: bytes) -> None:
    """Do what the backend does with a DELIVER, in both versions."""
    for version in ("2.0", "3.0"):
        deliver = cmpp.deliver_of(data, version)
        codings.cmpp_text(deliver.content, deliver.msg_fmt)
        if deliver.is_report:
            cmpp.report_of(deliver.content)


def read_answers(data: bytes) -> None:
    """Do what the backend does with answers to SUBMIT and CONNECT, in both versions."""
    for version in ("2.0", "3.0"):
        cmpp.submit_answer(data, version)
        cmpp.connect_answer(data, version)


def read_json(data: bytes) -> None:
    """Do what the backend does with a gateway's answer, and with what it brings."""
    part = Part("m-1", "+8613800138000", "1069", "", GSM7)
    with contextlib.suppress(SendError):
        GATEWAY.understand(part, 200, data.decode("utf-8", "replace"))
    items = json.loads(data)
    for item in items if isinstance(items, list) else [items]:
        for path in ("code", "data.0.id", "data.0.to", "data.0.text"):
            field_at(item, path)


def read_kannel(data: bytes) -> None:
    """Do what the backend does with a text that Kannel brings in some charset."""
    charset, _, text = data.partition(b"\0")
    text_of(text, charset.decode("latin-1"), chr(data[-1] % 3 + 48) if data else "")


def name(data: bytes) -> None:
    """Give who sent something an address, and find the name in it again."""
    written = data.decode("utf-8", "replace")
    address = sender_address(written, "CN")
    found = name_in(address)
    if found is not None and found not in (written.strip()[:64], ""):
        raise AssertionError("a sender's name became another")


def cut(data: bytes) -> None:
    """Cut a text made of ``data`` and hold the pieces against it."""
    text = data.decode("utf-16-le", "surrogatepass") if len(data) % 2 == 0 else data.decode("latin-1")
    for alphabet in ALPHABETS.values():
        found = segments(text, (alphabet, ALPHABETS["ucs2"]))
        again = b"".join(found.alphabet.encode(part) for part in found.parts)
        if found.alphabet.decode(again) != "".join(found.parts) and not text.startswith(("\ufeff", "\ufffe")):
            raise AssertionError("the parts do not say what the text says")


def assemble(data: bytes) -> None:
    """Let parts with numbers from ``data`` come in that order."""
    sets = Reassembly(lambda: "set")
    total = data[0] % 8 + 2 if data else 2
    for index, byte in enumerate(data[:64]):
        known, _ = sets.place(("a", "b", byte & 1, total, False), Piece(byte % total + 1, bytes([byte]), 8), index)
        if known.is_complete and not known.is_closed:
            joined(known.pieces.values(), total, lambda part, _: part.decode("latin-1"), str)
            sets.close(known)
    sets.overdue(32)
    sets.forget(32)


GATEWAY = GenericBackend(
    HttpSettings(url="http://gateway", ok_field="code", id_field="data.0.id", callback_key=Secret("0123456789abcdef"))
)
TARGETS: dict[str, Callable[[bytes], object]] = {
    "smpp deliver_sm": read_smpp,
    "smpp stream": lambda data: unframe(smpp.SmppFraming(), data),
    "smpp data_sm": lambda data: read_message(smpp.unpack_data(data)),
    "cmpp deliver": read_cmpp,
    "cmpp answers": read_answers,
    "http json": read_json,
    "kannel text": read_kannel,
    "sender": name,
    "cmpp stream": lambda data: unframe(cmpp.CmppFraming(), data),
    "header": udh.parse,
    "receipt": lambda data: parse_receipt(data.decode("latin-1")),
    "ids": lambda data: (submitted_key(data.decode("latin-1")), receipt_key(data.decode("latin-1"), "decimal")),
    "septets": lambda data: gsm7.decode(gsm7.unpack(data)),
    "number": lambda data: canonical(data.decode("utf-8", "replace")),
    "cutting": cut,
    "assembly": assemble,
}

# which of the seeds each parser is for
FITTING = {
    "smpp deliver_sm": (0, 1, 2),
    "smpp stream": (9,),
    "smpp data_sm": (11,),
    "cmpp deliver": (3, 4),
    "cmpp answers": (12,),
    "http json": (13,),
    "kannel text": (14,),
    "sender": (7, 8),
    "cmpp stream": (10,),
    "header": (6,),
    "receipt": (5,),
    "ids": (5, 7),
    "septets": (6, 8),
    "number": (7,),
    "cutting": (6, 8),
    "assembly": (0, 1),
}


def main() -> int:
    """Run the command line; return its exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inputs", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    source, corpus, targets = random.Random(options.seed), seeds(), list(TARGETS.items())
    taken: Counter[str] = Counter()
    refused: Counter[str] = Counter()
    slowest = 0.0
    began = time.monotonic()
    for number in range(options.inputs):
        name, target = targets[number % len(targets)]
        fit = [corpus[index] for index in FITTING[name]] if source.random() < FIT_SHARE else corpus
        data = damaged(source, source.choice(fit))
        started = time.thread_time()
        try:
            target(data)
            taken[name] += 1
        except ValueError:
            refused[name] += 1  # what every parser says to what it cannot read
        except Exception:
            traceback.print_exc()
            print(f"{name}: {data.hex()}")
            return 1
        slowest = max(slowest, time.thread_time() - started)
    for name, _ in targets:
        print(f"{name:16} {taken[name]:>8} taken {refused[name]:>8} refused")
    print(f"{options.inputs} inputs in {time.monotonic() - began:.0f} s, slowest {slowest * 1000:.1f} ms")
    return 1 if slowest > SLOW_S else 0


if __name__ == "__main__":
    sys.exit(main())
