"""An engine of the test's own, and telephones around it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hub.engine.binary import Asterisk
from hub.engine.layout import Layout
from hub.engine.process import Engine, start
from plugins.voice.ari import Ari
from tests.plugins.voice.support.engine import Board, asterisk, board, engine_settings, shared_engine

__all__ = ["asterisk", "board", "shared_engine"]


@pytest.fixture
async def engine(asterisk: Asterisk, tmp_path: Path) -> AsyncIterator[Engine]:
    """Yield a running engine."""
    engine = await start(engine_settings(), asterisk, Layout(tmp_path / "engine"))
    yield engine
    await engine.kill()


@pytest.fixture
async def own_board(engine: Engine) -> AsyncIterator[Board]:
    """Yield telephones on this test's own engine."""
    access = engine.access
    async with Ari(access.url, access.username, access.password, app="lianxin") as ari:
        board = Board(engine, ari)
        yield board
        if board.engine.is_alive():
            await board.close()
            await board.engine.kill()
        else:
            await board.unplug()
