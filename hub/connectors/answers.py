"""What outside systems answered, as flows keep it: a few short texts by name."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time
from typing import Any, Final

from core.errors import LianxinError

MAX_ANSWER_BYTES: Final = 65_536
MAX_VALUES: Final = 50
MAX_VALUE_CHARS: Final = 4_000

Values = dict[str, str]


class CannotLookUp(LianxinError):
    """The outside system did not answer, or not in a way that can be used; the text says why."""

    code = "lookup_failed"


def flat(row: Mapping[str, Any]) -> Values:
    """Return the columns of one row as texts; what is null or no text is left out."""
    return {name: _text(value) for name, value in list(row.items())[:MAX_VALUES] if not _is_left_out(value)}


def joined(rows: Iterable[Mapping[str, Any]]) -> Values | None:
    """Return ``rows`` as one: each column's values are joined by line breaks, and ``row_count`` says how many.

    None when there is no row.
    """
    found = [flat(row) for row in rows]
    if not found:
        return None
    names = dict.fromkeys(name for row in found for name in row)
    values = {name: "\n".join(row[name] for row in found if name in row)[:MAX_VALUE_CHARS] for name in names}
    return {**values, "row_count": str(len(found))}


def _is_left_out(value: Any) -> bool:
    return value is None or isinstance(value, bytes | bytearray | memoryview)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    return str(value)[:MAX_VALUE_CHARS]
