"""Databases to look into."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.hub.store.conftest import cluster

__all__ = ["cluster"]

SCHEMA = "CREATE TABLE permit (number INTEGER, holder TEXT, state TEXT, fee NUMERIC)"
ROWS = "INSERT INTO permit VALUES (7, '王', '办理中', 12.50), (7, '李', '已办结', NULL), (8, '赵', '已受理', 0)"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a directory of lookups with one file in it."""
    with closing(sqlite3.connect(tmp_path / "permits.db")) as database:
        database.executescript(f"{SCHEMA}; {ROWS}")
    return tmp_path
