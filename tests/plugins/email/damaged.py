"""Mails that break the rules or lie about themselves; each with what a person should see all the same."""

import base64
import struct
from collections.abc import Iterator

from tests.plugins.email.corpus import TW, ZH, Case, mail

_TORN = ZH.encode()[:40] + b"\xff" + ZH.encode()[41:]
_PLAIN = b"Content-Type: text/plain; charset=utf-8\r\n\r\n" + ZH.encode()


def damaged_cases() -> list[Case]:
    """Return mails with broken charsets, names, parts, encodings and wrappings."""
    return [*_charsets(), *_names(), *_parts(), *_encodings(), *_nested(), *_outlook()]


def truncated_outlook() -> bytes:
    """Return a mail whose winmail.dat ends within its attachment."""
    return _mixed(_PLAIN, _winmail(_TNEF[:-3]))


def _charsets() -> Iterator[Case]:
    for label, declared, raw, text in (
        ("GBK that claims to be UTF-8", "utf-8", ZH.encode("gbk"), ZH),
        ("UTF-8 that claims to be GBK", "gbk", ZH.encode(), ZH),
        ("Big5 that claims to be ASCII", "us-ascii", TW.encode("big5"), TW),
        ("no text charset", "rot13", ZH.encode(), ZH),
        ("a NUL in the charset", "utf\0-8", ZH.encode(), ZH),
        ("an empty charset", '""', ZH.encode(), ZH),
        ("a torn character", "utf-8", _TORN, _TORN.decode("utf-8", "replace")),
    ):
        yield Case(f"charset: {label}", mail(f"Content-Type: text/plain; charset={declared}", body=raw), text=text)


def _names() -> Iterator[Case]:
    for label, field, name in (
        ("a gap in RFC 2231", "filename*0*=utf-8''%E5%90%88; filename*2*=%E5%90%8C.pdf", "合同.pdf"),
        ("RFC 2231 without charset", "filename*0*=%E5%90%88; filename*1=abc.pdf", "合abc.pdf"),
        ("RFC 2231 with a number beyond all", "filename*99999999999999999999*=utf-8''a.pdf", "a.pdf"),
        ("RFC 2231 in the wrong order", "filename*1=b.pdf; filename*0=a", "ab.pdf"),
        ("RFC 2047 without quotes", "filename==?utf-8?B?5ZCI5ZCMLnBkZg==?=", "合同.pdf"),
        ("RFC 2231 with a number that is none", "filename*²*=utf-8''a.pdf", "a.pdf"),
        ("a name that reads backwards", 'filename="a\u202efdp.exe"', "a_fdp.exe"),
    ):
        file = f"Content-Type: application/pdf\r\nContent-Disposition: attachment; {field}\r\n\r\nx"
        yield Case(f"name: {label}", _mixed(_PLAIN, file.encode()), files=(name,))
    liar = '"boss@example.gov.cn" <"odd \\"local"@example.cn>'
    yield Case(
        "name: another's address for one that is odd",
        mail(f"From: {liar}", "Sender: lin@example.cn", sender=False),
    )
    odd = "Content-Type: 应用/文件\x01; name=a.bin\r\n\r\nx"
    yield Case("name: a type of no standard", _mixed(_PLAIN, odd.encode()), files=("a.bin",))


def _parts() -> Iterator[Case]:
    yield Case("parts: empty ones", _mixed(b"", b"\r\n", b"Content-Type: text/plain\r\n\r\n", _PLAIN))
    yield Case("parts: none but empty ones", _mixed(b"", b""), text="")
    yield Case("parts: a boundary of signs", _mixed(_PLAIN, boundary="a(b)+c*[d"))
    yield Case("parts: an empty boundary", mail('Content-Type: multipart/mixed; boundary=""', body=ZH))
    inner = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + ZH.encode()
    yield Case("parts: a multipart within itself", _mixed(inner))
    yield Case("parts: lines end with CR", mail().replace(b"\r\n", b"\r"))


def _encodings() -> Iterator[Case]:
    coded = "Content-Transfer-Encoding: base64"
    yield Case("encoding: words that claim to be base64", mail(coded, body=ZH))
    yield Case(
        "encoding: English that claims to be base64", mail(coded, body="The lamp is out."), text="The lamp is out."
    )
    yield Case("encoding: unknown", mail("Content-Transfer-Encoding: x-own"))
    footer = base64.encodebytes(ZH.encode()) + b"\r\n_____________\r\na list of some people, leave it here\r\n"
    words = f"{ZH}_____________\na list of some people, leave it here"
    yield Case("encoding: base64 with a list's footer", mail(coded, body=footer), text=words)
    lines = base64.encodebytes(ZH.encode()).replace(b"\n", b"\r\n\r\n")
    yield Case("encoding: base64 with empty lines", mail(coded, body=lines))


def _nested() -> Iterator[Case]:
    part = _PLAIN
    for depth in range(12):
        part = f"Content-Type: multipart/mixed; boundary=b{depth}\r\n\r\n--b{depth}\r\n".encode() + part
        part += f"\r\n--b{depth}--\r\n".encode()
    yield Case("nested: twelve multiparts", "From: lin@example.cn\r\nSubject: 路灯\r\n".encode() + part)


def _outlook() -> Iterator[Case]:
    for label, data, files, text in (
        ("winmail.dat cut off", _TNEF[:40], (), f"{ZH}\n\n正文"),
        (
            "winmail.dat of lies",
            _TNEF[:6] + struct.pack("<BHHI", 1, 0x9003, 6, 0xFFFFFFFF) + b"x",
            ("winmail.dat",),
            ZH,
        ),
        ("winmail.dat of nothing", _TNEF[:6] + b"\xff" * 50, ("winmail.dat",), ZH),
    ):
        yield Case(f"outlook: {label}", _mixed(_PLAIN, _winmail(data)), text=text, files=files)
    yield Case("outlook: a file cut off", truncated_outlook(), text=f"{ZH}\n\n正文", files=("a.txt",))


def _mixed(*parts: bytes, boundary: str = "b") -> bytes:
    delimiter = b"--" + boundary.encode()
    body = b"".join(delimiter + b"\r\n" + part + b"\r\n" for part in parts)
    return mail(f'Content-Type: multipart/mixed; boundary="{boundary}"', body=body + delimiter + b"--\r\n")


def _winmail(data: bytes) -> bytes:
    head = b"Content-Type: application/ms-tnef; name=winmail.dat\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    return head + base64.encodebytes(data)


def _attribute(level: int, kind: int, value: bytes) -> bytes:
    return struct.pack("<BHHI", level, kind, 0, len(value)) + value + struct.pack("<H", sum(value) & 0xFFFF)


_TNEF = (
    struct.pack("<IH", 0x223E9F78, 1)
    + _attribute(1, 0x800C, "正文".encode("gbk") + b"\0")
    + _attribute(2, 0x9002, b"\0" * 14)
    + _attribute(2, 0x8010, b"a.txt\0")
    + _attribute(2, 0x800F, b"hello")
)
