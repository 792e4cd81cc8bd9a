"""What differs between two versions of an article, or between a region's variant and what holds for everybody."""

from collections.abc import Mapping
from difflib import SequenceMatcher
from types import MappingProxyType
from typing import Any, Final, Literal

import msgspec

from hub.knowledge.views import ArticleContent

NOTHING: Final[Mapping[str, str]] = MappingProxyType({})
MAX_LINES: Final = 2_000  # compared; what follows is shown as it is in the later one


class DiffLine(msgspec.Struct, frozen=True):
    """A line of the body that both have (``same``), only the first (``gone``) or only the second (``new``)."""

    kind: Literal["same", "gone", "new"]
    text: str


class FieldChange(msgspec.Struct, frozen=True):
    """A field beside the body that differs."""

    field: str
    before: str
    after: str


class Difference(msgspec.Struct, frozen=True):
    """Everything that differs between two contents."""

    fields: list[FieldChange]
    lines: list[DiffLine]


def difference(before: ArticleContent, after: ArticleContent, titles: Mapping[str, str] = NOTHING) -> Difference:
    """Return what differs: fields as text, ids by their ``titles``; the body line by line."""
    names = [name for name in ArticleContent.__struct_fields__ if name != "body"]
    pairs = [(name, _text(getattr(before, name), titles), _text(getattr(after, name), titles)) for name in names]
    changed = [FieldChange(name, one, other) for name, one, other in pairs if one != other]
    return Difference(changed, _lines(before.body.splitlines(), after.body.splitlines()))


def _lines(before: list[str], after: list[str]) -> list[DiffLine]:
    one, other = before[:MAX_LINES], after[:MAX_LINES]
    found: list[DiffLine] = []
    for step, start, end, other_start, other_end in SequenceMatcher(None, one, other, autojunk=False).get_opcodes():
        if step == "equal":
            found += [DiffLine("same", line) for line in one[start:end]]
        else:
            found += [DiffLine("gone", line) for line in one[start:end]]
            found += [DiffLine("new", line) for line in other[other_start:other_end]]
    return found + [DiffLine("same", line) for line in after[MAX_LINES:]]


def _text(value: Any, titles: Mapping[str, str]) -> str:
    if isinstance(value, tuple):
        return "、".join(getattr(one, "name", "") or titles.get(str(one), str(one)) for one in value)
    return "" if value is None else titles.get(str(value), str(value))
