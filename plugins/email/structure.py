"""Takes a mail apart into its parts without ever giving up (RFC 2045, 2046): offsets into the bytes, no copies.

The standard library's parser makes several copies of a mail as text; here a 50 MB mail costs its bytes and an index.
"""

import binascii
import mmap
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from plugins.email.headers import Headers, read_parameters

Raw = bytes | mmap.mmap
MAX_DEPTH: Final = 20  # of multiparts and mails inside each other
MAX_PARTS: Final = 20_000
MAX_HEADER_BYTES: Final = 262_144
MAX_FIELDS: Final = 2_000
_BLANK: Final = re.compile(rb"\r?\n[ \t]*\r?\n|\r\r")
_NAME: Final = re.compile(rb"([!-9;-~]{1,100})[ \t]*:")
_NOT_BASE64: Final = re.compile(rb"[^A-Za-z0-9+/]")
_FOREIGN: Final = re.compile(rb"[^A-Za-z0-9+/=\s]|\S[ \t]+\S")  # no base64, and a gap within a line is none either
_ENCODED_LINE: Final = re.compile(rb"(?m)^[A-Za-z0-9+/=]{40,}\r?$")


@dataclass(slots=True)
class Part:
    """One part: its header fields, its media type, and where its body lies."""

    headers: Headers
    kind: str
    parameters: dict[str, str]
    start: int
    end: int
    children: list["Part"] = field(default_factory=list)

    @property
    def disposition(self) -> tuple[str, dict[str, str]]:
        """Return ``inline``, ``attachment`` or "", and the parameters beside it."""
        return read_parameters(self.headers.raw("content-disposition"))

    def walk(self) -> Iterator["Part"]:
        """Yield this part and all below it, in their order."""
        stack = [self]
        while stack:
            part = stack.pop()
            yield part
            stack.extend(reversed(part.children))


class Splitter:
    """Takes one mail apart; ``warnings`` names what was too much."""

    def __init__(self, raw: Raw) -> None:
        self.raw = raw
        self.warnings: set[str] = set()
        self._left = MAX_PARTS

    def split(self) -> Part:
        """Return the whole mail as a part."""
        return self._part(0, len(self.raw), 0, "text/plain")

    def content(self, part: Part, limit: int | None = None) -> bytes:
        """Return the part's body with its transfer encoding undone; ``limit`` bounds the encoded bytes read."""
        end = part.end if limit is None else min(part.end, part.start + limit)
        data = self.raw[part.start : end]
        match part.headers.plain("content-transfer-encoding").split("(")[0].strip():
            case "base64":
                return _words_from_base64(data) if part.kind.startswith("text/") else _from_base64(data)
            case "quoted-printable":
                return binascii.a2b_qp(data)
            case "x-uuencode" | "uuencode" | "x-uue":
                return from_uuencode(data)
            case _:
                return data

    def _part(self, start: int, end: int, depth: int, default: str) -> Part:
        headers, body = self._headers(start, end)
        kind, parameters = read_parameters(headers.raw("content-type"))
        if "/" not in kind:
            kind = {"text": "text/plain", "html": "text/html"}.get(kind, default)
        part = Part(headers, kind, parameters, body, end)
        self._left -= 1
        if self._left <= 0:
            self.warnings.add("too_many_parts")
        elif depth >= MAX_DEPTH:
            if kind.startswith("multipart/") or kind == "message/rfc822":
                self.warnings.add("too_deep")
        elif kind.startswith("multipart/"):
            self._split_multipart(part, depth)
        elif kind in ("message/rfc822", "message/global"):
            self._split_message(part, depth)
        return part

    def _split_multipart(self, part: Part, depth: int) -> None:
        boundary = part.parameters.get("boundary", "").strip().encode("utf-8", "replace")
        if not boundary or self.raw.find(b"--" + boundary, part.start, part.end) < 0:
            boundary = self._likely_boundary(part)
        if not boundary:
            self.warnings.add("broken")
            part.kind = "text/plain"
            return
        default = "message/rfc822" if part.kind == "multipart/digest" else "text/plain"
        for start, end in self._sections(boundary, part.start, part.end):
            if self._left <= 0:
                self.warnings.add("too_many_parts")
                break
            part.children.append(self._part(start, end, depth + 1, default))
        if not part.children:  # nothing but an end
            self.warnings.add("broken")
            part.kind = "text/plain"

    def _split_message(self, part: Part, depth: int) -> None:
        encoding = part.headers.plain("content-transfer-encoding")
        if encoding in ("base64", "quoted-printable"):
            return  # forbidden by RFC 2046, and done: whoever reads it decodes it and begins anew
        part.children.append(self._part(part.start, part.end, depth + 1, "text/plain"))

    def _sections(self, boundary: bytes, start: int, end: int) -> Iterator[tuple[int, int]]:
        """Yield where each section between delimiters begins and ends."""
        delimiter = b"--" + boundary
        begin = -1
        at = self.raw.find(delimiter, start, end)
        while at >= 0:
            after = at + len(delimiter)
            is_line = at == start or self.raw[at - 1 : at] in (b"\n", b"\r")
            line_end = self.raw.find(b"\n", after, min(end, after + 1000))
            line_end = min(end, after + 1000) if line_end < 0 else line_end + 1
            rest = self.raw[after:line_end].strip()
            if is_line and rest in (b"", b"--"):
                if begin >= 0:
                    yield begin, max(begin, at - (2 if self.raw[at - 2 : at] == b"\r\n" else 1))
                begin = line_end
                if rest == b"--":
                    return
            at = self.raw.find(delimiter, after, end)
        if 0 <= begin < end:
            self.warnings.add("truncated")
            yield begin, end

    def _likely_boundary(self, part: Part) -> bytes:
        """Return what seems to delimit a multipart that names no boundary, or a wrong one."""
        match = re.search(
            rb"(?:^|\n)--([^\s-][^\r\n]{0,200}?)[ \t]*\r?\n", self.raw[part.start : min(part.end, part.start + 65_536)]
        )
        return match[1] if match and match[1] != b" " else b""

    def _headers(self, start: int, end: int) -> tuple[Headers, int]:
        """Return the header fields from ``start`` on, and where the body begins."""
        if self.raw[start : start + 1] == b"\n":
            return Headers([]), start + 1
        if self.raw[start : start + 2] == b"\r\n":
            return Headers([]), start + 2
        block = self.raw[start : min(end, start + MAX_HEADER_BYTES)]
        blank = _BLANK.search(block)
        text = block[: blank.start()] if blank else block
        fields: list[tuple[str, list[bytes]]] = []
        for number, line in enumerate(text.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")):
            if line[:1] in (b" ", b"\t"):
                if fields:
                    fields[-1][1].append(line)
            elif match := _NAME.match(line):
                fields.append((match[1].decode("ascii").lower(), [line[match.end() :].strip()]))
            elif not (line.startswith((b"From ", b">From ")) and not number):
                if not fields:
                    return Headers([]), start  # no header at all: everything is body
                self.warnings.add("broken")
            if len(fields) > MAX_FIELDS:
                self.warnings.add("broken")
                break
        headers = Headers([(name, b"".join(pieces)) for name, pieces in fields])
        return headers, start + blank.end() if blank else min(end, start + MAX_HEADER_BYTES)


def _words_from_base64(data: bytes) -> bytes:
    """Return what base64 ``data`` says; what was never encoded, all of it or a mailing list's footer, as it is."""
    foreign = _FOREIGN.search(data)
    if foreign is None or _ENCODED_LINE.search(data, foreign.end()):
        return _from_base64(data)  # at most damaged
    start = data.rfind(b"\n", 0, foreign.start()) + 1
    return _from_base64(data[:start]) + data[start:]


def _from_base64(data: bytes) -> bytes:
    """Return what base64 ``data`` holds, up to its first padding, whatever else stands in it."""
    try:
        return binascii.a2b_base64(data)
    except binascii.Error:
        letters = _NOT_BASE64.sub(b"", data)
        letters = letters[: len(letters) // 4 * 4 + (len(letters) % 4 if len(letters) % 4 > 1 else 0)]
        return binascii.a2b_base64(letters + b"=" * (-len(letters) % 4))


def from_uuencode(data: bytes) -> bytes:
    """Return what uuencoded ``data`` holds; lines that are none are left out."""
    decoded = []
    for line in data.splitlines():
        if line.startswith((b"begin ", b"end", b"`")) or not line:
            continue
        try:
            decoded.append(binascii.a2b_uu(line))
        except binascii.Error:
            length = (((line[0] - 32) & 63) * 4 + 5) // 3
            try:
                decoded.append(binascii.a2b_uu(line[:length]))
            except binascii.Error:
                continue
    return b"".join(decoded)
