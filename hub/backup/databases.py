"""A consistent copy of the database while it is written to, and a copy's way back.

SQLite: the online backup interface, in one step, which sees one state of a WAL file and keeps no writer waiting.
PostgreSQL: its own ``pg_dump``, ``pg_restore`` and ``psql``, which are installed with its client.
"""

import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path
from typing import Final

from hub.backup.contents import BackupDamaged, BackupFailed
from hub.store.address import Database

RECORD: Final = "SELECT name FROM tortoise_migrations ORDER BY name"
TABLES: Final = "SELECT count(*) FROM pg_tables WHERE schemaname = current_schema()"
LIMIT_S: Final = 6 * 3600.0
QUESTION_S: Final = 60.0


def copy_sqlite(path: Path, copy: Path) -> None:
    """Write what the SQLite file at ``path`` holds at this moment to ``copy``."""
    os.close(os.open(copy, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    try:
        with (
            closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=30)) as source,
            closing(sqlite3.connect(copy)) as target,
        ):
            source.backup(target)
            target.execute("PRAGMA journal_mode=DELETE")  # one file, nothing beside it
    except sqlite3.Error as error:
        raise BackupFailed(f"{path.name} cannot be copied: {error}") from error


def sqlite_migrations(path: Path) -> list[str]:
    """Return the migrations that the file at ``path`` has been through."""
    with closing(sqlite3.connect(path)) as database:
        return [name for (name,) in database.execute(RECORD)]


def check_sqlite(path: Path) -> None:
    """Raise BackupDamaged when the SQLite file at ``path`` is not whole."""
    try:
        with closing(sqlite3.connect(path)) as database:
            (verdict,) = database.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.Error as error:
        raise BackupDamaged(f"the database is not whole: {error}") from error
    if verdict != "ok":
        raise BackupDamaged(f"the database is not whole: {verdict}")


def dump(database: Database, path: Path) -> list[str]:
    """Write what the PostgreSQL ``database`` holds at this moment to ``path``; return its migrations."""
    names = _run("psql", ["-XAtc", RECORD], database, QUESTION_S).split()
    _run("pg_dump", ["--format=custom", "--no-owner", "--no-privileges", f"--file={path}"], database, LIMIT_S)
    return names


def check_empty(database: Database) -> None:
    """Raise BackupFailed when the PostgreSQL ``database`` holds tables, or cannot be asked."""
    if _run("psql", ["-XAtc", TABLES], database, QUESTION_S).strip() != "0":
        raise BackupFailed("the PostgreSQL database is not empty; make a new one for the restored data")


def load_dump(database: Database, path: Path) -> None:
    """Fill the empty PostgreSQL ``database``: all of it or nothing."""
    options = ["--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges"]
    _run("pg_restore", [*options, f"--dbname={database.credentials['database']}", str(path)], database, LIMIT_S)


def _run(program: str, arguments: list[str], database: Database, limit_s: float) -> str:
    found = shutil.which(program)
    if found is None:
        raise BackupFailed(f"{program} is not installed here (Debian: apt install postgresql-client)")
    environment = {**os.environ, **_environment(database)}
    command = [found, *arguments]
    try:
        done = subprocess.run(  # noqa: S603 - found above, arguments of our own
            command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, timeout=limit_s, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise BackupFailed(f"{program} did not end within {limit_s:g} s") from error
    if done.returncode:
        raise BackupFailed(f"{program}: {done.stderr.decode(errors='replace').strip()[-500:]}")
    return done.stdout.decode(errors="replace")


def _environment(database: Database) -> dict[str, str]:
    """Return the connection as libpq's variables: a password has no place in a list of processes."""
    credentials = database.credentials
    names = {"host": "PGHOST", "port": "PGPORT", "user": "PGUSER", "password": "PGPASSWORD", "database": "PGDATABASE"}
    found = {variable: str(credentials[name]) for name, variable in names.items() if credentials.get(name)}
    return {**found, **({"PGSSLMODE": "require"} if credentials.get("ssl") else {}), "LC_ALL": "C"}
