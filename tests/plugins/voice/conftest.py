"""An engine, and telephones around it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.plugins.voice.support.engine import Board, asterisk, board, shared_engine
from tests.plugins.voice.support.phone import Phone, free_port
from tests.plugins.voice.support.stage import Stage, stage

__all__ = ["asterisk", "board", "shared_engine"]


@pytest.fixture(scope="session")
def root() -> Path:
    """Return the folder of the repository."""
    return Path(__file__).parents[3]


@pytest.fixture(scope="session")
def carrier_port() -> int:
    """Return the carrier's port: one that moves from test to test is unreachable for a while each time."""
    return free_port(lasting=True)


@pytest.fixture
async def trunk(board: Board, carrier_port: int) -> AsyncIterator[Phone]:
    """Yield the carrier at the other end of the plugin's only line."""
    line = Phone(board.sip, "trunk")
    line.port = carrier_port
    async with line:
        yield line


@pytest.fixture
async def voice(board: Board, trunk: Phone, tmp_path: Path) -> AsyncIterator[Stage]:
    """Yield the plugin at work."""
    async with stage(board, tmp_path, trunk) as made:
        yield made
