"""An engine, and telephones around it."""

from pathlib import Path

import pytest

from tests.plugins.voice.support.engine import asterisk, board, shared_engine

__all__ = ["asterisk", "board", "shared_engine"]


@pytest.fixture(scope="session")
def root() -> Path:
    """Return the folder of the repository."""
    return Path(__file__).parents[3]
