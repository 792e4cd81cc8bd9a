"""Looks into an SQLite file without being able to change anything in it."""

import sqlite3
import time
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Final

from hub.connectors.answers import CannotLookUp, Values, joined
from hub.connectors.parameters import parameters
from hub.connectors.settings import SqliteConnector

MAX_LENGTH: Final = 1_048_576  # of a text, a blob and a row, so also of what a query makes up
STEPS: Final = 10_000  # of SQLite's machine between two looks at the clock: well below a millisecond
ALLOWED: Final = frozenset(
    {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE}
)


def look(connector: SqliteConnector, folder: Path, params: Mapping[str, str], limit_s: float) -> Values | None:
    """Return the rows found, None when there is none; CannotLookUp otherwise. Blocks for at most ``limit_s``."""
    file = folder / connector.file
    if not file.is_file():
        raise CannotLookUp(f"there is no {connector.file} among the lookups")
    deadline = time.monotonic() + limit_s
    try:
        values = {name: params[name] for name in parameters(connector.query)}
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True, timeout=limit_s)) as database:
            database.row_factory = sqlite3.Row
            database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MAX_LENGTH)
            database.set_authorizer(_only_reading)
            database.set_progress_handler(lambda: time.monotonic() > deadline, STEPS)
            rows = database.execute(connector.query, values).fetchmany(connector.max_rows)
    except KeyError as error:
        raise CannotLookUp(f"parameter {error} is missing") from error
    except (sqlite3.Error, OverflowError, ValueError) as error:
        raise CannotLookUp(f"{connector.file}: {error}") from error
    return joined(dict(row) for row in rows)


def _only_reading(action: int, *_: object) -> int:
    return sqlite3.SQLITE_OK if action in ALLOWED else sqlite3.SQLITE_DENY
