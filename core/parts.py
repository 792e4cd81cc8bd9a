"""Messages in several parts: texts cut where it hurts least, and a deferred one going on where it stopped."""

import re
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, TypeVar

from core.errors import SendDeferred

MAX_BEGUN: Final = 1000  # messages under way at once; far more than a host sends
_SEAMS: Final = (
    re.compile(r"\n\s*\n"),
    re.compile(r"\n"),
    re.compile(r"[。！？!?；;]|\.(?=\s)"),
    re.compile(r"[，,、\s]"),
)

PartT = TypeVar("PartT")


def utf16_units(text: str) -> int:
    """Return how many UTF-16 code units ``text`` has."""
    return len(text) + sum(char > "\uffff" for char in text)


def octets(text: str) -> int:
    """Return how many bytes ``text`` has in UTF-8."""
    return len(text.encode("utf-8", "surrogatepass"))


def well_formed(text: str) -> str:
    """Return ``text`` with half characters, which JSON may spell and no encoding carries, replaced."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def split_text(text: str, limit: int, size: Callable[[str], int] = len) -> list[str]:
    """Return ``text`` in pieces of at most ``limit`` by ``size``; together they say the same.

    Cuts between paragraphs, lines, sentences or words, in this order, as long as a piece is at least half full.
    White space at a cut is dropped. ``limit`` must have room for any one character.
    """
    pieces = []
    rest = text.strip()
    while size(rest) > limit:
        end = _fitting(rest, limit, size)
        cut = _seam(rest, end)
        pieces.append(rest[:cut].rstrip())
        rest = rest[cut:].lstrip()
    return [*pieces, rest] if rest else pieces


def _fitting(text: str, limit: int, size: Callable[[str], int]) -> int:
    """Return how many characters of ``text`` fit, by halving."""
    low, high = 1, min(len(text), limit)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if size(text[:middle]) <= limit else (low, middle - 1)
    return low


def _seam(text: str, end: int) -> int:
    """Return the best place to cut in the second half of the first ``end`` characters."""
    for seam in _SEAMS:
        ends = [match.end() for match in seam.finditer(text, end // 2, end)]
        if ends:
            return ends[-1]
    return end


class Progress:
    """Remembers which parts of a deferred message were taken, so that its next try goes on there.

    After a crash nobody remembers: the host then calls the whole message doubtful.
    """

    def __init__(self) -> None:
        self._sent: OrderedDict[str, list[str]] = OrderedDict()

    async def send(
        self, message_id: str, parts: Sequence[PartT], send: Callable[[PartT], Awaitable[str]]
    ) -> tuple[str, ...]:
        """Send those of ``parts`` that are left, in order, and return the far end's ids of all."""
        sent = self._sent.pop(message_id, [])
        for part in parts[len(sent) :]:
            try:
                sent.append(await send(part))
            except SendDeferred:
                if sent:
                    self._sent[message_id] = sent
                    while len(self._sent) > MAX_BEGUN:
                        self._sent.popitem(last=False)
                raise
        return tuple(sent)
