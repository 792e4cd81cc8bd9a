"""Reads what a child writes, line by line, whatever it writes."""

import asyncio
from collections.abc import AsyncIterator
from typing import Final

MAX_LINE_BYTES: Final = 65_536
_READ_BYTES: Final = 65_536


async def read_lines(stream: asyncio.StreamReader) -> AsyncIterator[str]:
    """Yield lines until the end; one that is too long comes in pieces, bytes that are no UTF-8 as ``�``."""
    rest = b""
    while data := await stream.read(_READ_BYTES):
        *lines, rest = (rest + data).split(b"\n")
        for line in lines:
            yield _text(line)
        while len(rest) > MAX_LINE_BYTES:
            yield _text(rest[:MAX_LINE_BYTES])
            rest = rest[MAX_LINE_BYTES:]
    if rest:
        yield _text(rest)


def _text(line: bytes) -> str:
    return line.decode("utf-8", "replace").rstrip("\r")
