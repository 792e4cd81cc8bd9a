"""Reads header fields as they come, not as they should be (RFC 5322, 2047, 2231, 6532)."""

import base64
import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final
from urllib.parse import unquote_to_bytes

from plugins.email.charsets import decode

MAX_FIELD: Final = 16_384  # bytes of one field that are looked at: decoding costs their square at worst
MAX_ADDRESSES: Final = 200
_WORD: Final = re.compile(r"=\?([^?\s*]{1,40})(?:\*[^?\s]{0,20})?\?([bBqQ])\?((?:[^?]|\?(?!=)){0,2000}+)\?=")
_BETWEEN: Final = re.compile(r"(\?=)\s+(=\?)")
_ADDRESS: Final = re.compile(r"[^\s<>\"'(),;:\[\]@]{1,64}@[^\s<>\"'(),;:@]{1,253}")
_MESSAGE_ID: Final = re.compile(r"<[^<>\s]{1,900}>")
_SPACE: Final = re.compile(r"\s+")


class Headers:
    """The header fields of one part, by lower-case name, in their order; values are raw and unfolded."""

    def __init__(self, fields: list[tuple[str, bytes]]) -> None:
        self.fields = fields

    def raw(self, name: str) -> bytes:
        """Return the first field of this name, b"" when there is none."""
        return next((value for field, value in self.fields if field == name), b"")

    def all(self, name: str) -> Iterator[bytes]:
        """Yield every field of this name."""
        return (value for field, value in self.fields if field == name)

    def __contains__(self, name: str) -> bool:
        return any(field == name for field, _ in self.fields)

    def plain(self, name: str) -> str:
        """Return the field as lower-case words, for what is a token."""
        return decode(self.raw(name)[:1000]).strip().lower()

    def text(self, name: str) -> str:
        """Return the field as a person reads it."""
        return read_text(self.raw(name))


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A name and the address it stands for."""

    name: str
    address: str

    def __str__(self) -> str:
        return f"{self.name} <{self.address}>" if self.name else self.address


def read_text(raw: bytes) -> str:
    """Return an unstructured field on one line, encoded words decoded."""
    return _SPACE.sub(" ", decode_words(decode(raw[:MAX_FIELD]))).strip()


def decode_words(text: str) -> str:
    """Return ``text`` with its encoded words decoded; neighbours that share a character are joined first."""
    if "=?" not in text:
        return text
    text = _BETWEEN.sub(r"\1\2", text)
    parts: list[str] = []
    pending: tuple[str, bytes] = ("", b"")
    end = 0
    for word in _WORD.finditer(text):
        between = text[end : word.start()]
        charset = word[1].lower()
        data = _from_base64(word[3]) if word[2] in "bB" else _from_q(word[3])
        if pending[1] and (between or charset != pending[0]):
            parts.append(decode(pending[1], pending[0]))
            pending = ("", b"")
        parts.append(between)
        pending = (charset, pending[1] + data)
        end = word.end()
    if pending[1]:
        parts.append(decode(pending[1], pending[0]))
    parts.append(text[end:])
    return "".join(parts)


def read_addresses(raw: bytes) -> list[Mailbox]:
    """Return the addresses of a From, To or Cc field, however it is written."""
    text = decode(raw[:MAX_FIELD])
    found = [mailbox for part in _split_list(text) if (mailbox := _read_mailbox(part)) is not None]
    if not found and "=?" in text:  # the whole field in one encoded word
        decoded = decode_words(text)
        found = [mailbox for part in _split_list(decoded) if (mailbox := _read_mailbox(part)) is not None]
    return found[:MAX_ADDRESSES]


def names_address(name: str) -> bool:
    """Whether a person's name holds an address: they are read in the address's place, and forged for that."""
    return _ADDRESS.search(name) is not None


def read_message_ids(raw: bytes) -> list[str]:
    """Return the Message-IDs of a field, in their order, each once."""
    text = decode(raw[:MAX_FIELD])
    return list(dict.fromkeys(_MESSAGE_ID.findall(text)))


def read_date(raw: bytes) -> datetime | None:
    """Return a Date field in UTC; None when nobody can tell."""
    try:
        parsed = parsedate_to_datetime(decode(raw[:200]).strip())
        return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError, AttributeError):
        return None


def read_parameters(raw: bytes) -> tuple[str, dict[str, str]]:
    """Return a Content-Type or Content-Disposition field's value and parameters (RFC 2231 and what goes for it)."""
    text = decode(raw[:MAX_FIELD])
    value, _, rest = text.partition(";")
    plain: dict[str, str] = {}
    pieces: dict[str, list[tuple[int, str, bool]]] = {}
    for name, content in _split_parameters(rest):
        base, star, number = name.partition("*")
        if not star:
            plain.setdefault(name, content)
            continue
        is_encoded = number.endswith("*") or number == ""
        digits = number.rstrip("*")
        pieces.setdefault(base, []).append((int(digits) if digits.isdecimal() else 0, content, is_encoded))
    for base, parts in pieces.items():
        plain[base] = _join_pieces(parts)
    return value.strip().lower(), {name: decode_words(content) for name, content in plain.items()}


def _join_pieces(parts: list[tuple[int, str, bool]]) -> str:
    charset, data = "", b""
    for number, (_, content, is_encoded) in enumerate(sorted(parts, key=lambda part: part[0])):
        rest = content
        if number == 0 and is_encoded and content.count("'") >= 2:
            charset, _, rest = content.split("'", 2)
        data += unquote_to_bytes(rest) if is_encoded else rest.encode("utf-8", "replace")
    return decode(data, charset or "utf-8")


def _split_parameters(text: str) -> Iterator[tuple[str, str]]:
    for part in _split_outside_quotes(text, ";"):
        name, equals, content = part.partition("=")
        if equals and (name := name.strip().lower()) and len(name) <= 80:
            yield name, _unquoted(content.strip())


def _unquoted(text: str) -> str:
    if text.startswith('"'):
        text = text[1:-1] if text.endswith('"') and len(text) > 1 else text[1:]
        return re.sub(r"\\(.)", r"\1", text)
    return text


def _split_outside_quotes(text: str, separator: str) -> Iterator[str]:
    start, is_quoted, is_escaped = 0, False, False
    for at, char in enumerate(text):
        if is_escaped:
            is_escaped = False
        elif char == "\\" and is_quoted:
            is_escaped = True
        elif char == '"':
            is_quoted = not is_quoted
        elif char == separator and not is_quoted:
            yield text[start:at]
            start = at + 1
    yield text[start:]


def _split_list(text: str) -> Iterator[str]:
    """Yield the members of an address list; a quotation mark that is never closed is a letter."""
    if text.count('"') % 2:
        text = text.replace('"', " ")
    for part in _split_outside_quotes(text.replace(";", ","), ","):
        yield part.strip()


def _read_mailbox(part: str) -> Mailbox | None:
    before, opened, rest = part.rpartition("<")
    inside = rest.partition(">")[0].strip() if opened else ""
    # an address that we cannot read is not replaced by one that its owner calls themselves
    match = _ADDRESS.search(inside) or (None if "@" in inside else _ADDRESS.search(part))
    if match is None:
        return None
    name = before if opened and match[0] in inside else re.sub(r"[()<>]", " ", part.replace(match[0], " ", 1))
    name = decode_words(_unquoted(name.strip()))
    name = _SPACE.sub(" ", name).strip().strip("\"'").strip()
    return Mailbox(name="" if name.lower() == match[0].lower() else name[:200], address=match[0].strip("."))


def _from_base64(text: str) -> bytes:
    letters = re.sub(r"[^A-Za-z0-9+/]", "", text)
    try:
        return base64.b64decode(letters + "=" * (-len(letters) % 4))
    except binascii.Error:
        return base64.b64decode(letters[: len(letters) // 4 * 4])


def _from_q(text: str) -> bytes:
    return binascii.a2b_qp(text.replace("_", " ").encode("utf-8", "replace"), header=False)


def first(headers: Headers, *names: str) -> Mailbox | None:
    """Return the first address that one of the fields ``names`` holds."""
    for name in names:
        for raw in headers.all(name):
            if found := read_addresses(raw):
                return found[0]
    return None
