"""One way to write the values of a query for both engines."""

import re
from functools import lru_cache
from itertools import count

from tortoise.backends.base.client import BaseDBAsyncClient


def with_marks(query: str, connection: BaseDBAsyncClient) -> str:
    """Return ``query``, whose values stand as ``?``, as ``connection`` wants it; it may hold no other ``?``."""
    return _numbered(query) if connection.capabilities.dialect == "postgres" else query


@lru_cache(maxsize=512)
def _numbered(query: str) -> str:
    numbers = count(1)
    return re.sub(r"\?", lambda _: f"${next(numbers)}", query)
