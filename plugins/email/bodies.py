"""Gathers what of a mail is to be read and what is a file, whatever its parts are nested in."""

import mimetypes
import re
from dataclasses import dataclass, field
from typing import Final

import msgspec

from plugins.email.calendar import read_invitation
from plugins.email.charsets import decode
from plugins.email.headers import read_addresses
from plugins.email.structure import Part, Splitter, from_uuencode
from plugins.email.tnef import unpack

MAX_TEXT_BYTES: Final = 3_000_000  # of one text, as transferred; what is longer is cut
MAX_FILES: Final = 100
MAX_NESTED: Final = 5  # mails inside mails whose words are shown
MAX_NAME: Final = 120
_UUENCODED: Final = re.compile(
    rb"(?m)^begin [0-7]{3,4} ([^\r\n]{1,200})\r?\n((?:[!-`][^\r\n]{0,100}\r?\n){1,500000}?)`?\r?\n?end[ \t]*\r?$"
)
# what no file system takes, and the marks that let a name end in what it does not
_UNSAFE: Final = re.compile(r"[\x00-\x1f\x7f/\\:*?\"<>|\u200e\u200f\u202a-\u202e\u2066-\u2069]+")
_MARKUP: Final = re.compile(r"<[^<>]{0,200}>")


class File(msgspec.Struct, frozen=True, kw_only=True):
    """A file in a mail; ``path`` is where a worker put its bytes, else they are in ``data``."""

    name: str
    mime: str
    data: bytes = b""
    path: str = ""
    size_bytes: int = 0
    content_id: str = ""
    is_inline: bool = False


@dataclass(slots=True)
class Block:
    """A stretch of the mail to be read, as text, as HTML, or both."""

    text: str = ""
    html: str = ""


@dataclass(slots=True)
class Gathered:
    """What a mail is made of."""

    blocks: list[Block] = field(default_factory=list)
    files: list[File] = field(default_factory=list)
    warnings: set[str] = field(default_factory=set)


def gather(splitter: Splitter, root: Part, *, nested: int = 0) -> Gathered:
    """Return the blocks and files of a mail; ``nested`` counts the mails it lies in."""
    reader = _Gatherer(splitter, nested)
    reader.found.blocks = reader.blocks(root)
    reader.found.warnings |= splitter.warnings
    return reader.found


class _Gatherer:
    def __init__(self, splitter: Splitter, nested: int) -> None:
        self._splitter = splitter
        self._nested = nested
        self.found = Gathered()

    def blocks(self, part: Part) -> list[Block]:
        """Return what is to be read of ``part``; files are noted on the way."""
        kind = part.kind
        if kind.startswith("multipart/") and part.children:
            if kind == "multipart/alternative":
                return self._alternatives(part)
            if kind == "multipart/report":
                return self._report(part)
            if kind == "multipart/encrypted":
                self.found.warnings.add("encrypted")
            return [block for child in part.children for block in self.blocks(child)]
        return self._leaf(part)

    def _leaf(self, part: Part) -> list[Block]:
        disposition, names = part.disposition
        name = names.get("filename") or part.parameters.get("name", "")
        blocks: list[Block] = []
        if part.kind in ("message/rfc822", "message/global"):
            blocks = self._message(part, name)
        elif part.kind.startswith("text/") and disposition != "attachment" and not name:
            blocks = self._text(part)
        elif part.kind == "text/calendar":
            blocks = self._invitation(part, name)
        elif part.kind in ("application/ms-tnef", "application/vnd.ms-tnef") or name.lower() == "winmail.dat":
            blocks = self._outlook(part, name)
        else:
            if part.kind in ("application/pkcs7-mime", "application/x-pkcs7-mime", "application/pgp-encrypted"):
                self.found.warnings.add("encrypted")
            self._keep(part, name, disposition)
        return blocks

    def _alternatives(self, part: Part) -> list[Block]:
        """Return the same thing said once as text and once as HTML; the last of each is the best (RFC 2046 5.1.4)."""
        whole = Block()
        for child in part.children:
            blocks = self.blocks(child)
            text = "\n".join(block.text for block in blocks if block.text)
            page = "\n".join(block.html for block in blocks if block.html)
            if child.kind == "text/calendar":
                whole.text = f"{whole.text.rstrip()}\n\n{text}".strip()
            else:
                whole.text = text or whole.text
                whole.html = page or whole.html
        return [whole]

    def _report(self, part: Part) -> list[Block]:
        """Return what a report says to people; the returned mail is a file (RFC 6522)."""
        first, *others = part.children
        for child in others:
            if child.kind in ("message/rfc822", "text/rfc822-headers"):
                self._add("returned.eml", "message/rfc822", self._splitter.content(child))
        return self.blocks(first)

    def _text(self, part: Part) -> list[Block]:
        if part.kind == "text/calendar":
            return self._invitation(part, "")
        if part.end - part.start > MAX_TEXT_BYTES:
            self.found.warnings.add("text_cut")
        data = self._splitter.content(part, MAX_TEXT_BYTES)
        charset = part.parameters.get("charset", "")
        if part.kind == "text/html":
            return [Block(html=decode(data, charset or _charset_of_page(data)))]
        if b"\nbegin " in b"\n" + data[:MAX_TEXT_BYTES]:
            data = self._without_uuencoded(data)
        text = decode(data, charset).replace("\r\n", "\n").replace("\r", "\n")
        if part.parameters.get("format", "").lower() == "flowed":
            text = _unwrapped(text, part.parameters.get("delsp", "").lower() == "yes")
        if part.kind in ("text/enriched", "text/richtext"):
            text = _MARKUP.sub("", text.replace("<<", "\x00")).replace("\x00", "<")
        return [Block(text=text.strip("\n"))]

    def _invitation(self, part: Part, name: str) -> list[Block]:
        data = self._splitter.content(part, MAX_TEXT_BYTES)
        self._add(name or "invite.ics", "text/calendar", data)
        return [Block(text=read_invitation(decode(data, part.parameters.get("charset", "utf-8"))))]

    def _message(self, part: Part, name: str) -> list[Block]:
        """Return a mail inside the mail: readable below its own header lines, and a file."""
        data = self._splitter.content(part)
        splitter = Splitter(data)
        inner = part.children[0] if part.children else splitter.split()
        if part.children:
            splitter = self._splitter
        subject = inner.headers.text("subject")
        self._add(name or f"{subject or 'message'}.eml", "message/rfc822", data)
        if self._nested >= MAX_NESTED:
            self.found.warnings.add("too_deep")
            return []
        inside = gather(splitter, inner, nested=self._nested + 1)
        self.found.files += [one for one in inside.files if not one.is_inline][: MAX_FILES - len(self.found.files)]
        self.found.warnings |= inside.warnings
        senders = read_addresses(inner.headers.raw("from"))
        head = [
            f"From: {senders[0]}" if senders else "",
            f"Date: {inner.headers.text('date')}" if "date" in inner.headers else "",
            f"Subject: {subject}" if subject else "",
        ]
        return [Block(text="\n".join(["", "-" * 10, *filter(None, head), ""])), *inside.blocks]

    def _outlook(self, part: Part, name: str) -> list[Block]:
        unpacked = unpack(self._splitter.content(part))
        if not (unpacked.attachments or unpacked.text or unpacked.html):
            self._keep(part, name or "winmail.dat", "attachment")
            return []
        if unpacked.is_cut:
            self.found.warnings.add("truncated")
        for file_name, mime, data in unpacked.attachments:
            guessed = mimetypes.guess_type(file_name)[0]
            self._add(file_name, guessed or mime, data)
        return [Block(text=unpacked.text, html=unpacked.html)]

    def _without_uuencoded(self, data: bytes) -> bytes:
        def keep(match: re.Match[bytes]) -> bytes:
            name = decode(match[1]).strip()
            self._add(name, mimetypes.guess_type(name)[0] or "application/octet-stream", from_uuencode(match[2]))
            return b""

        return _UUENCODED.sub(keep, data)

    def _keep(self, part: Part, name: str, disposition: str) -> None:
        content_id = part.headers.raw("content-id").strip().strip(b"<>").decode("utf-8", "replace")
        data = self._splitter.content(part)
        if not data and not name:
            return
        is_inline = bool(content_id) and disposition != "attachment" and part.kind.startswith("image/")
        self._add(name, part.kind, data, content_id=content_id, is_inline=is_inline)

    def _add(self, name: str, mime: str, data: bytes, *, content_id: str = "", is_inline: bool = False) -> None:
        if len(self.found.files) >= MAX_FILES:
            self.found.warnings.add("too_many_attachments")
            return
        safe = _UNSAFE.sub("_", name.strip()).strip(" ._")
        stem, dot, ending = safe.rpartition(".")
        if len(safe) > MAX_NAME:
            safe = f"{stem[: MAX_NAME - 12]}{dot}{ending[:10]}"
        if not safe:
            safe = f"attachment-{len(self.found.files) + 1}{mimetypes.guess_extension(mime) or ''}"
        self.found.files.append(
            File(
                name=safe, mime=mime, data=data, size_bytes=len(data), content_id=content_id[:500], is_inline=is_inline
            )
        )


def _charset_of_page(data: bytes) -> str:
    match = re.search(rb"(?i)<meta[^>]{0,200}charset\s*=\s*[\"']?([a-z0-9_:.-]{1,40})", data[:4096])
    return match[1].decode("ascii") if match else ""


def _unwrapped(text: str, deletes_space: bool) -> str:
    """Return ``format=flowed`` text with its soft line ends undone (RFC 3676)."""
    lines: list[str] = []
    is_open = False
    for line in text.split("\n"):
        is_quote = line.startswith(">")
        content = line[1:] if line.startswith(" ") else line
        if is_open and not is_quote and lines:
            lines[-1] += content
        else:
            lines.append(content)
        is_open = content.endswith(" ") and content != "-- " and not is_quote
        if is_open and deletes_space:
            lines[-1] = lines[-1][:-1]
    return "\n".join(lines)
