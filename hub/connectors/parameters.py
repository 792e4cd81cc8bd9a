"""Named parameters in SQL: ``:name`` outside of literals, quoted names and comments; values never become SQL."""

import re
from collections.abc import Mapping
from typing import Final

_PARTS: Final = re.compile(
    r"""
    '(?:[^']|'')*' | "(?:[^"]|"")*" | \$(?P<tag>\w*)\$.*?\$(?P=tag)\$  # literals, quoted names, dollar quotes
    | --[^\n]* | /\*.*?\*/ | ::                                        # comments, and PostgreSQL's casts
    | (?<![\w:]):(?P<name>[A-Za-z_]\w*)
    """,
    re.VERBOSE | re.DOTALL,
)


def parameters(query: str) -> tuple[str, ...]:
    """Return the names of ``query``'s parameters, each once, in the order they come."""
    return tuple(dict.fromkeys(match["name"] for match in _PARTS.finditer(query) if match["name"]))


def numbered(query: str, values: Mapping[str, str]) -> tuple[str, list[str]]:
    """Return ``query`` with ``$1::text`` for its first parameter and so on, and the values in that order.

    KeyError names a parameter that has no value.
    """
    names = parameters(query)

    def number(match: re.Match[str]) -> str:
        return f"${names.index(match['name']) + 1}::text" if match["name"] else match[0]

    return _PARTS.sub(number, query), [values[name] for name in names]
